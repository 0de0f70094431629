"""Sandwiches and the competition of dealers against published and derived numbers."""

import pytest

from makerscope.models.competition import cartel_margin, nash_margin
from makerscope.models.dealer_game import DealerGame, mean_field_dealers
from makerscope.models.sandwich import best_sandwich, largest_front_run


def test_the_best_sandwich_is_that_of_every_vector(vectors):
    cases = vectors("models/sandwich.json")
    assert len(cases) == 2
    for case in cases:
        given, want = case["inputs"], case["expected"]
        found = best_sandwich(given["x"], given["y"], given["victim_in"], given["fee"], given["slippage"])
        rel = case["tolerance"]["default"]["rel"]
        assert found.victim_min_out == pytest.approx(want["victim_min_out"], rel=rel)
        assert found.attack_size == pytest.approx(want["attack_size"], rel=rel)
        assert found.profit == pytest.approx(want["profit"], rel=rel)
        bound = largest_front_run(given["x"], given["y"], given["victim_in"], given["fee"], found.victim_min_out)
        assert found.attack_size == pytest.approx(bound, rel=rel)


def test_margins_in_competition_and_in_a_cartel_are_those_of_every_vector(vectors):
    cases = [case for case in vectors("models/competition.json") if case["case"].startswith("logit")]
    assert len(cases) == 3
    for case in cases:
        given, want, error = case["inputs"], case["expected"], case["tolerance"]["default"]["abs"]
        asked = (given["k"], given["outside_quote"], given["N"])
        assert nash_margin(*asked) == pytest.approx(want["nash"], abs=error)
        assert cartel_margin(*asked) == pytest.approx(want["cartel"], abs=error)


def test_the_mean_field_of_dealers_quotes_and_holds_what_the_vector_says(vectors):
    (case,) = [case for case in vectors("models/competition.json") if case["case"].startswith("dealer")]
    given, want, error = case["inputs"], case["expected"], case["tolerance"]["default"]["abs"]
    found = mean_field_dealers(DealerGame(
        c=given["C"], cm=given["C_m"], km=given["k_m"], k=given["k"], most=given["Z"], lam=given["lam"], r=given["r"],
        psi=given["psi"], floor=given["floor"],
    ))  # fmt: skip
    assert found.mean == pytest.approx(want["mu_nash"], abs=error)
    for table, values in (("ask_by_inventory", found.ask), ("density_by_inventory", found.density)):
        assert len(want[table]) == len(values) == 21
        for q, value in zip(found.inventory, values, strict=True):
            assert value == pytest.approx(want[table][str(q)], abs=error)
    assert found.bid.tolist() == found.ask[::-1].tolist()
