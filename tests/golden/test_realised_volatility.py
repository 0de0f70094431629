"""The realised-variance family against its theory and against orderflow-metrics."""

import numpy as np
import orderflow_metrics as peer
import polars as pl
import pytest

from makerscope.metrics import volatility


@pytest.fixture
def returns():
    return np.random.default_rng(5).standard_t(4, 500) * 1e-3


def test_bipower_variation_is_noisier_than_realised_variance_by_the_known_ratio(vectors):
    case = next(c for c in vectors("models/realised_vol.json") if c["case"] == "bipower-relative-variance")
    paths, steps = 8000, 300
    r = np.random.default_rng(1).normal(0, 1e-3, paths * steps)
    close = np.exp(np.cumsum(r))
    bars = pl.DataFrame({"bucket": np.arange(paths * steps), "open": np.r_[1.0, close[:-1]], "close": close})
    sums = volatility.variation_buckets(bars, per=steps)
    bpv = volatility.BIPOWER * sums["bipower"] * sums["n"] / sums["pairs"]
    ratio = bpv.var() / sums["squares"].var()
    # relative error of a ratio of variances with correlation 0.88 over 8,000 paths: 1.1 %; n/(n-1) adds 0.3 %
    assert ratio == pytest.approx(case["expected"]["var_ratio_bv_over_rv"], rel=0.035)


def test_estimators_equal_orderflow_metrics(returns):
    n = returns.shape[0]
    assert volatility.rv(returns).value == pytest.approx(peer.realized_variance(list(returns)), rel=1e-12)
    assert volatility.bpv(returns).value == pytest.approx(
        peer.bipower_variation(list(returns)) * n / (n - 1), rel=1e-12
    )
    assert volatility.min_rv(returns).value == pytest.approx(peer.min_rv(list(returns)), rel=1e-12)
    assert volatility.med_rv(returns).value == pytest.approx(peer.med_rv(list(returns)), rel=1e-12)


@pytest.mark.parametrize("bandwidth", [0, 1, 7, 499, 600])
def test_realized_kernel_equals_orderflow_metrics(returns, bandwidth):
    want = peer.realized_kernel(list(returns), bandwidth)
    assert volatility.realized_kernel(returns, bandwidth=bandwidth).value == pytest.approx(want, rel=1e-10)
