"""A book of every option of a Deribit month, held over marks of the venue: explained by its Greeks, exact."""

import polars as pl
import pytest

from makerscope.metrics.greeks_book import greeks_pnl
from makerscope.metrics.greeks_pnl import LEGS, TAYLOR
from makerscope.metrics.option_chain import option_rows
from makerscope.tape.events import Token
from makerscope.venues import deribit
from tests.recordings import tape_from

HOUR = 3600 * 10**9
NO_FUNDING = pl.DataFrame(schema={"time": pl.Int64, "instrument": pl.String, "funding": pl.Int64})
NO_MARKS = pl.DataFrame(schema={"time": pl.Int64, "instrument": pl.String, "twice_price": pl.Int64})


def bought_at_first_sight(rows, instruments, since, until):
    """One account buys ten lots of every option an hour after it was first seen, at the last mark's tick."""
    first = rows.filter(pl.col("mark_coin") > 0).group_by("instrument", maintain_order=True).first()
    first = first.filter(pl.col("time") + HOUR < pl.min_horizontal(pl.lit(until), pl.col("expiry")))
    tick = {name: float(item.tick_size) for name, item in instruments.items()}
    return first.sort("instrument").select(
        time=pl.col("time") + HOUR,
        serial=pl.int_range(pl.len()),
        instrument="instrument",
        maker=pl.lit("desk"),
        taker=pl.lit("crowd"),
        side=pl.lit(1, pl.Int8),
        price=(pl.col("mark_coin") / pl.col("instrument").cast(pl.String).replace_strict(tick)).round().cast(pl.Int64),
        size=pl.lit(10),
        maker_fee=pl.lit(0),
        maker_fee_token=pl.lit("BTC"),
        taker_fee=pl.lit(0),
        taker_fee_token=pl.lit("BTC"),
        maker_position=pl.lit(0),
        taker_position=pl.lit(0),
        liquidated=pl.lit(None, pl.String),
        purpose=pl.lit(None, pl.String),
    )


@pytest.mark.parametrize("month", ["2026-03"])
def test_a_month_of_marks_is_explained_by_greeks_and_adds_exactly(month, shared_file, tmp_path):
    path = shared_file(f"data/deribit/option_chain_snapshots_{month}.parquet")
    tape = tape_from(deribit, [path], tmp_path / "tape")
    rows = option_rows(tape).filter(pl.col("base") == "BTC")
    instruments = {name: item for name, item in tape.instruments.items() if item.base == "BTC"}
    since, until = int(rows["time"].min()), int(rows["time"].max()) + 1
    fills = bought_at_first_sight(rows, instruments, since, until)
    found = {
        sticky: greeks_pnl(
            fills, rows, NO_MARKS, NO_FUNDING, instruments=instruments, tokens={"BTC": Token(token="BTC", decimals=8)},
            since=since, until=until, accounts=["desk"], sticky=sticky,
        )
        for sticky in ("strike", "delta")
    }  # fmt: skip
    book = found["strike"]
    total = book.pnl.totals.row(0, named=True)
    unit = 10 ** book.decimals["BTC"]
    print({leg: round(total[leg] / unit, 4) for leg in (*LEGS, "equity_change")}, total["residual_share"])
    print(total["intervals"], "intervals,", total["unexplained"], "unexplained,", book.unusable_marks, "unusable marks")
    assert fills.height > 300
    assert sum(total[leg] for leg in LEGS) == total["equity_change"]
    assert total["intervals"] > 50_000
    assert total["unexplained"] == 0
    assert total["residual_share"] < 0.05
    other = found["delta"].pnl.totals.row(0, named=True)
    assert other["equity_change"] == total["equity_change"]
    assert abs(other["vega"] + other["vanna"] - total["vega"] - total["vanna"]) <= 2 * total["intervals"]
    assert other["vega"] != total["vega"]
    by_tenor = book.pnl.by("tenor_bucket", "delta_bucket")
    assert by_tenor["equity_change"].sum() == total["equity_change"]
    assert {*TAYLOR} < {*by_tenor.columns}
