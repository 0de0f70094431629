"""SVI, SSVI and eSSVI against published and reproduced numbers."""

import numpy as np
import pytest

from makerscope.pricing.arbitrage import certify
from makerscope.pricing.ssvi import butterfly_condition, power_law, ssvi_slice, wing_condition
from makerscope.pricing.surface import surface_of
from makerscope.pricing.svi import (
    JumpWings,
    RawSvi,
    butterfly_free,
    durrleman,
    from_jump_wings,
    numbers,
    to_jump_wings,
    total_variance,
    wing_slopes,
)

NAMES = "v", "psi", "p", "c", "vtilde"


@pytest.fixture
def cases(vectors):
    return {case["case"]: case for case in vectors("models/svi.json")}


def raw(inputs):
    return RawSvi(*(inputs[name] for name in ("a", "b", "rho", "m", "sigma")))


def close(got, case, key, want):
    allowed = case["tolerance"].get(key.split(".")[0], case["tolerance"]["default"])
    if allowed == {"exact": True}:
        assert got == want, (case["case"], key)
    else:
        assert got == pytest.approx(want, **allowed, rel=0), (case["case"], key)


def test_the_certificate_finds_vogts_butterfly_though_the_wings_pass(cases):
    case = cases["vogt-butterfly"]
    vogt, want = raw(case["inputs"]), case["expected"]
    certificate = certify(surface_of([case["inputs"]["t"]], [vogt]))
    [found] = [one for one in certificate.violations if one.expiry == case["inputs"]["t"]]
    assert found.kind == "butterfly"
    close(-found.size, case, "min_g", want["min_g"])
    close(found.k, case, "argmin_k", want["argmin_k"])
    for got, end in zip((found.low, found.high), want["negative_g_interval"], strict=True):
        close(got, case, "negative_g_interval", end)
    close(max(wing_slopes(vogt)) <= 2.0, case, "lee_bound_passes", want["lee_bound_passes"])


def test_jump_wings_there_and_back(cases):
    case = cases["vogt-jump-wings"]
    vogt, expiry = raw(case["inputs"]), case["inputs"]["t"]
    wings = to_jump_wings(vogt, expiry)
    for name, got in zip(NAMES, (wings.v, wings.psi, wings.p, wings.c, wings.v_tilde), strict=True):
        close(got, case, "jw", case["expected"]["jw"][name])
        close(got, case, "jw_printed", case["expected"]["jw_printed"][name])
    np.testing.assert_allclose(numbers(from_jump_wings(wings, expiry)), numbers(vogt), rtol=1e-12)
    safe = from_jump_wings(butterfly_free(wings), expiry)
    assert not [one for one in certify(surface_of([expiry], [safe])).violations if one.expiry == expiry]


def test_closest_fit_of_vogt(cases):
    case = cases["vogt-closest-fit"]
    at, want = case["inputs"], case["expected"]
    slice_ = from_jump_wings(JumpWings(*({**at["jw"], **at["override"]}[name] for name in NAMES)), at["t"])
    for name in ("a", "b", "m", "rho", "sigma"):
        close(getattr(slice_, name), case, f"raw.{name}", want["raw"][name])
    least = durrleman(slice_, np.linspace(-5.0, 5.0, 100_001)).min()
    close(least, case, "min_g_on_pm5", want["min_g_on_pm5"])


def test_power_law_is_safe_only_up_to_one_half(cases):
    rows = [case for name, case in cases.items() if name.startswith("ssvi-power-law")]
    assert len(rows) == 8
    for case in rows:
        at, want = case["inputs"], case["expected"]
        phi = float(power_law(at["theta"], at["eta"], at["gamma_exponent"]))
        slice_ = ssvi_slice(at["theta"], at["rho"], phi)
        g = durrleman(slice_, np.linspace(-1.0, 1.0, 40_001))
        close(g.min(), case, "min_g", want["min_g"])
        close(bool(g.min() >= 0.0), case, "butterfly_free_on_grid", want["butterfly_free_on_grid"])
        certified = not [v for v in certify(surface_of([1.0], [slice_])).violations if v.expiry == 1.0]
        assert certified == want["butterfly_free_on_grid"], case["case"]
        if butterfly_condition(at["theta"], at["rho"], phi):
            assert certified, "the theorem's condition is sufficient"


def test_the_certificate_finds_the_crossing_that_the_wing_condition_misses(cases):
    case = cases["essvi-wing-condition-insufficient"]
    at, want = case["inputs"], case["expected"]
    low, high = (tuple(at[name][x] for x in ("theta", "rho", "psi")) for name in ("slice1", "slice2"))
    close(wing_condition(low, high), case, "wing_condition_passes", want["wing_condition_passes"])
    both = all(butterfly_condition(theta, rho, psi / theta) for theta, rho, psi in (low, high))
    close(both, case, "butterfly_passes_both", want["butterfly_passes_both"])
    slices = [ssvi_slice(theta, rho, psi / theta) for theta, rho, psi in (low, high)]
    k = np.linspace(*at["k_range"], 600_001)
    gap = total_variance(slices[1], k) - total_variance(slices[0], k)
    close(gap.min(), case, "min_w2_minus_w1", want["min_w2_minus_w1"])
    close(k[gap.argmin()], case, "at_k", want["at_k"])
    [found] = [one for one in certify(surface_of([0.5, 1.0], slices)).violations if one.kind == "calendar"]
    assert found.size >= -want["min_w2_minus_w1"] - 1e-8
    assert found.low < want["at_k"] < found.high
