"""Real Hyperliquid recordings: node fills, CSV feeds and WebSocket frames against what is known of them."""

from decimal import Decimal

import polars as pl
import pytest

from makerscope.venues import hyperliquid
from tests.recordings import count, tape_from

NODE = "data/hyperliquid/node_fills_777010829-777011328.jsonl.gz"
MS = 1_000_000
SECOND = 1_000_000_000


def folder(name):
    return f"data/hyperliquid/{name}.csv.gz"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    made = {}

    def build(*paths):
        if paths not in made:
            made[paths] = tape_from(hyperliquid, paths, tmp_path_factory.mktemp("hyperliquid") / "tape")
        return made[paths]

    return build


@pytest.fixture
def node(shared_file, built):
    return built(shared_file(NODE))


def notionals(tape, column):
    """Exact notional of each fill and the values of a column."""
    fills = tape.read("fills")
    units = {name: Decimal(item.tick_size) * Decimal(item.lot_size) for name, item in tape.instruments.items()}
    rows = fills.select("instrument", "price", "size", column).iter_rows()
    return [(key, price * size * units[name]) for name, price, size, key in rows]


def test_3590_fills_are_1795_trades_with_one_maker_and_one_taker_each(node):
    fills = node.read("fills")
    assert fills.height == 1795
    assert fills["fill"].n_unique() == 1795
    assert fills.select(pl.col("maker", "taker", "maker_order", "taker_order").null_count()).row(0) == (0, 0, 0, 0)
    assert (fills["maker"].n_unique(), fills["taker"].n_unique()) == (303, 386)
    assert len(set(fills["maker"]) & set(fills["taker"])) == 75
    assert fills.filter(pl.col("maker") == pl.col("taker")).is_empty()
    assert node.manifest.rows["blocks"] == 500


def test_maker_shares_have_the_known_concentration(node):
    by_maker = {}
    for maker, notional in notionals(node, "maker"):
        by_maker[maker] = by_maker.get(maker, 0) + notional
    total = sum(by_maker.values())
    assert round(total) == 3_624_641
    assert round(sum((part / total) ** 2 for part in by_maker.values()), 5) == Decimal("0.03071")


@pytest.mark.parametrize(
    ("role", "paid", "over", "bps"),
    [("maker", "48.36", 3_549_093, "0.136"), ("taker", "1280.47", 3_485_300, "3.674")],
)
def test_fees_in_usdc_add_up_to_the_known_rates(node, role, paid, over, bps):
    unit = Decimal(1).scaleb(-node.tokens["USDC"].decimals)
    fills = node.read("fills").filter(pl.col(f"{role}_fee_token") == "USDC")
    fee = fills[f"{role}_fee"].sum() * unit
    tokens = notionals(node, f"{role}_fee_token")
    notional = sum(part for token, part in tokens if token == "USDC")
    assert fee.quantize(Decimal("0.01")) == Decimal(paid)
    assert round(notional) == over
    assert (10_000 * fee / notional).quantize(Decimal("0.001")) == Decimal(bps)


def test_fees_stay_in_their_twelve_tokens(node):
    fills = node.read("fills")
    tokens = pl.concat([fills["maker_fee_token"], fills["taker_fee_token"]]).value_counts(sort=True)
    assert len(node.tokens) == tokens.height == 12
    assert dict(tokens.rows())["USDC"] == 3456
    assert dict(tokens.rows())["HYPE"] == 58


def test_signs_of_maker_fees_are_those_of_the_recording(node):
    fees = node.read("fills")["maker_fee"]
    assert round(100 * (fees < 0).mean(), 1) == 49.4
    assert round(100 * (fees == 0).mean(), 1) == 17.5


def test_the_liquidation_is_one_row_though_it_sits_on_both_fills(node):
    row = node.read("liquidations").row(0, named=True)
    assert node.manifest.rows["liquidations"] == 1
    assert (row["instrument"], row["fill"], row["side"]) == ("hyperliquid:WLFI", "87867877881544", 1)
    fill = node.read("fills").filter(pl.col("fill") == row["fill"]).row(0, named=True)
    assert fill["liquidated"] == row["account"] == fill["taker"]
    assert fill["side"] == -row["side"]
    assert fill["block"] == 777_010_856
    assert node.read("fills")["liquidated"].null_count() == 1794


def test_spot_pairs_and_perps_of_other_deployers_are_told_from_main_perps(node):
    kinds = node.read("instruments").select("symbol", "kind", "base", "quote", "settle")
    fills = node.read("fills", columns=["instrument"]).with_columns(symbol=pl.col("instrument").str.slice(12))
    per_kind = dict(fills.join(kinds, on="symbol").group_by("kind").len().rows())
    assert 2 * per_kind["spot"] == 258
    assert 2 * fills.filter(pl.col("symbol").str.starts_with("xyz:")).height == 110
    assert kinds.filter(symbol="@107").row(0) == ("@107", "spot", "HYPE", "USDC", "USDC")
    assert kinds.filter(symbol="xyz:XYZ100").row(0) == ("xyz:XYZ100", "perp", "XYZ100", "USD", "USDC")
    assert kinds.filter(symbol="BTC").row(0) == ("BTC", "perp", "BTC", "USD", "USDC")
    assert kinds.height == 151


