"""The demo tape obeys the laws of a market: nothing is spent twice, books are the orders, positions are the fills."""

import numpy as np
import polars as pl
import pytest

from makerscope.errors import DomainError
from makerscope.tape.demo import START, write_demo
from makerscope.tape.demo_market import NO_ASK, OWNER, Game, Played, Scene, Side, take
from makerscope.tape.read import Tape

HOURS = 0.3
STEPS = round(HOURS * 36_000)
DEAF = (START + STEPS * 2 // 5 * 100_000_000, START + (STEPS * 2 // 5 + STEPS // 30) * 100_000_000)


@pytest.fixture(scope="module")
def tape(tmp_path_factory):
    return Tape.open(write_demo(tmp_path_factory.mktemp("demo") / "tape", hours=HOURS))


def test_the_same_seed_makes_the_same_bytes_and_another_seed_does_not(tmp_path):
    roots = [
        Tape.open(write_demo(tmp_path / str(k), seed=seed, hours=0.1)).manifest.evidence_root
        for k, seed in enumerate((3, 3, 4))
    ]
    assert roots[0] == roots[1] != roots[2]


def test_a_market_too_short_for_its_episodes_is_refused(tmp_path):
    with pytest.raises(DomainError, match="at least"):
        write_demo(tmp_path / "tape", hours=0.01)
    assert not (tmp_path / "tape").exists()


def test_fills_of_an_order_never_exceed_what_it_showed(tape):
    steps = tape.read("orders").sort("exchange_time", "serial")
    before = steps.with_columns(left=pl.col("size").shift(1).over("instrument", "order"))
    fills = before.filter((pl.col("action") == "filled") & (pl.col("exchange_time") > DEAF[1]))
    assert fills.height > 300
    assert (fills["size"] >= 0).all()
    assert (fills["size"] < fills["left"]).all()
    eaten = fills.group_by("instrument", "order").agg(eaten=(pl.col("left") - pl.col("size")).sum())
    traded = (
        tape.read("fills")
        .filter(pl.col("exchange_time") > DEAF[1])
        .group_by("instrument", order="maker_order")
        .agg(pl.col("size").sum())
    )
    both = eaten.join(traded, on=["instrument", "order"], how="full", coalesce=True)
    assert both["eaten"].to_list() == both["size"].to_list()


def test_every_book_snapshot_is_the_sum_of_the_resting_orders(tape):
    orders = tape.read("orders", instrument="demo:BTC").sort("exchange_time", "serial")
    book = tape.read("book", instrument="demo:BTC")
    times = book["exchange_time"].unique().sort().to_list()
    assert book.group_by("exchange_time", "side").len()["len"].median() >= 10
    checked = times[5::40]
    for time in checked:
        resting = orders.filter(pl.col("exchange_time") <= time).unique("order", keep="last").filter(pl.col("size") > 0)
        want = resting.group_by("side", "price").agg(pl.col("size").sum()).sort("side", "price")
        have = book.filter(pl.col("exchange_time") == time).select("side", "price", "size").sort("side", "price")
        assert have.equals(want)
    assert len(checked) > 20


def test_quotes_are_the_best_prices_and_never_cross(tape):
    orders = tape.read("orders", instrument="demo:ETH").sort("exchange_time", "serial")
    quotes = tape.read("quotes", instrument="demo:ETH").drop_nulls("bid").drop_nulls("ask")
    assert (quotes["bid"] < quotes["ask"]).all()
    for row in quotes[50::200].iter_rows(named=True):
        resting = (
            orders.filter(pl.col("exchange_time") <= row["exchange_time"])
            .unique("order", keep="last")
            .filter(pl.col("size") > 0)
        )
        assert row["bid"] == resting.filter(pl.col("side") == 1)["price"].max()
        assert row["ask"] == resting.filter(pl.col("side") == -1)["price"].min()


def test_positions_before_each_fill_are_the_sum_of_the_fills_before(tape):
    for instrument in ("demo:BTC", "demo:ETH"):
        held: dict[str, int] = {}
        for row in tape.read("fills", instrument=instrument).sort("exchange_time", "serial").iter_rows(named=True):
            assert row["maker"] != row["taker"]
            assert row["maker_position"] == held.get(row["maker"], 0)
            assert row["taker_position"] == held.get(row["taker"], 0)
            held[row["maker"]] = row["maker_position"] + row["side"] * row["size"]
            held[row["taker"]] = row["taker_position"] - row["side"] * row["size"]
        assert sum(held.values()) == 0


def test_the_outage_is_between_two_sessions_of_every_channel_and_holds_no_event(tape):
    sessions = tape.read("sessions")
    assert set(sessions.group_by("instrument", "channel").len()["len"]) == {2}
    for table in ("quotes", "book", "orders", "marks"):
        times = tape.read(table)["exchange_time"]
        assert not times.is_between(*DEAF, closed="left").any()
    assert tape.read("fills")["exchange_time"].is_between(*DEAF, closed="left").any()


def test_the_borrower_is_liquidated_to_nothing_once(tape):
    forced = tape.read("liquidations")
    assert forced["account"].unique().to_list() == ["overstretched"]
    assert forced["exchange_time"].n_unique() == 1
    first = tape.read("fills").filter(pl.col("liquidated").is_not_null()).sort("exchange_time", "serial")
    assert first["taker_position"][0] == forced["size"].sum()
    assert (first["liquidated"] == first["taker"]).all()


def test_fees_come_in_two_tokens_and_one_maker_has_a_rebate(tape):
    fees = tape.read("fills").group_by("maker", "maker_fee_token").agg(pl.col("maker_fee").sum()).sort("maker")
    assert set(fees["maker_fee_token"]) == {"USDC", "DEMO"}
    assert fees.filter(pl.col("maker_fee") < 0)["maker"].to_list() == ["swift"]


def test_the_other_venue_leads_by_a_few_hundred_milliseconds(tape):
    grid = np.arange(START + 60_000_000_000, START + STEPS * 40_000_000, 100_000_000)

    def moves(name):
        quotes = tape.read("quotes", instrument=name).drop_nulls("bid").drop_nulls("ask")
        at = np.searchsorted(quotes["exchange_time"].to_numpy(), grid, "right") - 1
        return np.diff((quotes["bid"] + quotes["ask"]).to_numpy()[at].astype(float))

    lead, lag = moves("demo.cex:BTC"), moves("demo:BTC")
    link = [np.corrcoef(lead[20:-20], lag[20 + k : len(lag) - 20 + k])[0, 1] for k in range(-10, 11)]
    assert 2 <= int(np.argmax(link)) - 10 <= 5


def test_resting_liquidity_is_not_spent_twice(vectors):
    """Conformance: two bids of 5 at one price, 6 sold: 5 and 1 are filled, not 6 of each."""
    case = next(case for case in vectors("models/accounting.json") if case["case"] == "liquidity-not-spent-twice")
    n, orders = len(OWNER), case["inputs"]["resting_orders"]
    bids = Side([0] * n, [0] * n, [0] * n, ["o"] * n)
    for place, order in enumerate(orders):
        bids.price[place], bids.size[place], bids.since[place] = order["price"], order["qty"], place
    scene = Scene(name="x", start=0, fair=np.array([100]), stress=(0, 0), cash_unit=1, noise=0.0, leverage=0)
    game = Game(scene, [100], bids, Side([NO_ASK] * n, [0] * n, [0] * n, ["o"] * n), Played())
    sold = case["inputs"]["traded_through"]
    take(game, "seller", -sold["qty"], limit=sold["price"], now=0)
    sizes = [row[6] for row in game.out.fills]
    assert sizes == case["expected"]["fills"]
    assert sum(sizes) == case["expected"]["total_filled"]
    assert bids.size[: len(orders)] == [0, 4]
