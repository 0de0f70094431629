"""What is measured from a simulated tape is what the simulator itself knows, to the last unit."""

from collections import Counter, defaultdict

import numpy as np
import polars as pl
import pytest

from makerscope.market import log
from makerscope.market.layout import FEES, FIRST_AGENT, GAS_SINK, INSURANCE, MARK, UNIT
from makerscope.metrics.book import book_at
from makerscope.metrics.message_way import message_ways, way_measures
from makerscope.metrics.pnl import marks_of, pnl
from makerscope.metrics.stale_fills import stale_fills
from makerscope.report.build import build
from makerscope.report.compare import comparison
from makerscope.report.html import html_of
from makerscope.report.pages import document_of
from makerscope.report.scorecard import from_json, to_json
from makerscope.sim import world as w
from makerscope.tape.check import check_tape
from makerscope.tape.read import Tape
from tests.reference.resting import levels, replay, times_of
from tests.simulated import play_small_market

PERP, LEAD = "hyperliquid:BTC", "hyperliquid.lead:BTC"
TIME, INSTRUMENT, MAKER, TAKER, SIDE, PRICE, SIZE, MAKER_FEE, TAKER_FEE = range(9)  # of the simulator's own fills
WAYS = {
    "backstop": {},
    "adl": {"insurance": 0},
    "haircut": {"insurance": 0, "bankruptcy": "haircut"},
    "funded each block": {"funding_s": 0.2},
}


@pytest.fixture(scope="module", params=WAYS)
def ending(request, tmp_path_factory):
    """A market and its truth, for each way in which a bankrupt account may end."""
    with pytest.MonkeyPatch.context() as patch:
        out = tmp_path_factory.mktemp(request.param) / "tape"
        yield play_small_market(patch, out, **WAYS[request.param]), Tape.open(out)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        out = tmp_path_factory.mktemp("truth") / "tape"
        yield play_small_market(patch, out), Tape.open(out)


@pytest.fixture(scope="module")
def card(market):
    return build(market[1])


@pytest.fixture(scope="module")
def orders(market):
    return market[1].read("orders").sort("serial")


def fills_of(tape):
    return tape.read("fills").with_columns(time=pl.col("exchange_time"))


def named(truth, numbers):
    names = truth.built.accounts
    return [None if n < 0 else names[n] for n in numbers]


def pnl_of(tape, truth, marks, *, until, accounts):
    funding = tape.read("marks").select("instrument", "funding", time=pl.col("exchange_time"))
    return pnl(
        fills_of(tape), marks, funding, transfers=tape.read("transfers").with_columns(time=pl.col("exchange_time")),
        instruments=tape.instruments, tokens=tape.tokens, since=truth.built.start, until=until, accounts=accounts,
        width=60 * 10**9,
    )  # fmt: skip


def test_the_tape_is_sound_and_holds_what_it_should(ending):
    truth, tape = ending
    assert check_tape(tape.path).problems == ()
    how = set(truth.raw["fills"][:, 13].tolist())
    assert {log.PLAIN, log.SETTLEMENT} < how
    assert how & {log.LIQUIDATED, log.DELEVERAGED, log.TAKEN_OVER}
    assert tape.read("marks")["funding"].count() > 0


