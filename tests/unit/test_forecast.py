"""Forecasts of variance: streams equal batches, fits recover what made the data, scores see only the past."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.pricing.forecast import (
    Ewma,
    HarInputs,
    ewma,
    ewma_forecast,
    ewma_step,
    fit_har,
    har,
    har_forecast,
    har_inputs,
    har_step,
    out_of_sample,
    qlike,
    scores,
    standard_error,
)
from makerscope.pricing.garch import garch_forecast, garch_out_of_sample

variances = st.lists(st.one_of(st.floats(1e-8, 1.0), st.just(float("nan"))), min_size=1, max_size=60)


def rough(n: int, seed: int = 0) -> np.ndarray:
    """Realised variances made by a HAR in logarithms, so that the slow terms matter."""
    draw = np.random.default_rng(seed)
    x = list(np.log(4e-4) + draw.normal(0, 0.3, 30))
    for shock in draw.normal(0, 0.5, n):
        x.append(
            -0.4 + 0.3 * x[-1] + 0.3 * np.log(np.mean(np.exp(x[-7:]))) + 0.35 * np.log(np.mean(np.exp(x[-30:]))) + shock
        )
    return np.exp(np.array(x[30:]))


@given(variances)
def test_a_stream_of_periods_gives_the_forecasts_of_the_batch(values):
    ewmas, inputs = ewma_forecast(values), har_inputs(values, week=3, month=5)
    state, recent = Ewma(), HarInputs(week=3, month=5)
    for i, value in enumerate(values):
        state = ewma_step(state, value)
        recent, row = har_step(recent, value)
        np.testing.assert_equal(ewmas[i], state.variance)
        np.testing.assert_array_equal(inputs[i], row or (np.nan,) * 3)
        window = np.array(values[max(i - 4, 0) : i + 1])
        if len(window) == 5 and np.all(np.isfinite(window)):
            np.testing.assert_allclose(inputs[i], [window[-1], window[-3:].mean(), window.mean()], rtol=1e-12)
        else:
            assert row is None


def test_ewma_is_the_weighted_sum_of_its_definition():
    v = np.array([1.0, 3.0, 2.0, 8.0])
    want = 0.9**3 * 1.0 + 0.1 * (0.9**2 * 3.0 + 0.9 * 2.0 + 8.0)
    assert ewma_forecast(v, decay=0.9)[-1] == pytest.approx(want, rel=1e-14)


def test_har_recovers_the_coefficients_that_made_the_data():
    model = fit_har(rough(20_000))
    assert model is not None
    assert model.coefficients[1:] == pytest.approx((0.3, 0.3, 0.35), abs=0.05)
    assert model.error_variance == pytest.approx(0.25, rel=0.05)


def test_har_beats_ewma_where_the_past_has_several_horizons():
    said = out_of_sample(rough(420, seed=3), {"ewma": ewma, "har": har}, first=200)
    best, worst = scores(said)
    assert (best.name, worst.name) == ("har", "ewma")
    assert best.qlike < worst.qlike
    assert best.n == 220
    assert 0 < best.error < best.qlike


def test_a_forecast_knows_only_the_past():
    v = rough(150)
    other = v.copy()
    other[120:] *= 50
    for forecaster in (ewma, har):
        here, there = (out_of_sample(values, {"f": forecaster}, first=100, horizon=3)["f"] for values in (v, other))
        np.testing.assert_array_equal(here[:21], there[:21])
        assert here[25] != there[25]


def test_a_forecast_of_several_periods_is_judged_by_their_mean():
    said = out_of_sample(np.arange(1.0, 11.0), {"one": lambda _past, _h: 1.0}, first=4, horizon=3)
    assert said["realised"].tolist() == [6.0, 7.0, 8.0, 9.0]


@given(st.floats(1e-6, 1e3), st.floats(1e-6, 1e3))
def test_qlike_is_least_at_the_truth(v, f):
    assert qlike(v, f) >= -1e-15
    assert qlike(v, v) == 0


def test_qlike_ranks_the_truth_first_even_through_noise():
    draw = np.random.default_rng(1)
    truth = np.exp(draw.normal(0, 0.5, 4000))
    seen = truth * draw.chisquare(5, 4000) / 5
    right, high, low = (qlike(seen, truth * f).mean() for f in (1.0, 1.3, 0.75))
    assert right < min(high, low)


def test_short_or_empty_histories_have_no_forecast():
    assert fit_har(rough(40)) is None
    assert np.isnan(har(rough(20), 1))
    assert np.isnan(har_forecast(fit_har(rough(200)), (0.0, 1.0, 1.0)))
    assert scores({"realised": np.empty(0), "x": np.empty(0)})[0].reason == "no period was forecast by all"
    assert standard_error(np.ones(3), lags=1) is None
    assert np.isnan(garch_forecast(np.zeros(200)))
    assert np.isnan(garch_forecast(np.ones(20)))


@pytest.mark.parametrize("bad", [[-1.0], [np.inf], [[1.0]]])
def test_variances_that_are_none_are_refused(bad):
    with pytest.raises(DomainError):
        ewma_forecast(bad)


def test_wrong_settings_are_refused():
    with pytest.raises(DomainError, match="decay"):
        ewma_forecast([1.0], decay=1.0)
    with pytest.raises(DomainError, match="week"):
        har_inputs([1.0], week=5, month=3)
    with pytest.raises(DomainError, match="horizon"):
        fit_har([1.0], horizon=0)
    with pytest.raises(DomainError, match="finite"):
        garch_forecast([np.nan])


def test_garch_foresees_what_its_own_recursion_says():
    draw = np.random.default_rng(8)
    omega, alpha, beta = 2e-6, 0.08, 0.9
    h, r = omega / (1 - alpha - beta), []
    for z in draw.standard_normal(3000):
        r.append(np.sqrt(h) * z)
        h = omega + alpha * r[-1] ** 2 + beta * h
    assert garch_forecast(r) == pytest.approx(h, rel=0.15)
    long = omega / (1 - alpha - beta)
    days = np.arange(20)
    want = np.mean(long + (alpha + beta) ** days * (h - long))
    assert garch_forecast(r, horizon=20) == pytest.approx(want, rel=0.2)


def test_garch_is_judged_beside_the_others_over_the_same_periods():
    draw = np.random.default_rng(5)
    omega, alpha, beta = 4e-6, 0.1, 0.85
    h, truth, r = 8e-5, [], []
    for z in draw.standard_normal(1060):
        truth.append(h)
        r.append(np.sqrt(h) * z)
        h = omega + alpha * r[-1] ** 2 + beta * h
    said = out_of_sample(np.square(r), {"ewma": ewma}, first=1000)
    said |= {"garch": garch_out_of_sample(r, first=1000), "realised": np.array(truth[1000:])}
    assert said["garch"].shape == said["ewma"].shape
    assert [score.name for score in scores(said)] == ["garch", "ewma"]
    with pytest.raises(DomainError, match="horizon"):
        garch_out_of_sample(r, horizon=0)


def test_standard_errors_know_that_neighbours_move_together():
    draw = np.random.default_rng(2)
    noise = draw.standard_normal(4000)
    smooth = np.convolve(noise, np.ones(10) / 10, mode="valid")
    assert standard_error(noise, lags=1) == pytest.approx(1 / np.sqrt(4000), rel=0.1)
    assert standard_error(smooth, lags=30) == pytest.approx(1 / np.sqrt(4000), rel=0.25)
