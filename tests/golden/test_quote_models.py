"""Quotes of the published models against tables that other code made."""

from fractions import Fraction

import pytest

from makerscope.models.avellaneda_stoikov import half_spread, simulated_table
from makerscope.models.cartea_jaimungal import cartea_jaimungal_quotes
from makerscope.models.glft import glft_asymptotic, glft_quotes, terms
from makerscope.models.glosten_milgrom import glosten_milgrom_quotes

SIDES = ("bid", "ask")


def approx(want, tolerance):
    """As the vectors' README says: either tolerance passes."""
    want = float(Fraction(want)) if isinstance(want, str) else want
    return pytest.approx(want, rel=tolerance.get("rel", 0), abs=tolerance.get("abs", 0))


@pytest.mark.parametrize("n", range(2))
def test_glft_quotes_exact_stationary_and_asymptotic(n, vectors):
    row = vectors("models/glft.json")[n]
    given, want, near = row["inputs"], row["expected"], row["tolerance"]["default"]
    numbers = {name: given[name] for name in ("sigma", "A", "k", "gamma")}
    alpha, eta, _ = terms(**numbers)
    finite = glft_quotes(**numbers, bound=given["Q"], horizon=given["T"])
    for_ever = glft_quotes(**numbers, bound=given["Q"])
    assert alpha == approx(want["alpha"], near)
    assert eta == approx(want["eta"], near)
    assert for_ever.growth == approx(want["lambda_min"], near)
    assert len(want["quotes_by_inventory"]) == 9
    for inventory, quotes in want["quotes_by_inventory"].items():
        q = int(inventory)
        for side, one, other, rough in zip(
            SIDES, finite.at(q), for_ever.at(q), glft_asymptotic(q, **numbers), strict=True
        ):
            assert one == approx(quotes[f"{side}_finite"], near)
            assert other == approx(quotes[f"{side}_stationary"], near)
            assert float(rough) == approx(quotes[f"{side}_asymptotic"], near)


def test_cartea_jaimungal_quotes(vectors):
    for row in vectors("models/cartea_jaimungal.json"):
        given, near = row["inputs"], row["tolerance"]["default"]
        quotes = cartea_jaimungal_quotes(
            A=given["A"], k=given["k"], phi=given["phi"], alpha=given["alpha"], bound=given["Q"],
            horizon=given["T_minus_t"],
        )  # fmt: skip
        for inventory, want in row["expected"]["quotes_by_inventory"].items():
            assert quotes.at(int(inventory)) == tuple(approx(want[side], near) for side in SIDES)


def test_glosten_milgrom_quotes(vectors):
    for row in vectors("models/toxicity.json"):
        given, want, near = row["inputs"], row["expected"], row["tolerance"]["default"]
        bid, ask = glosten_milgrom_quotes(p=given["p"], mu=given["mu"], high=given["VH"], low=given["VL"])
        assert (bid, ask) == (approx(want["bid"], near), approx(want["ask"], near))
        bought = given["p"] * (1 + given["mu"]) / 2  # joint chance of a purchase and the high value
        rest = (1 - given["p"]) * (1 - given["mu"]) / 2
        profit = bought * (ask - given["VH"]) + rest * (ask - given["VL"])
        assert profit == approx(want["maker_profit_per_side"], near)


@pytest.mark.parametrize("n", range(4))
@pytest.mark.parametrize("order", ["price_first", "fill_first"])
def test_the_avellaneda_stoikov_table_under_each_order_of_events(n, order, vectors):
    row = vectors("models/avellaneda_stoikov.json")[n]
    given, want, tolerance = row["inputs"], row["expected"], row["tolerance"]
    assert 2 * half_spread(gamma=given["gamma"], k=given["k"]) == approx(want["spread"], tolerance["default"])
    assert 2 * half_spread(gamma=given["gamma"], k=given["k"]) == approx(
        want["published"]["spread"], tolerance["published.spread"]
    )
    got = simulated_table(
        gamma=given["gamma"], inventory=given["strategy"] == "inventory", order=order.replace("_", "-"),
        mid=given["s0"], sigma=given["sigma"], A=given["A"], k=given["k"], duration=given["T"], dt=given["dt"],
    )._asdict()  # fmt: skip
    for name, value in want[order].items():
        assert got[name] == approx(value, tolerance[f"{order}.{name}"])
    if order != "price_first":  # the paper's tables are reproduced by this order, and not by the other
        return
    for name, value in want["published"].items():
        if tolerance[f"published.{name}"] is not None and name != "spread":
            assert got[name] == approx(value, tolerance[f"published.{name}"])