def test_the_change_of_equity_of_every_account_is_the_worlds_to_the_last_unit(ending):
    truth, tape = ending
    venue, names = truth.built.world.venue, truth.built.accounts
    end = int(truth.built.world.clock[w.C_NOW])
    marks = pl.DataFrame({
        "time": end, "instrument": [item.name for item in truth.built.markets], "twice_price": 2 * venue.state[:, MARK],
    })  # fmt: skip
    value = venue.accounts.cash + (venue.accounts.position * venue.state[:, MARK] * venue.spec[:, UNIT]).sum(1)
    want = defaultdict(int)
    for name, now, before in zip(names, value, truth.paid_in, strict=True):
        want[name] += int(now - before)
    accounts = [name for name in dict.fromkeys(names) if name not in ("fees", "gas", "leader")]
    result = pnl_of(tape, truth, marks, until=end + 2, accounts=accounts)
    got = defaultdict(int)
    for account, change, residual, decimals in result.totals.select(
        "account", "equity_change", "residual", "decimals"
    ).iter_rows():
        assert residual == 0
        assert int(change) % 10 ** (decimals - 6) == 0 or decimals == 6
        got[account] += int(change) // 10 ** (decimals - 6)
    assert {name: got[name] for name in accounts} == {name: want[name] for name in accounts}
    assert want["insurance"] + want["backstop"] != 0 or "adl" in tape.read("liquidations")["method"].to_list()
    summed = result.buckets.group_by("account").agg(pl.col("equity_change").sum())
    whole = result.totals.group_by("account").agg(pl.col("equity_change").sum())
    assert dict(summed.iter_rows()) == dict(whole.iter_rows())


def test_what_the_venue_took_is_what_the_accounts_paid(ending):
    truth, tape = ending
    cash = truth.built.world.venue.accounts.cash
    fills = tape.read("fills").filter(pl.col("instrument") != LEAD)
    assert cash[FEES] == fills["maker_fee"].sum() + fills["taker_fee"].sum()
    moved = tape.read("transfers")
    paid = moved.filter(pl.col("kind").is_in(["gas", "priority_fee"]))["amount"].sum()
    assert cash[GAS_SINK] == -paid > 0
    assert cash[INSURANCE] - truth.paid_in[INSURANCE] == moved.filter(pl.col("account") == "insurance")["amount"].sum()


def test_accounts_at_any_minute_are_what_the_fills_until_then_made_of_them(market):
    truth, tape = market
    rows = tape.read("accounts")
    marks = tape.read("marks").filter(pl.col("funding").is_null(), pl.col("mark").is_not_null())
    paid_in = defaultdict(int)
    for name, cash in zip(truth.built.accounts, truth.paid_in, strict=True):
        paid_in[name] += int(cash)
    agents = truth.built.accounts[FIRST_AGENT:]
    for at in rows["exchange_time"].unique().sort()[-2:]:  # the options have expired then
        then = marks.filter(pl.col("exchange_time") == at).select(
            "instrument", time=pl.col("exchange_time"), twice_price=2 * pl.col("mark")
        )
        totals = pnl_of(tape, truth, then, until=at + 2, accounts=list(dict.fromkeys(agents))).totals
        change = defaultdict(int)
        for account, units, decimals in totals.select("account", "equity_change", "decimals").iter_rows():
            change[account] += int(units) // 10 ** (decimals - 6)
        said = dict(rows.filter(pl.col("exchange_time") == at).select("account", "equity").iter_rows())
        assert said == {name: paid_in[name] + change[name] for name in said}


def test_positions_are_the_sum_of_the_fills_at_every_moment(ending):
    truth, tape = ending
    held = defaultdict(int)
    fills = tape.read("fills").sort("serial").select("maker", "taker", "instrument", "side", "size").rows()
    place = {item.name: i for i, item in enumerate(truth.built.markets)}
    seen = 0
    for point in truth.checkpoints:
        for maker, taker, instrument, side, size in fills[seen : point.fills]:
            held[maker, instrument] += side * size
            held[taker, instrument] -= side * size
        seen = point.fills
        world = defaultdict(int)
        for account, name in enumerate(truth.built.accounts):
            for instrument, i in place.items():
                world[name, instrument] += int(point.position[account, i])
        assert {key: lots for key, lots in held.items() if lots and key[0]} == {
            key: lots for key, lots in world.items() if lots and key[0] != "leader"
        }


def test_resting_orders_are_those_of_the_world_at_every_stop(market, orders):
    truth, _ = market
    assert len(truth.checkpoints) > 4
    resting, seen, most = {}, 0, 0
    rows = orders.rows(named=True)
    for point in truth.checkpoints:
        for _ in replay(rows[seen : point.orders], resting):
            pass
        seen = point.orders
        assert {(order, *facts) for order, facts in resting.items()} == point.resting
        most = max(most, len(resting))
    assert most >= 10


