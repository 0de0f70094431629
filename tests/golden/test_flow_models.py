"""PIN and VPIN against exact numbers (``vectors/models/flow.json``)."""

import numpy as np
import pytest

from makerscope.metrics.pin import log_likelihood, pin
from makerscope.metrics.vpin import vpin_null


@pytest.fixture
def case(vectors, request):
    return next(c for c in vectors("models/flow.json") if c["case"] == request.param)


@pytest.mark.parametrize("case", ["pin-loglik-2days"], indirect=True)
def test_pin_likelihood_is_exact(case):
    theta = dict(case["inputs"]["theta"])
    theta["delta"] = theta.pop("delta_bad")
    got = log_likelihood(case["inputs"]["B"], case["inputs"]["S"], **theta)
    assert got == pytest.approx(case["expected"]["loglik"], abs=1e-10)


@pytest.mark.parametrize("case", ["pin-recovery"], indirect=True)
def test_pin_is_recovered_from_simulated_days(case):
    theta, days = case["inputs"]["theta"], case["inputs"]["days"]
    draw = np.random.default_rng(3)
    news, bad = draw.random(days) < theta["alpha"], draw.random(days) < theta["delta_bad"]
    buys = draw.poisson(theta["eps_b"] + theta["mu"] * (news & ~bad))
    sells = draw.poisson(theta["eps_s"] + theta["mu"] * (news & bad))
    fit = pin(buys, sells)
    assert fit.pin.value == pytest.approx(case["expected"]["pin"], abs=case["tolerance"]["default"]["abs"])
    assert not fit.boundary


@pytest.mark.parametrize("case", ["vpin-null-N100"], indirect=True)
def test_vpin_of_a_fair_coin_is_exact(case):
    assert vpin_null(case["inputs"]["trades_per_bucket"]) == pytest.approx(case["expected"]["exact"], abs=1e-12)
