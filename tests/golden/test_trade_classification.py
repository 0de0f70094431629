"""Signing rules against rows published with the package tclf, and the exact numbers of ``vectors/measures``."""

import pytest

from makerscope.metrics.signing import RULES


@pytest.mark.parametrize("rule", list(RULES))
def test_rules_sign_the_published_rows(rule, vectors):
    cases = [case for case in vectors("measures/trade_classification.json") if case["inputs"]["rule"] == rule]
    assert cases, f"no published rows for {rule}"
    for case in cases:
        row = case["inputs"]
        got = RULES[rule]([row["price"]], [row["bid"]], [row["ask"]], previous=[row["lag_price"]])
        assert got.tolist() == [case["expected"]["aggressor"]], case["case"]


def test_every_published_row_belongs_to_a_rule(vectors):
    assert {case["inputs"]["rule"] for case in vectors("measures/trade_classification.json")} == set(RULES)