def test_positions_of_perps_are_whole_lots_and_move_by_the_fill(node):
    perps = [name for name, item in node.instruments.items() if item.kind == "perp"]
    fills = node.read("fills", instrument=perps)
    assert fills.select(pl.col("maker_position", "taker_position").null_count()).row(0) == (0, 0)
    # An account that fills twice in a block as maker starts where it ended, but for the order of fills in a block.
    chain = fills.with_columns(after=pl.col("maker_position") + pl.col("side") * pl.col("size")).with_columns(
        next=pl.col("maker_position").shift(-1).over("instrument", "maker", "block")
    )
    known = chain.drop_nulls("next")
    assert known.filter(pl.col("after") == pl.col("next")).height > 0.9 * known.height


def test_an_unbroken_run_of_blocks_is_one_session_of_every_coin(node):
    sessions = node.read("sessions")
    assert sessions.height == 151
    assert sessions["events"].sum() == 1795
    assert set(sessions["end_exchange"] - sessions["start_exchange"]) == {
        node.read("blocks")["exchange_time"].max() - node.read("blocks")["exchange_time"].min()
    }


def test_nothing_of_the_node_fills_is_set_aside(node):
    assert "quarantine" not in node.manifest.rows
    assert {item.level for item in node.manifest.findings} <= {"info"}


def test_trades_sent_again_after_the_outage_are_dropped_and_counted(shared_file, built):
    btc = built(*(shared_file(folder(f"btc_20250903_{kind}")) for kind in ("orderbooks", "prices", "trades")))
    sol = built(*(shared_file(folder(f"sol_20250903_{kind}")) for kind in ("orderbooks", "prices", "trades")))
    assert (count(btc, level="dropped", code="sent twice", table="fills"), btc.manifest.rows["fills"]) == (30, 1467)
    assert (count(sol, level="dropped", code="sent twice", table="fills"), sol.manifest.rows["fills"]) == (1, 1026)
    assert (btc.manifest.rows["quotes"], sol.manifest.rows["quotes"]) == (1793, 1807)
    assert (btc.manifest.rows["book"], sol.manifest.rows["book"]) == (445 * 40, 445 * 40)  # one of 446 came twice


def test_the_outage_of_250_seconds_ends_a_session_of_every_channel(shared_file, built):
    tape = built(*(shared_file(folder(f"btc_20250903_{kind}")) for kind in ("orderbooks", "prices", "trades")))
    sessions = tape.read("sessions")
    before = 1_756_904_247 * SECOND  # 12:57:27
    after = 1_756_904_497 * SECOND  # 13:01:37
    assert set(sessions["channel"]) == {"book", "quotes", "fills"}
    for (_, channel), rows in sessions.partition_by("instrument", "channel", as_dict=True).items():
        assert rows.height == 3, channel  # a second, shorter outage follows
        first, second = rows.row(0, named=True), rows.row(1, named=True)
        assert abs(first["end_local"] - before) < SECOND
        assert abs(second["start_local"] - after) < SECOND
        assert first["ended_by"].startswith("silence of 2")


def test_books_and_quotes_of_one_instant_agree_at_the_top(shared_file, built):
    tape = built(*(shared_file(folder(f"btc_20250903_{kind}")) for kind in ("orderbooks", "prices", "trades")))
    side = pl.col("side")
    tops = (
        tape.read("book")
        .group_by("exchange_time")
        .agg(
            book_bid=pl.col("price").filter(side == 1).max(),
            book_ask=pl.col("price").filter(side == -1).min(),
            levels=pl.len(),
        )
    )
    both = tape.read("quotes").join(tops, on="exchange_time")
    assert set(tops["levels"]) == {40}
    assert both.height > 200
    agree = both.filter((pl.col("bid") == pl.col("book_bid")) & (pl.col("ask") == pl.col("book_ask")))
    assert agree.height > 0.99 * both.height


def test_seven_sessions_of_quotes_with_half_quotes_completed_within_a_second(shared_file, built):
    tape = built(*(shared_file(folder(f"btc_20250901-0907_{kind}")) for kind in ("prices", "trades")))
    assert (count(tape, level="dropped", code="sent twice"), tape.manifest.rows["fills"]) == (10, 12_251)
    quotes = tape.read("quotes")
    assert quotes.height == 27_556
    assert count(tape, level="info", code="half a quote") == 5
    assert quotes.select(pl.col("bid", "ask").null_count()).row(0) == (0, 0)
    assert dict(tape.read("sessions").group_by("channel").len().rows()) == {"quotes": 7, "fills": 7}


def test_websocket_frames_are_whole_books_and_trades_with_both_accounts(shared_file, built):
    tape = built(shared_file("data/hyperliquid/btc_l2book_ws_20250126.gz"))
    book = tape.read("book")
    assert book["sequence"].n_unique() == 46
    assert book["snapshot"].all()
    fills = tape.read("fills")
    assert fills.select(pl.col("maker", "taker").null_count()).row(0) == (0, 0)
    assert (book["local_time"].min(), book["local_time"].max() // 1_000_000) == (
        1_737_918_843_893_903_000,
        1_737_918_869_246,
    )


def test_captured_frames_without_the_recorders_clock_keep_the_venues(shared_file, built):
    tape = built(shared_file("data/messages/hyperliquid_captured/ws_captured_20260925.jsonl"))
    assert tape.manifest.rows["quotes"] == 1
    fills = tape.read("fills")
    assert fills["local_time"].null_count() == fills.height == 3
    assert fills.filter(pl.col("taker") == "own").height == 1
    assert count(tape, level="dropped", code="no clock") == 1