def test_books_and_quotes_of_the_tape_are_the_resting_orders(market, orders):
    _, tape = market
    rows = orders.rows(named=True)
    shown = tape.read("book").filter(pl.col("size") > 0)
    books = defaultdict(lambda: defaultdict(list))
    for at, side, price, size in shown.select("exchange_time", "side", "price", "size").iter_rows():
        books[at][side].append((price, size))
    tops = {
        at: ((bid, bid_size), (ask, ask_size))
        for at, bid, bid_size, ask, ask_size in tape.read("quotes", instrument=PERP)
        .select("exchange_time", "bid", "bid_size", "ask", "ask_size")
        .iter_rows()
    }
    resting, done, compared = {}, 0, 0
    for at in sorted(set(books) | set(tops)):
        last = done
        while last < len(rows) and rows[last]["exchange_time"] <= at:
            last += 1
        for _ in replay(rows[done:last], resting):
            pass
        done = last
        best = {side: levels(resting, PERP, side, 20) for side in (1, -1)}
        if at in books:
            assert {side: books[at][side] for side in (1, -1)} == best
            compared += 1
        if at in tops:
            assert tops[at] == tuple(best[side][0] if best[side] else (None, None) for side in (1, -1))
    assert compared > 400


def test_a_book_rebuilt_at_any_time_is_the_last_one_the_world_showed(market, orders):
    truth, tape = market
    book, rows = tape.read("book", instrument=PERP), orders.rows(named=True)
    for minute in range(1, 9):
        at = truth.built.start + minute * 60 * 10**9
        resting = {}
        for _ in replay((row for row in rows if row["exchange_time"] <= at), resting):
            pass
        got = book_at(book, at)
        for side in (1, -1):
            mine = got.filter(pl.col("side") == side).select("price", "size").rows()
            assert mine == levels(resting, PERP, side, 20)


@pytest.mark.parametrize("maker", ["hedger", "slow"])
def test_uptime_and_staleness_are_those_of_a_slow_replay(market, card, orders, maker):
    truth, _ = market
    path, step = truth.built.world.path.spot[0], int(truth.built.world.rule[w.G_STEP])
    half = truth.built.world.desk.floats[0]
    variance = truth.built.world.path.variance[0]
    wide = half[1] + half[2] * np.sqrt(variance * (10**9 / (365 * 86_400 * 10**9)))
    bid = np.floor(path * (1.0 - wide)).astype(np.int64)
    ask = np.maximum(np.ceil(path * (1.0 + wide)).astype(np.int64), bid + 1)
    fair = [(truth.built.start + k * step, int(a + b)) for k, (a, b) in enumerate(zip(bid, ask, strict=True))]
    since, until = truth.built.start, truth.built.end
    slow = times_of(orders.rows(named=True), maker, PERP, since=since, until=until, fair=fair)
    mine = next(item for item in card.makers if item.maker == maker).measures
    span = until - since
    for name, key in (
        ("two_sided_uptime", "both"),
        ("bid_uptime", "bid"),
        ("ask_uptime", "ask"),
        ("stale_share", "stale"),
    ):
        assert mine[name].value == pytest.approx(slow[key] / span, rel=1e-12), name
    assert slow["stale"] > 0


def test_shares_and_fees_of_makers_are_those_of_the_simulators_own_fills(market, card):
    truth, _ = market
    raw = truth.raw["fills"]
    value, fees, n = Counter(), Counter(), Counter()
    for row in raw[raw[:, MAKER] >= 0]:
        name = truth.built.accounts[row[MAKER]]
        value[name] += int(row[PRICE] * row[SIZE] * truth.built.world.venue.spec[row[INSTRUMENT], UNIT])
        fees[name] += int(row[MAKER_FEE])
        n[name] += 1
    total = sum(value.values())
    assert {item.maker: item.fills for item in card.makers} == dict(n)
    for item in card.makers:
        assert item.share.value == pytest.approx(value[item.maker] / total, rel=1e-12)
        paid = next(row for row in item.fees if row.role == "maker")
        assert round(float(paid.net) * 10**6) == fees[item.maker]
        assert item.statements[0].residual == "0"


