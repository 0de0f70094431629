"""Range estimators against R's TTR (30 bars) and against their published efficiency."""

from types import MappingProxyType

import numpy as np
import polars as pl
import pytest

from makerscope.metrics import ranges

PRICES = ("open", "high", "low", "close")
ESTIMATORS = MappingProxyType(
    {
        "parkinson": ranges.parkinson,
        "garman_klass": ranges.garman_klass,
        "rogers_satchell": ranges.rogers_satchell,
        "yang_zhang": ranges.yang_zhang,
    }
)


@pytest.mark.parametrize("name", list(ESTIMATORS))
def test_range_estimators_equal_ttr(name, vectors):
    (case,) = vectors("measures/range_volatility.json")
    inputs = case["inputs"]
    bars = pl.DataFrame({column: inputs[column] for column in PRICES})
    if name != "yang_zhang":
        bars = bars[1:]  # the first row gives the close before only
    got = ESTIMATORS[name](bars, periods_per_year=inputs["periods_per_year"])
    assert got.value == pytest.approx(case["expected"][name], rel=case["tolerance"]["rel"], abs=0)
    assert got.n == inputs["window"]


def test_range_estimators_are_as_efficient_as_published(vectors):
    case = next(c for c in vectors("models/realised_vol.json") if c["case"] == "range-estimator-efficiency")
    paths, steps, sigma = 3000, case["inputs"]["steps"], case["inputs"]["sigma"]
    draw = np.random.default_rng(7)
    rows = {name: np.empty(paths) for name in PRICES}
    for at in range(0, paths, 500):
        walk = np.cumsum(draw.normal(0, sigma / steps**0.5, (500, steps)), axis=1)
        here = slice(at, at + 500)
        rows["open"][here] = 1.0
        rows["high"][here] = np.exp(np.maximum(walk.max(axis=1), 0))
        rows["low"][here] = np.exp(np.minimum(walk.min(axis=1), 0))
        rows["close"][here] = np.exp(walk[:, -1])
    bars = pl.DataFrame(rows)
    for name in ("parkinson", "garman_klass", "rogers_satchell"):
        single = [ESTIMATORS[name](bars[i], periods_per_year=1).value for i in range(paths)]
        efficiency = (
            2 * sigma**4 / np.var(np.square(single))
        )  # the squared close-to-close return has variance 2 sigma^4
        # the variance of an estimate with kurtosis k has relative error sqrt((k - 1) / paths), k below 8
        assert efficiency == pytest.approx(case["expected"][name], rel=0.05 + 2 * (7 / paths) ** 0.5)
