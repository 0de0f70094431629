"""Pool formulas against published and independently reproduced numbers."""

import numpy as np
import pytest

from makerscope.metrics.amm import (
    arbitrage_share,
    constant_product_block_loss,
    constant_product_lvr,
    impermanent_loss,
    range_amounts,
    range_leverage,
    range_lvr,
    range_value,
)
from makerscope.metrics.pool import PoolFacts, price_of_tick


def tolerance(case, key):
    table = case["tolerance"].get("default", case["tolerance"])
    return case["tolerance"].get(key, table)


def close(got, case, key):
    assert float(got) == pytest.approx(case["expected"][key], **tolerance(case, key)), (case["case"], key)


def test_the_four_closed_forms(vectors):
    for case in vectors("measures/amm_analytic.json"):
        if "price_ratio" in case["inputs"]:
            close(impermanent_loss(case["inputs"]["price_ratio"]), case, "impermanent_loss")
        else:
            rate = constant_product_lvr(case["inputs"]["sigma_daily"])
            close(rate, case, "lvr_fraction_of_pool_per_day")
            close(1e4 * rate, case, "bps_per_day")


def test_concentrated_liquidity_and_blocks(vectors):
    cases = {case["case"]: case for case in vectors("models/amm.json")}
    case = cases["v3-lvr-1"]
    at = case["inputs"]
    where = at["P"], at["pa"], at["pb"]
    base, quote = range_amounts(*where, at["L"])
    value, lvr = range_value(*where, at["L"]), range_lvr(*where, at["L"], at["sigma"])
    close(base, case, "x")
    close(quote, case, "y")
    close(value, case, "value")
    close(lvr, case, "lvr_per_year")
    close(lvr / value, case, "lvr_over_value")
    close(range_leverage(*where), case, "leverage_vs_full_range")
    case = cases["cpmm-lvr-rate"]
    close(1e4 * constant_product_lvr(case["inputs"]["sigma_day"]), case, "bps_per_day")
    for name in ("cpmm-exact-block-loss-s0.01", "cpmm-exact-block-loss-s0.05"):
        case = cases[name]
        close(constant_product_block_loss(case["inputs"]["sigma_block"]), case, "exact")
        close(constant_product_lvr(case["inputs"]["sigma_block"]), case, "first_order")
    case = cases["impermanent-loss-r1.5"]
    close(impermanent_loss(case["inputs"]["price_ratio"]), case, "loss")


def test_what_arbitrage_takes_when_there_is_a_fee(vectors):
    for case in vectors("models/amm_fees_blocks.json"):
        at = case["inputs"]
        poisson = "mean_block_s" in at
        seconds = at["mean_block_s"] if poisson else at["block_s"]
        fee, sigma = at["one_sided_fee"], at["sigma_day"] * (seconds / 86_400) ** 0.5
        got = arbitrage_share(fee, sigma, blocks="poisson" if poisson else "constant")
        close(got, case, "p_trade" if poisson else "arb_over_lvr_closed_form")


def test_a_tick_is_the_price_of_the_integer_contract(vectors):
    facts = PoolFacts(instrument="x", decimals0=0, decimals1=0)
    for case in vectors("models/amm_tickmath.json"):
        if "tick" not in case["inputs"]:
            continue
        root = int(case["expected"]["sqrt_price_x96"]) / 2**96
        if root < 1e-15:
            continue  # the contract's integer has no digits left there
        got = 1 / price_of_tick(case["inputs"]["tick"], facts)
        assert float(np.sqrt(got)) == pytest.approx(root, rel=1e-9), case["case"]
