"""Small tapes of resting orders for programs, with invented numbers; times are seconds after START."""

import polars as pl

from makerscope.programs.program_file import read_program
from makerscope.programs.scoring import score
from tests.tapes import DAY, SECOND, START, fills, perp, quotes, write_tape

HEAD = """
name = "mine"
version = 1
title = "a test"
status = "ours"
source = "this file"
valid_from = "2026-01-01"
"""
BASIS = {"instrument": "test:BTC", "start": 0, "end": 100}


def order(maker, side, price, size, **changes):
    """An order that rests from ``start`` to ``end``; ``filled`` is how it ends instead of being cancelled."""
    return {**BASIS, "maker": maker, "side": side, "price": price, "size": size, **changes}


def both(maker, distance, size, *, middle=10_000, **changes):
    """A bid and an ask at one distance (ticks) from the middle."""
    return [order(maker, side, middle - side * distance, size, **changes) for side in (1, -1)]


def steps(orders):
    """Table ``orders`` of such orders."""
    rows = []
    for number, each in enumerate(orders):
        name = each.get("order", f"{each['maker']}-{number}")
        came = (each["start"], 1, number, "placed", each["size"])
        went = (each["end"], 0, number, each.get("ended_by", "cancelled"), 0)
        for time, _, _, action, size in (came, went):
            rows.append(
                {
                    "exchange_time": START + round(time * SECOND), "local_time": START + round(time * SECOND),
                    "instrument": each["instrument"], "maker": each["maker"], "order": name, "action": action,
                    "side": each["side"], "price": each["price"], "size": size,
                }
            )  # fmt: skip
    rows.sort(key=lambda row: (row["exchange_time"], row["action"] == "placed"))
    return pl.DataFrame(rows).with_row_index("serial").with_columns(pl.col("serial").cast(pl.Int64))


def middles(path, *, half=5, instrument="test:BTC"):
    """Quotes around middles in ticks: ``path`` holds (second, middle)."""
    times, values = zip(*path, strict=True)
    bids, asks = [v - half for v in values], [v + half for v in values]
    return quotes(times, bids, asks, instrument=[instrument] * len(times))


def tape(folder, orders, *, path=((0, 10_000), (100, 10_000)), instruments=None, **tables):
    """A tape with these orders, and a middle for each of its instruments unless ``quotes`` are given."""
    items = instruments or [perp()]
    if "quotes" not in tables and path:
        tables["quotes"] = pl.concat([middles(path, instrument=item.instrument) for item in items]).sort(
            "exchange_time", maintain_order=True
        )
    return write_tape(folder / "tape", instruments=items, orders=steps(orders), **tables)


def bought(times, makers, **columns):
    """Fills of one lot at 1000 ticks by these makers."""
    return fills(times, maker=list(makers), price=[10_000] * len(times), **columns)


def scored(folder, orders, rule, *, since=0, until=100, parameters=None, previous=None, seed=None, **tables):
    """Scores of such a tape under a program in TOML."""
    return score(
        tape(folder, orders, **tables),
        read_program(HEAD + rule, parameters),
        since=START + since * SECOND,
        until=START + until * SECOND,
        previous=previous,
        seed=seed,
    )


def by_maker(scores, market="test:BTC"):
    return {item.maker: item for item in scores.standings if item.market == market}


def option(strike, *, is_call=True, expiry=START + 30 * DAY, **changes):
    """An option of the invented venue, prices in quote currency, ticks of 0.1 and lots of 0.01."""
    name = f"BTC-{strike}-{'C' if is_call else 'P'}"
    facts = {"kind": "option", "base": "BTC", "strike": str(strike), "is_call": is_call, "expiry": expiry}
    return perp(name, **facts, lot_size="0.01", **changes)


def chain(rows):
    """Table ``chain``: (second, instrument, columns)."""
    return pl.DataFrame(
        [
            {"exchange_time": START + time * SECOND, "local_time": START + time * SECOND, "instrument": name, **columns}
            for time, name, columns in rows
        ]
    )
