"""A chain quoted again agrees with the formulas as printed, keeps the venue's ticks and never crosses itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makerscope.errors import DomainError
from makerscope.pricing.black import black76_greeks
from makerscope.pricing.requote import Terms, board_of, requote
from makerscope.pricing.surface import surface_of, volatility_of_strike
from makerscope.pricing.svi import RawSvi
from tests.reference.requote import slow_requote


@st.composite
def chains(draw, most=40):
    expiries = sorted(draw(st.lists(st.floats(0.005, 2.0), min_size=1, max_size=5, unique=True)))
    slices = []
    for T in expiries:
        level, wing = draw(st.floats(0.01, 1.0)) * T, draw(st.floats(0.0, 0.5)) * T**0.5
        slices.append(RawSvi(level, wing, draw(st.floats(-0.9, 0.9)), draw(st.floats(-0.2, 0.2)),
                             draw(st.floats(0.05, 0.5))))  # fmt: skip
    spot = draw(st.floats(50.0, 5e4))
    n = draw(st.integers(1, most))
    forwards = spot * np.array(draw(st.lists(st.floats(0.9, 1.1), min_size=len(expiries), max_size=len(expiries))))
    column = {
        "strike": spot * np.array(draw(st.lists(st.floats(0.4, 2.5), min_size=n, max_size=n))),
        "expiry": np.array(draw(st.lists(st.integers(0, len(expiries) - 1), min_size=n, max_size=n))),
        "is_call": np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n))),
    }
    return surface_of(expiries, slices), forwards, spot, column


@st.composite
def terms_of(draw):
    coarse = draw(st.sampled_from((1, 5, 10)))
    return Terms(
        tick=draw(st.sampled_from((1e-4, 0.01, 0.5))),
        half_volatility=draw(st.floats(0.0, 0.05)),
        least_half=draw(st.floats(0.0, 1.0)),
        lean_delta=draw(st.floats(-5.0, 5.0)),
        lean_vega=draw(st.floats(-0.05, 0.05)),
        coin=draw(st.booleans()),
        coarse=coarse,
        coarse_from=coarse * draw(st.integers(0, 50)),
    )


@settings(max_examples=80)
@given(chains(), terms_of(), st.floats(0.8, 1.25))
def test_it_agrees_with_the_formulas_as_printed(chain, terms, move):
    surface, forwards, spot, column = chain
    board = board_of(surface, forwards, spot, **column)
    found = requote(board, spot * move, terms)
    numbers, ticks = slow_requote(surface, forwards, spot, spot * move, terms, **column)
    F = spot * move * (forwards / spot)[column["expiry"]]
    scale = {"price": F + column["strike"], "vega": F, "volga": F, "vanna": 1.0, "gamma": 1 / F}
    for name, want in zip(("volatility", "price", "delta", "gamma", "vega", "vanna", "volga"), numbers, strict=True):
        error = np.abs(getattr(found, name) - want)
        assert np.all(error <= 1e-10 * np.abs(want) + 3e-13 * scale.get(name, 1.0)), name
    step = terms.coarse
    assert np.all(np.abs(found.ticks - ticks) <= step)  # the two may fall on two sides of a tick
    assert np.mean(found.ticks == ticks) >= 0.9 or found.ticks.size < 20


@settings(max_examples=60)
@given(chains(), st.floats(0.8, 1.25))
def test_price_and_greeks_are_those_of_the_surface_and_of_black(chain, move):
    surface, forwards, spot, column = chain
    found = requote(board_of(surface, forwards, spot, **column), spot * move, Terms(tick=0.01, half_volatility=0.01))
    F = spot * move * (forwards / spot)[column["expiry"]]
    T = surface.expiries[column["expiry"]]
    sigma = volatility_of_strike(surface, column["strike"], F, T)
    np.testing.assert_allclose(found.volatility, sigma, rtol=1e-12)
    want = black76_greeks(F, column["strike"], found.volatility, T, is_call=column["is_call"])
    for name in ("price", "delta", "gamma", "vega", "vanna", "volga"):
        scale = np.abs(getattr(want, name)).max() + 1e-300
        np.testing.assert_allclose(getattr(found, name), getattr(want, name), rtol=1e-9, atol=1e-12 * scale)


@settings(max_examples=80)
@given(chains(), terms_of())
def test_quotes_stand_on_ticks_around_the_middle_and_never_cross(chain, terms):
    surface, forwards, spot, column = chain
    found = requote(board_of(surface, forwards, spot, **column), spot, terms)
    assert np.all(found.ask > found.bid)
    assert np.all(found.bid >= 0)
    F = forwards[column["expiry"]]
    per = (F if terms.coin else 1.0) * terms.tick
    middle = found.price + terms.lean_delta * found.delta + terms.lean_vega * found.vega
    half = np.maximum(terms.half_volatility * found.vega, terms.least_half)
    slack = 1e-9 * (np.abs(middle) + half + per)
    offered = found.bid > 0
    assert np.all((found.bid * per <= middle - half + slack)[offered])
    assert np.all(found.ask * per >= middle + half - slack)
    large = found.bid >= max(terms.coarse_from, 1)
    assert np.all(found.bid[large] % terms.coarse == 0)


@settings(max_examples=30)
@given(chains())
def test_a_second_answer_may_take_the_place_of_the_first(chain):
    surface, forwards, spot, column = chain
    board, terms = board_of(surface, forwards, spot, **column), Terms(tick=0.01, half_volatility=0.01)
    first = requote(board, spot, terms)
    kept, fresh = first.numbers.copy(), requote(board, 1.01 * spot, terms)
    assert requote(board, 1.01 * spot, terms, into=first) is first
    assert np.array_equal(first.numbers, fresh.numbers)
    assert np.array_equal(first.ticks, fresh.ticks)
    assert np.array_equal(requote(board, spot, terms).numbers, kept)


def small(**change):
    flat = surface_of([0.25], [RawSvi(0.16, 0.0, 0.0, 0.0, 1.0)])
    given_ = {"strike": [100.0], "expiry": [0], "is_call": [True]} | change
    return board_of(flat, given_.pop("forwards", [100.0]), given_.pop("spot", 100.0), **given_)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strike": [-1.0]}, "strike"),
        ({"strike": [float("nan")]}, "strike"),
        ({"expiry": [1]}, "none of the surface"),
        ({"expiry": [0.0]}, "integers"),
        ({"is_call": [1]}, "bool"),
        ({"is_call": [True, False]}, "disagree"),
        ({"forwards": [0.0]}, "forward"),
        ({"spot": float("inf")}, "spot"),
    ],
)
def test_a_board_that_cannot_be_priced_is_refused(change, message):
    with pytest.raises(DomainError, match=message):
        small(**change)


def test_a_spot_or_an_answer_that_does_not_fit_is_refused():
    board, terms = small(), Terms(tick=0.01, half_volatility=0.01)
    for spot in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(DomainError, match="spot"):
            requote(board, spot, terms)
    two = requote(small(strike=[90.0, 100.0], expiry=[0, 0], is_call=[True, True]), 100.0, terms)
    with pytest.raises(DomainError, match="2 series"):
        requote(board, 100.0, terms, into=two)
    with pytest.raises(DomainError, match="range"):
        requote(board, 1e200, terms)
    with pytest.raises(DomainError, match="range"):
        requote(board, 1e300, Terms(tick=1e-300, half_volatility=0.01))


@pytest.mark.parametrize(
    "change", [{"tick": 0.0}, {"tick": float("nan")}, {"half_volatility": -0.1}, {"coarse": 0},
               {"coarse": 5, "coarse_from": 3}]
)  # fmt: skip
def test_terms_that_make_no_quote_are_refused(change):
    with pytest.raises(DomainError, match="want"):
        Terms(**{"tick": 0.01, "half_volatility": 0.01} | change)