def test_settlements_and_forced_transfers_are_no_trades(ending):
    truth, tape = ending
    raw = truth.raw["fills"]
    free = np.isin(raw[:, 13], [log.SETTLEMENT, log.DELEVERAGED, log.TAKEN_OVER])
    assert tape.read("trades")["fills"].sum() == len(raw) - free.sum()
    none = tape.read("fills").filter(pl.col("sweep").is_null())
    assert none.height == free.sum()
    assert none["maker"].null_count() == none.height
    assert none["taker"].null_count() == 0


def test_pick_offs_are_the_fills_that_the_reference_had_passed(market, card):
    truth, tape = market
    raw, built = truth.raw["fills"], truth.built
    quotes = tape.read("quotes", instrument=LEAD).with_columns(time=pl.col("exchange_time"), instrument=pl.lit(PERP))
    judged = stale_fills(fills_of(tape).filter(pl.col("instrument") == PERP), marks_of(quotes))
    step, path = int(built.world.rule[w.G_STEP]), built.world.path.spot[0]
    here = raw[(raw[:, INSTRUMENT] == 0) & (raw[:, MAKER] >= 0)]
    spot = path[np.minimum((here[:, TIME] - built.start) // step, len(path) - 1)]
    beyond = here[:, SIDE] * (here[:, PRICE] - spot)  # above 0: it bought above, or sold below, what the price was then
    assert judged.height == len(here)
    clear = np.abs(beyond) > 1  # a mid in half ticks cannot tell a part of a tick
    assert (judged["beyond"].to_numpy()[clear] > 0).tolist() == (beyond[clear] > 0).tolist()
    assert (~clear).sum() < 0.05 * len(here)
    for item in card.makers:
        mine = np.array(named(truth, here[:, MAKER])) == item.maker
        if mine.any():
            assert item.measures["stale_fill_rate"].value == pytest.approx(
                (beyond[mine] > 0).mean(), abs=(~clear[mine]).mean()
            )
    assert (beyond > 0).sum() > 50


def test_the_way_of_messages_is_the_simulators_own(market, card, orders):
    truth, _ = market
    raw = truth.raw["orders"]
    own = raw[np.isin(raw[:, 4], [log.PLACED, log.REPLACED, log.CANCELLED, log.REJECTED]) & (raw[:, 8] > 0)]
    for item in card.makers:
        account = truth.built.accounts.index(item.maker)
        mine = own[own[:, 1] == account]
        _, first = np.unique(mine[:, [2, 5, 8, 9, 10]], axis=0, return_index=True)
        mine = mine[np.sort(first)]
        stages = {
            "thinking": mine[:, 9] - mine[:, 8],
            "on_the_wire": mine[:, 10] - mine[:, 9],
            "waiting": mine[:, 0] - mine[:, 10],
            "to_effect": mine[:, 0] - mine[:, 8],
        }
        for name, spans in stages.items():
            assert (spans >= 0).all()
            assert item.measures[f"{name}_median"].value == np.median(spans)
            assert item.measures[f"{name}_p99"].value == np.sort(spans)[int(np.ceil(0.99 * (len(spans) - 1)))]
        assert (stages["thinking"] + stages["on_the_wire"] + stages["waiting"] == stages["to_effect"]).all()
    ways = message_ways(orders)
    assert way_measures(ways)["to_effect_median"].n == ways.height
    assert next(item for item in card.makers if item.maker == "hedger").measures["thinking_median"].value == 3e6


def test_gas_and_hedges_are_the_simulators_own(market, card):
    truth, _ = market
    raw = truth.raw["transfers"]
    fills = truth.raw["fills"]
    agents = len(truth.built.cast)
    for item in card.makers:
        account = truth.built.accounts.index(item.maker)
        paid = -int(raw[(raw[:, 1] == account) & np.isin(raw[:, 3], [log.GAS, log.PRIORITY_FEE]), 4].sum())
        n = int((fills[:, MAKER] == account).sum() + np.isin(fills[:, TAKER], [account, account + agents]).sum())
        n -= int(((fills[:, TAKER] == account) & (fills[:, 13] > log.LIQUIDATED)).sum())
        assert item.measures["gas_paid"].value == pytest.approx(paid / 1e6, rel=1e-12)
        assert item.measures["gas_per_fill"].value == pytest.approx(paid / 1e6 / n, rel=1e-12)
        gas = next(leg for leg in item.statements[0].legs if leg.name == "gas")
        assert round(float(gas.amount or 0) * 10**6) == -paid
    hedger = next(item for item in card.makers if item.maker == "hedger")
    hedges = fills[fills[:, INSTRUMENT] == len(truth.built.markets) - 1]
    spot = truth.built.world.path.spot[0]
    step = int(truth.built.world.rule[w.G_STEP])
    at = spot[(hedges[:, TIME] - truth.built.start - 1) // step]  # the price just before the hedge
    cost = (-hedges[:, SIDE] * (hedges[:, PRICE] - at) * hedges[:, SIZE]).sum() / (at * hedges[:, SIZE]).sum()
    assert hedger.measures["hedge_slippage"].n == len(hedges) > 20
    assert hedger.measures["hedge_slippage"].value == pytest.approx(1e4 * cost, abs=0.1)  # the mid is in half ticks
    assert hedger.measures["hedge_fees"].value == pytest.approx(2.0, abs=0.01)
    assert {leg.name for leg in hedger.statements[0].legs} >= {"hedge_slippage", "gas", "funding", "fees"}


def test_the_scorecard_leaves_nothing_unmeasured_that_the_tape_holds(card):
    for item in card.makers:
        if item.maker == "poster":
            continue
        wanted = (
            "two_sided_uptime", "reaction_latency_median", "staleness", "pick_off_rate", "stale_fill_rate", "gas_paid",
            "to_effect_median", "quote_lifetime", "maker_share_of_depth",
        )  # fmt: skip
        assert [name for name in wanted if item.measures[name].value is None] == []
    assert {item.maker for item in card.makers} == {"hedger", "slow", "poster"}  # takers are no makers
    assert card.makers_in_all == 3
    assert card.concentration["USD"].value is not None
    assert from_json(to_json(card)) == card


def test_the_report_of_a_simulated_tape_says_how_long_messages_took_and_what_they_cost(card):
    page = html_of(document_of(card))
    for words in ("Way of its messages", "Decision to effect", "Gas and hedges", "Hedge slippage", "Settlement"):
        assert words in page, words
    assert "noise-" not in page


def test_two_ordering_policies_are_compared_maker_by_maker(market, card, tmp_path, monkeypatch):
    play_small_market(monkeypatch, tmp_path / "other", policy="first-come")
    other = build(Tape.open(tmp_path / "other"))
    page = html_of(comparison(card, other, labels=("class-sort", "first-come")))
    for words in ("hedger", "slow", "Fills behind the leader", "Gas per fill", "Decision to effect"):
        assert words in page, words


def test_options_are_quoted_until_they_expire_and_settled_at_what_the_world_paid(market, card):
    truth, _ = market
    poster = next(item for item in card.makers if item.maker == "poster")
    assert poster.measures["two_sided_uptime"].value > 0.99  # the time after the expiry is no absence
    raw, account = truth.raw["fills"], truth.built.accounts.index("poster")
    paid = raw[(raw[:, TAKER] == account) & (raw[:, 13] == log.SETTLEMENT)]
    assert len(paid) >= 3
    book = poster.greeks[0]
    assert not any("settled at" in note or "left out" in note for note in book.notes)
    statement = poster.statements[0]
    of_gas = sum(float(leg.amount or 0) for leg in statement.legs if leg.name == "gas")
    assert float(book.equity_change) == pytest.approx(float(statement.equity_change) - of_gas, abs=1e-6)
