"""The option chain of a tape as floats."""

import polars as pl
import pytest
from scipy.special import ndtr

from makerscope.errors import DomainError
from makerscope.metrics.option_chain import DAY, YEAR, option_rows, with_greeks, with_snapshots
from tests.tapes import SECOND, START, perp, write_tape

EXPIRY = START + 30 * DAY


def option(strike: int = 40_000, kind: str = "C", expiry: int = EXPIRY, **changes):
    symbol = f"BTC-{expiry}-{strike}-{kind}"
    facts = {
        "kind": "option", "base": "BTC", "quote": "BTC", "settle": "BTC", "tick_size": "0.0001", "lot_size": "0.1",
        "strike": str(strike), "expiry": expiry, "is_call": kind == "C",
    }  # fmt: skip
    return perp(symbol, **(facts | changes))


def chain(names, times=None, **columns) -> pl.DataFrame:
    n = len(names)
    base = {
        "exchange_time": times or [START] * n,
        "local_time": [None] * n,
        "instrument": [f"test:{name}" if ":" not in name else name for name in names],
        "bid": [100] * n,
        "bid_size": [20] * n,
        "ask": [120] * n,
        "ask_size": [30] * n,
        "mark": [0.011] * n,
        "underlying": [40_000.0] * n,
        "mark_volatility": [0.5] * n,
        "delta": [0.5] * n,
        "vega": [4500.0] * n,
    }
    kinds = {"local_time": pl.Int64, "bid": pl.Int64, "ask": pl.Int64, "underlying": pl.Float64}
    kinds |= {"delta": pl.Float64, "vega": pl.Float64, "mark_volatility": pl.Float64}
    return pl.DataFrame(base | columns, schema_overrides=kinds)


def test_a_coin_premium_becomes_usd_at_the_forward_of_its_expiry(tmp_path):
    item = option()
    row = option_rows(write_tape(tmp_path / "t", instruments=[item], chain=chain([item.instrument]))).to_dicts()[0]
    assert row["coin_premium"]
    assert (row["bid_coin"], row["ask_coin"], row["bid_usd"]) == pytest.approx((0.01, 0.012, 400.0))
    assert row["tick_usd"] == pytest.approx(4.0)
    assert (row["bid_size"], row["ask_size"]) == pytest.approx((2.0, 3.0))
    assert row["tenor"] == pytest.approx(30 / 365, rel=1e-12)
    assert (row["delta_bucket"], row["tenor_bucket"], row["greeks"]) == ("call 35-65", "1w-1m", "venue")
    assert row["reason"] is None


def test_a_linear_premium_is_already_in_usd(tmp_path):
    item = option(quote="USDC", tick_size="5")
    row = option_rows(write_tape(tmp_path / "t", instruments=[item], chain=chain([item.instrument]))).to_dicts()[0]
    assert not row["coin_premium"]
    assert (row["bid_usd"], row["bid_coin"], row["tick_usd"]) == pytest.approx((500.0, 500 / 40_000, 5.0))


def test_a_quote_that_cannot_be_used_says_why(tmp_path):
    items = [option(40_000), option(41_000), option(42_000), option(43_000, expiry=START), option(44_000, expiry=START)]
    names = [item.instrument for item in items]
    rows = chain(
        [*names, names[0]],
        bid=[100, 130, 0, 100, None, None],
        underlying=[None, 40_000.0, 40_000.0, None, 40_000.0, 40_000.0],
    )
    out = option_rows(write_tape(tmp_path / "t", instruments=items, chain=rows))
    assert out["reason"].to_list() == ["duplicate", "crossed", "price is not positive", "expired", "expired", None]
    assert out["forward"].to_list() == [40_000.0] * 6


def test_without_any_forward_of_the_expiry_there_is_none(tmp_path):
    item = option()
    rows = chain([item.instrument], underlying=[None], delta=[None])
    out = option_rows(write_tape(tmp_path / "t", instruments=[item], chain=rows))
    assert out.select("reason", "forward", "bid_usd", "delta_bucket").row(0) == ("no forward", None, None, None)


def test_missing_greeks_are_those_of_black_on_the_forward(tmp_path):
    items = [option(45_000), option(45_000, "P")]
    rows = chain([item.instrument for item in items], delta=[None, None], vega=[None, 1.0])
    out = option_rows(write_tape(tmp_path / "t", instruments=items, chain=rows))
    s = 0.5 * (30 / 365) ** 0.5
    d1 = float(pl.select(pl.lit(40_000 / 45_000).log()).item()) / s + s / 2
    assert out["delta"].to_list() == pytest.approx([ndtr(d1), ndtr(d1) - 1], rel=1e-12)
    assert out["greeks"].to_list() == ["black", "black"]
    assert out["vega"][1] == 1.0  # what the venue gave stands


def test_greeks_stay_unknown_without_a_volatility():
    row = pl.DataFrame({"forward": [1.0], "strike": [1.0], "tenor": [1.0], "is_call": [True]}).with_columns(
        mark_volatility=pl.lit(None, pl.Float64), delta=pl.lit(None, pl.Float64), vega=pl.lit(None, pl.Float64)
    )
    assert with_greeks(row).select("delta", "vega", "greeks").row(0) == (None, None, None)


def test_a_tape_without_a_chain_has_no_rows(tmp_path):
    assert option_rows(write_tape(tmp_path / "t")).height == 0


def test_an_expired_instrument_is_not_carried_on_in_a_feed():
    rows = pl.DataFrame({"time": [0, 5, 12, 35], "instrument": ["a", "b", "a", "a"], "expiry": [99, 15, 99, 99]})
    seen = with_snapshots(rows, silence=50, every=10).select("snapshot", "instrument").rows()
    assert seen == [(10, "a"), (10, "b"), (20, "a"), (30, "a"), (40, "a")]


def test_a_step_of_nothing_is_refused():
    with pytest.raises(DomainError, match="every is 0 ns"):
        with_snapshots(pl.DataFrame({"time": [0], "instrument": ["a"], "expiry": [1]}), every=0)


def test_only_the_asked_times_are_read(tmp_path):
    item = option()
    times = [START, START + SECOND, START + 2 * SECOND]
    tape = write_tape(tmp_path / "t", instruments=[item], chain=chain([item.instrument] * 3, times))
    assert option_rows(tape, START + SECOND, START + 2 * SECOND)["time"].to_list() == [START + SECOND]
    assert YEAR == 365 * DAY
