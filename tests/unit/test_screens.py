"""Screens for wash and self trades: what they find, what they leave alone, and what a flag does."""

import numpy as np
import polars as pl
import pytest

from makerscope.errors import InputError
from makerscope.rewards.funders import funded, groups
from makerscope.rewards.screens import Screening, ScreenRule, screen, screen_tape
from makerscope.tape.demo import write_demo
from makerscope.tape.read import Tape
from tests.tapes import SECOND, START, perp, write_tape
from tests.tapes import fills as tape_fills
from tests.wash_trades import HONEST, PLANTED, RING, fills_of, honest, market

BTC = {"test:BTC": perp()}
STRONG = tuple(PLANTED)


def accused(found: Screening, *screens: str) -> set[str]:
    return {flag.account for flag in found.flags if flag.screen in (screens or STRONG)}


@pytest.mark.parametrize("seed", range(5))
def test_every_planted_wash_trader_but_the_ring_is_found_and_no_honest_maker_is(seed):
    fills, transfers = market(seed)
    found = screen(fills, BTC, ScreenRule(), transfers=transfers)
    planted = set().union(*PLANTED.values())
    assert accused(found) == planted, "precision 1, recall 1 of those that the four screens are about"
    for name, accounts in PLANTED.items():
        assert accounts <= accused(found, name)
    assert not accused(found, "counterparty") & set(HONEST)
    # a ring of three that waits 15 minutes goes back to nobody directly: only the weak screen sees it
    assert accused(found, "counterparty") >= RING
    assert not accused(found) & RING


def test_no_maker_of_the_demo_tape_is_accused(tmp_path):
    found = screen_tape(Tape.open(write_demo(tmp_path / "tape")), ScreenRule())
    assert accused(found) == set()
    assert accused(found, "counterparty") == set()
    assert found.findings == ("same_funder not screened: the tape has no transfers",)


def test_a_flag_shows_its_evidence():
    rows = [(n, "a", "a", 1, 1000, 10) for n in range(30)] + [(n, "a", "b", 1, 1000, 5) for n in range(30, 60)]
    (flag,) = screen(fills_of(rows), BTC, ScreenRule()).flags
    # 30 fills of 10 lots at 1000 ticks: 100 USD * 0.01 each
    assert (flag.screen, flag.account, flag.fills, flag.volume, flag.total) == ("self_trade", "a", 30, "30", "45")
    assert flag.share_ppm == 666_666
    assert flag.examples == (f"test:BTC serial 0 @{START}",)


def test_lots_count_as_riskless_only_when_they_go_back_to_the_same_account_in_time():
    def pairs(gap, back):
        rows = []
        for n in range(30):
            time = n * 1_000 * SECOND
            rows += [(time, "a", "b", 1, 1000, 10), (time + gap * SECOND, *back, 1, 1000, 10)]
        return accused(screen(fills_of(rows), BTC, ScreenRule()), "riskless")

    assert pairs(60, ("b", "a")) == {"a", "b"}
    assert pairs(61, ("b", "a")) == set()
    assert pairs(30, ("c", "a")) == set()
    assert pairs(30, ("a", "b")) == set(), "the same way again is no way back"


def test_lots_that_go_back_by_chance_in_a_small_market_accuse_nobody():
    dice = np.random.default_rng(3)
    rows = honest(dice, 6_000, takers=5, makers=("big", "small"))
    busy = fills_of([(time // 24, *rest) for time, *rest in rows])  # a day in an hour
    assert accused(screen(busy, BTC, ScreenRule())) == set()
    raw = accused(screen(busy, BTC, ScreenRule(lift_ppm=1)), "riskless")
    assert raw, "without the comparison with chance they would be accused"


def test_a_few_fills_accuse_nobody():
    rows = [(n, "a", "a", 1, 1000, 10) for n in range(19)]
    assert screen(fills_of(rows), BTC, ScreenRule()).flags == ()
    assert accused(screen(fills_of(rows), BTC, ScreenRule(min_fills=19))) == {"a"}


def test_what_a_flag_does_is_the_rules_and_stands_in_the_result():
    fills, transfers = market()
    none = screen(fills, BTC, ScreenRule(), transfers=transfers)
    assert (none.excluded_accounts(), none.excluded_pairs()) == ({}, ())
    rule = ScreenRule(consequences={"self_trade": "account", "pair": "volume"})
    found = screen(fills, BTC, rule, transfers=transfers)
    assert found.excluded_accounts() == {"selfish": "screen self_trade: 727695 of a million of its volume in USD"}
    assert found.excluded_pairs() == (("ping", "pong"), ("slow-a", "slow-b"))
    assert {flag.consequence for flag in found.flags} == {"report", "account", "volume"}


def test_fills_without_names_and_no_trades_are_left_out_and_counted(tmp_path):
    rows = tape_fills(range(4), maker=["a", "a", None, None], taker=["a", None, "b", "x"])
    rows = rows.with_columns(purpose=pl.Series([None, None, None, "settlement"], dtype=pl.String))
    found = screen_tape(write_tape(tmp_path / "t", fills=rows), ScreenRule(min_fills=1))
    assert accused(found) == {"a"}
    assert found.findings[0] == "2 of 3 fills do not name maker and taker"


def test_a_tape_whose_fills_name_nobody_says_so(tmp_path):
    tape = write_tape(tmp_path / "t", fills=tape_fills([0, 1], taker=[None, None]))
    assert screen_tape(tape, ScreenRule()).findings[-1] == "no fill names maker and taker: nothing screened"


def test_a_deposit_is_traced_only_where_nobody_else_can_have_sent_it():
    def moves(*rows):
        return pl.DataFrame(rows, schema=["time", "account", "kind", "amount", "token"], orient="row")

    sent = (0, "a", "withdrawal", -100, "USDC")
    got = (5, "b", "deposit", 100, "USDC")
    assert funded(moves(sent, got), window=10) == [("a", "b")]
    assert funded(moves(sent, got), window=4) == []
    assert funded(moves(sent, got, (3, "c", "withdrawal", -100, "USDC")), window=10) == []
    assert funded(moves(sent, got, (7, "c", "deposit", 100, "USDC")), window=10) == []
    assert funded(moves(sent, (5, "b", "deposit", 100, "DAI")), window=10) == []
    assert funded(moves(sent, (5, "a", "deposit", 100, "USDC")), window=10) == [], "its own money back"


def test_a_funder_of_many_is_an_exchange_and_joins_nobody():
    pairs = [("exchange", f"account-{n}") for n in range(21)] + [("a", "b"), ("b", "c")]
    assert groups(pairs, most_funded=20) == {"a": "a", "b": "a", "c": "a"}


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"pair_ppm": 0}, "pair_ppm: is 0"),
        ({"riskless_window_s": -1}, "riskless_window_s: is -1"),
        ({"min_fills": 0}, "min_fills: is 0"),
        ({"consequences": {"gossip": "account"}}, "names 'gossip'"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(rule, says):
    with pytest.raises(InputError, match=says):
        ScreenRule(**rule)
