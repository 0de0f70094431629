"""The verdict on a recording: each defect is found, named, and weighed."""

import polars as pl
import pytest

from makerscope.metrics.quality import assess, share_of
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from tests.tapes import SECOND, START, fills, perp, quotes, write_tape

N = 200
TIMES = [0.25 * at for at in range(N)]


def good_fills(times=TIMES, **columns):
    n = len(times)
    return fills(times, **({"side": [1, -1] * (n // 2), "price": [1000 + at % 3 for at in range(n)]} | columns))


def good_quotes(times=None, **columns):
    times = [t - 0.01 for t in TIMES] if times is None else times
    n = len(times)
    base = {"bids": [999 + at % 3 for at in range(n)], "asks": [1001 + at % 3 for at in range(n)]}
    return quotes(times, **(base | columns))


def judge(path, **tables):
    return assess(write_tape(path, **({"fills": good_fills(), "quotes": good_quotes()} | tables)))


def check(quality, name):
    return next(check for check in quality.checks if check.name == name)


def test_a_clean_recording_is_good(tmp_path):
    quality = judge(tmp_path / "t", silence={"quotes": 10 * SECOND})
    assert (quality.verdict, quality.reasons, quality.failing) == ("good", (), ())
    assert quality.venues == ("test",)
    assert quality.rows["fills"] == N
    assert {check.outcome for check in quality.checks} == {"ok"}


def test_all_trades_on_one_side_are_not_usable(tmp_path):
    quality = judge(tmp_path / "t", fills=good_fills(side=[1] * N))
    assert quality.verdict == "not usable"
    assert quality.failing == ("test:BTC",)
    assert quality.reasons[0].startswith("test:BTC: 100.0% imbalance")


def test_nearly_all_trades_on_one_side_call_for_care(tmp_path):
    quality = judge(tmp_path / "t", fills=good_fills(side=[1] * (N - 4) + [-1] * 4))
    assert quality.verdict == "usable"
    assert check(quality, "one-sided trades").value == pytest.approx((N - 8) / N)


def test_fewer_than_fifty_trades_on_one_side_prove_nothing(tmp_path):
    quality = judge(tmp_path / "t", fills=good_fills(TIMES[:40], side=[1] * 40, price=[1000] * 40))
    assert check(quality, "one-sided trades").outcome == "ok"


def test_many_thin_instruments_are_judged_together(tmp_path):
    names = [f"test:C{at % 10}" for at in range(N)]
    listed = [perp(f"C{at}") for at in range(10)]
    quality = assess(write_tape(tmp_path / "t", instruments=listed, fills=good_fills(side=[-1] * N, instrument=names)))
    assert quality.verdict == "not usable"
    assert check(quality, "one-sided trades").instruments == ()


@pytest.mark.parametrize(
    ("crossed", "outcome", "verdict"), [(80, "fail", "not usable"), (10, "warn", "usable"), (1, "ok", "good")]
)
def test_crossed_quotes_are_weighed_by_their_share(tmp_path, crossed, outcome, verdict):
    asks = [998] * crossed + [1001 + at % 3 for at in range(crossed, N)]
    quality = judge(tmp_path / "t", quotes=good_quotes(asks=asks))
    assert check(quality, "crossed quotes").outcome == outcome
    assert quality.verdict == verdict


def test_locked_quotes_count_as_crossed(tmp_path):
    bids = [999 + at % 3 for at in range(N)]
    assert judge(tmp_path / "t", quotes=good_quotes(bids=bids, asks=bids)).verdict == "not usable"


def test_a_rebuilt_book_that_is_crossed_is_found(tmp_path):
    rows = [
        (at + 1, True, side, price, 5) for at in range(N) for side, price in ((1, 1000), (-1, 990 if at % 2 else 1010))
    ]
    quality = assess(write_tape(tmp_path / "t", fills=good_fills(), book=book(rows)))
    assert check(quality, "crossed book").value == 0.5
    assert quality.verdict == "not usable"


def test_a_book_that_begins_with_a_change_is_not_usable(tmp_path):
    quality = assess(write_tape(tmp_path / "t", fills=good_fills(), book=book([(1, False, 1, 1000, 5)])))
    assert check(quality, "broken book").instruments == ("test:BTC",)
    assert quality.verdict == "not usable"


def book(rows):
    frame = pl.DataFrame(rows, schema=["sequence", "snapshot", "side", "price", "size"], orient="row")
    times = START + (frame["sequence"] - 1) * SECOND // 4
    return frame.with_columns(exchange_time=times, instrument=pl.lit("test:BTC"))


@pytest.mark.parametrize(("bad", "outcome"), [(30, "fail"), (3, "warn"), (0, "absent")])
def test_rows_off_tick_are_weighed_by_their_share(tmp_path, bad, outcome):
    with TapeWriter(tmp_path / "t", source="test") as tape:
        tape.add_instrument(perp())
        tape.write("fills", good_fills())
        for line in range(bad):
            tape.quarantine("x.csv", line, "fills", "price is no multiple of 0.1", "raw")
    quality = assess(Tape.open(tmp_path / "t"))
    found = [item for item in quality.checks if item.name == "bad rows in fills"]
    assert [item.outcome for item in found] == ([outcome] if bad else [])
    if outcome == "fail":
        assert quality.verdict == "not usable"
        assert "no multiple of 0.1" in quality.reasons[0]


def test_trades_far_from_the_quotes_before_them_are_found(tmp_path):
    price = [1000] * (N - 60) + [1100] * 60
    quality = judge(tmp_path / "t", fills=good_fills(price=price))
    assert check(quality, "trades far from the touch").value == pytest.approx(
        59 / 199
    )  # the last trade is past the last quote
    assert quality.verdict == "not usable"
    few = judge(tmp_path / "u", fills=good_fills(price=[1000] * (N - 5) + [1100] * 5))
    assert check(few, "trades far from the touch").outcome == "warn"


def test_an_old_quote_says_nothing_about_a_trade(tmp_path):
    quality = judge(
        tmp_path / "t", fills=good_fills(price=[1100 + at % 2 for at in range(N)]), quotes=good_quotes([-20.0] * N)
    )
    assert not any(item.name == "trades far from the touch" and item.outcome != "ok" for item in quality.checks)


def test_re_sent_trades_are_counted(tmp_path):
    again = pl.concat([good_fills(), good_fills().head(20)])
    quality = judge(tmp_path / "t", fills=again)
    assert check(quality, "dropped rows in fills").value == pytest.approx(20 / 220)
    assert quality.verdict == "usable"


def test_an_outage_is_told_with_its_share(tmp_path):
    times = [t - 0.01 + (200 if at >= N // 2 else 0) for at, t in enumerate(TIMES)]
    quality = judge(tmp_path / "t", silence={"quotes": 10 * SECOND}, quotes=good_quotes(times))
    assert check(quality, "outages").value == pytest.approx(200.25 / 249.75)
    assert "(outages there: 1)" in check(quality, "outages").text
    assert check(quality, "trades without quotes").outcome == "warn"
    assert quality.verdict == "usable"


def test_a_clock_that_is_behind_is_told_and_one_that_drifts_calls_for_care(tmp_path):
    behind = good_fills().with_columns(local_time=pl.col("exchange_time") - 1_270_000_000)
    seen = check(judge(tmp_path / "t", fills=behind), "clocks in fills")
    assert (seen.outcome, seen.value) == ("ok", -1.27)
    assert "clock is behind" in seen.text
    long = good_fills([0.25 * at for at in range(600)])
    drifting = long.with_columns(local_time=pl.col("exchange_time") + pl.int_range(pl.len()) * 10_000_000)
    seen = check(judge(tmp_path / "u", fills=drifting), "clocks in fills")
    assert seen.outcome == "warn"
    assert "drift +5.4" in seen.text


def test_rows_that_came_late_are_counted(tmp_path):
    rows = good_fills()
    late = pl.concat([rows.slice(20, N - 20), rows.head(20)])
    assert check(judge(tmp_path / "t", fills=late), "order of fills").value == pytest.approx(1 / N)
    mixed = rows.sample(fraction=1.0, shuffle=True, seed=1)
    assert check(judge(tmp_path / "u", fills=mixed), "order of fills").outcome == "warn"


def test_whole_seconds_are_told(tmp_path):
    quality = judge(tmp_path / "t", fills=good_fills([float(at) for at in range(N)]))
    assert check(quality, "resolution of time").instruments == ("test:BTC",)


def test_prices_that_never_change_are_told(tmp_path):
    assert (
        check(judge(tmp_path / "t", fills=good_fills(price=[1000] * N)), "constant prices in trades").outcome == "warn"
    )


def test_quotes_without_any_side_are_not_usable(tmp_path):
    empty = [None] * (N // 2) + [999] * (N // 2)
    asks = [None] * (N // 2) + [1001] * (N // 2)
    quality = judge(tmp_path / "t", quotes=good_quotes(bids=empty, asks=asks))
    assert check(quality, "empty quotes").value == 0.5
    assert quality.verdict == "not usable"


def test_sizes_of_zero_are_told(tmp_path):
    quality = judge(tmp_path / "t", quotes=good_quotes(bid_size=[0] * 4 + [1] * (N - 4)))
    assert check(quality, "zero sizes in quotes").outcome == "warn"


def test_a_funding_payment_that_no_venue_makes_is_told(tmp_path):
    marks = pl.DataFrame({"exchange_time": [START], "instrument": ["test:BTC"], "mark": [1000], "funding": [6_000]})
    # one lot is 0.001 * 100 USD = 0.1 USD = 100,000 base units of 6 decimals
    assert check(judge(tmp_path / "t", marks=marks), "funding").value == pytest.approx(0.06)


def test_an_empty_tape_is_not_usable(tmp_path):
    quality = assess(write_tape(tmp_path / "t"))
    assert (quality.verdict, quality.reasons) == ("not usable", ("the tape holds no events",))


def test_trades_without_a_known_aggressor_call_for_care(tmp_path):
    assert check(judge(tmp_path / "t", fills=good_fills(side=[0] * N)), "unknown aggressor").value == 1.0


def test_a_bad_instrument_of_little_weight_does_not_condemn_the_tape(tmp_path):
    minor = good_fills(side=[1] * N, instrument=["test:DOGE"] * N, fill=[f"d{at}" for at in range(N)])
    major = good_fills(size=[100] * N)
    listed = [perp(), perp("DOGE")]
    quality = assess(write_tape(tmp_path / "t", instruments=listed, fills=pl.concat([major, minor])))
    assert quality.verdict == "usable"
    assert quality.failing == ("test:DOGE",)
    assert quality.reasons[0] == "test:DOGE cannot be trusted (1.0% of the notional); the rest can"
    heavy = good_fills(side=[1] * N, instrument=["test:DOGE"] * N, size=[100] * N, fill=[f"d{at}" for at in range(N)])
    again = assess(write_tape(tmp_path / "u", instruments=listed, fills=pl.concat([major, heavy])))
    assert again.verdict == "not usable"


def test_warnings_of_the_reader_are_passed_on(tmp_path):
    with TapeWriter(tmp_path / "t", source="test") as tape:
        tape.add_instrument(perp())
        tape.write("fills", good_fills())
        tape.find("warning", "gap", "a sequence number is missing", table="book", instrument="test:BTC", count=3)
    quality = assess(Tape.open(tmp_path / "t"))
    assert check(quality, "reader: gap").text == "a sequence number is missing (3 times)"
    assert quality.findings[0].count == 3


def test_weights_without_any_weight_count_as_everything():
    assert share_of(("a",), {"a": 0.0}) == 1.0


def test_any_single_table_can_be_judged(tmp_path):
    at = {"exchange_time": [START], "instrument": ["test:BTC"]}
    pool = {name: [0] for name in ("open_tick", "low_tick", "high_tick", "close_tick", "liquidity")}
    pool |= {f"{way}_amount{side}": [0] for way in ("net", "in") for side in (0, 1)}
    order = {"order": ["1"], "action": ["placed"], "side": [1], "price": [9], "size": [1]}
    forced = {"account": ["a"], "side": [1], "price": [9], "size": [1]}
    tables = {
        "quotes": quotes([0], [9], [11]),
        "book": book([(1, True, 1, 1000, 5)]),
        "chain": pl.DataFrame(at | {"bid": [9], "ask": [None]}, schema_overrides={"ask": pl.Int64}),
        "marks": pl.DataFrame(at | {"mark": [9]}),
        "orders": pl.DataFrame(at | order),
        "liquidations": pl.DataFrame(at | forced),
        "pool_events": pl.DataFrame(at | {"kind": ["minute"]} | pool),
        "blocks": pl.DataFrame({"exchange_time": [START], "venue": ["test"], "block": [1]}),
        "accounts": pl.DataFrame({"exchange_time": [START], "account": ["a"], "token": ["USDC"], "equity": [1]}),
    }
    for name, rows in tables.items():
        quality = assess(write_tape(tmp_path / name, **{name: rows}))
        assert quality.rows[name] == 1
        assert quality.verdict == ("not usable" if name in ("blocks", "accounts") else "usable")


def test_times_of_blocks_at_whole_seconds_are_no_defect_but_any_trade_outside_a_block_is(tmp_path):
    times = [2.0 * (at // 4) for at in range(N)]
    blocks = pl.DataFrame({
        "exchange_time": [START + 2 * SECOND * at for at in range(N)], "venue": "test", "block": list(range(N)),
    })  # fmt: skip
    stamped = check(judge(tmp_path / "t", fills=good_fills(times), blocks=blocks), "resolution of time")
    assert (stamped.outcome, stamped.instruments) == ("ok", ())
    assert "times of their blocks" in stamped.text
    missing = check(judge(tmp_path / "u", fills=good_fills(times), blocks=blocks[1:]), "resolution of time")
    assert missing.instruments == ("test:BTC",)
    elsewhere = blocks.with_columns(venue=pl.lit("other"))
    assert check(judge(tmp_path / "v", fills=good_fills(times), blocks=elsewhere), "resolution of time").instruments
