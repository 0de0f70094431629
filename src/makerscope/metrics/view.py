"""What a tape says about one window of time, ready to be measured: one clock, one reference price an instrument.

Clock: an instrument is measured on the venue's clock where all its quotes and fills carry it, else on the recorder's
where all carry that, else on whichever each event has (said in the report: such spreads hold the unknown delay).

Reference: the mid of the recorded top of the book, else of the rebuilt book, else the last trade price. With a last
trade price nothing can be said about spreads, only about what prices did afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

import polars as pl

from makerscope.errors import InputError
from makerscope.metrics.book import top_of_book
from makerscope.tape.events import Instrument
from makerscope.tape.read import Tape
from makerscope.tape.sweeps import is_no_trade

QUOTES, BOOK, LAST_TRADE, NONE = "mid of the recorded quotes", "mid of the rebuilt book", "last trade price", "none"
EXCHANGE, LOCAL, MIXED = "venue's clock", "recorder's clock", "mixed clocks"
CLOCKS: MappingProxyType[str, pl.Expr] = MappingProxyType(
    {
        EXCHANGE: pl.col("exchange_time"),
        LOCAL: pl.col("local_time"),
        MIXED: pl.coalesce("exchange_time", "local_time"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The events of a window, on one clock an instrument.

    Args:
        tape: where they come from.
        since: first ns of the window.
        until: first ns after it.
        instruments: the instruments measured, by name.
        clock: ``EXCHANGE``, ``LOCAL`` or ``MIXED`` of each instrument.
        reference: ``QUOTES``, ``BOOK``, ``LAST_TRADE`` or ``NONE`` of each instrument.
        quotes: ``time, instrument, bid, bid_size, ask, ask_size`` in order of time, ``halo`` longer than the window.
        fills: table ``fills`` with ``time``, in order of time, inside the window; settlements and transfers too.
        trades: table ``trades`` with ``time``, likewise.
        sessions: ``instrument, channel, start, end`` on the same clock, cut to the window.
    """

    tape: Tape
    since: int
    until: int
    instruments: dict[str, Instrument]
    clock: dict[str, str]
    reference: dict[str, str]
    quotes: pl.DataFrame
    fills: pl.DataFrame
    trades: pl.DataFrame
    sessions: pl.DataFrame

    def ends(self) -> dict[str, int]:
        """When the reference price of each instrument ends, ns: no markout is measured beyond."""
        last = self.quotes.group_by("instrument").agg(pl.col("time").max())
        return dict(last.iter_rows())


def load(
    tape: Tape,
    *,
    since: int | None = None,
    until: int | None = None,
    instruments: Sequence[str] = (),
    halo: int = 0,
) -> View:
    """The events of a window.

    Args:
        tape: an open tape.
        since: first ns, default and at least the first event.
        until: first ns after the window, default and at most just behind the last event.
        instruments: names or symbols to measure, default all.
        halo: ns of quotes before and after the window that references may need.

    Raises:
        InputError: an instrument is not on the tape, or the window is empty.
    """
    chosen = choose(tape, instruments)
    span = tape.span
    if span is None:
        raise InputError(tape.path, "holds no events", "a tape with at least one event")
    first = span[0] if since is None else since
    last = span[1] + 1 if until is None else until
    if first >= last or last <= span[0] or first > span[1]:
        raise InputError(
            "--since/--until", f"window {first}..{last} holds no event", f"times within {span[0]}..{span[1]} ns"
        )
    first, last = max(first, span[0]), min(last, span[1] + 1)  # nothing is known of the time beyond the tape
    names = list(chosen)
    quotes, reference = _quotes(tape, names, first - halo, last + halo)
    fills = tape.read("fills", since=first, until=last, instrument=names)
    clock = _clocks(quotes, fills, names)
    timed = _on_clock(fills, clock)
    quotes = pl.concat([_on_clock(quotes, clock).select(_QUOTE), _last_trades(timed, reference)]).sort(
        "time", maintain_order=True
    )
    for name in timed["instrument"].unique():
        if reference.get(name, NONE) == NONE:
            reference[name] = LAST_TRADE
    return View(
        tape=tape,
        since=first,
        until=last,
        instruments=chosen,
        clock=clock,
        reference={name: reference.get(name, NONE) for name in names},
        quotes=quotes,
        fills=timed,
        trades=_on_clock(tape.read("trades", since=first, until=last, instrument=names), clock),
        sessions=_sessions(tape, clock, first, last),
    )


def choose(tape: Tape, instruments: Sequence[str]) -> dict[str, Instrument]:
    """The instruments a user named, by full name or by symbol; all of the tape where none was named.

    Raises:
        InputError: a name is not on the tape.
    """
    if not instruments:
        return dict(tape.instruments)
    out: dict[str, Instrument] = {}
    for wanted in instruments:
        found = {name: item for name, item in tape.instruments.items() if wanted in (name, item.symbol)}
        if not found:
            some = ", ".join(list(tape.instruments)[:8])
            raise InputError(
                f"--instrument {wanted}", "is not on this tape", f"one of {some} (of {len(tape.instruments)})"
            )
        out |= found
    return dict(sorted(out.items()))


_QUOTE = ("time", "instrument", "bid", "bid_size", "ask", "ask_size")
_CLOCKED = ("exchange_time", "local_time", "instrument", "bid", "bid_size", "ask", "ask_size")


def _quotes(tape: Tape, names: list[str], since: int, until: int) -> tuple[pl.DataFrame, dict[str, str]]:
    recorded = tape.read("quotes", since=since, until=until, instrument=names, columns=_CLOCKED)
    reference = dict.fromkeys(recorded["instrument"].unique().to_list(), QUOTES)
    parts = [recorded]
    lacking = [name for name in names if name not in reference]
    if tape.has("book") and lacking:
        levels = tape.read("book", until=until, instrument=lacking)  # from the start: a book needs its snapshot
        for (name,), rows in levels.partition_by("instrument", as_dict=True, maintain_order=True).items():
            top = top_of_book(rows).select(_CLOCKED)
            parts.append(top.filter(pl.coalesce("exchange_time", "local_time") >= since))
            reference[str(name)] = BOOK
    return pl.concat(parts, how="vertical_relaxed"), reference


def _clocks(quotes: pl.DataFrame, fills: pl.DataFrame, names: list[str]) -> dict[str, str]:
    """The clock that all quotes and fills of each instrument carry."""
    times = pl.concat([frame.select("instrument", "exchange_time", "local_time") for frame in (quotes, fills)])
    lacking = times.group_by("instrument").agg(pl.col("exchange_time", "local_time").null_count())
    kinds = {name: EXCHANGE if not venue else LOCAL if not own else MIXED for name, venue, own in lacking.iter_rows()}
    return {name: kinds.get(name, EXCHANGE) for name in names}


def _on_clock(rows: pl.DataFrame, clock: dict[str, str]) -> pl.DataFrame:
    """``rows`` with ``time`` first, in order of time; equal times keep their order."""
    local = [name for name, kind in clock.items() if kind == LOCAL]
    time = pl.when(pl.col("instrument").is_in(local)).then("local_time").otherwise(CLOCKS[MIXED])
    return rows.select(time.alias("time"), pl.all()).sort("time", maintain_order=True)


def _last_trades(fills: pl.DataFrame, reference: dict[str, str]) -> pl.DataFrame:
    """Trade prices as quotes one tick around them, so that their mid is the price, for what has no quotes."""
    return fills.filter(~pl.col("instrument").is_in(list(reference))).select(
        "time",
        "instrument",
        bid=pl.col("price") - 1,
        bid_size=pl.lit(None, dtype=pl.Int64),
        ask=pl.col("price") + 1,
        ask_size=pl.lit(None, dtype=pl.Int64),
    )


def _sessions(tape: Tape, clock: dict[str, str], since: int, until: int) -> pl.DataFrame:
    local = [name for name, kind in clock.items() if kind == LOCAL]
    on_local = pl.col("instrument").is_in(local)
    bound = {
        side: pl.when(on_local).then(f"{side}_local").otherwise(pl.coalesce(f"{side}_exchange", f"{side}_local"))
        for side in ("start", "end")
    }
    return (
        tape.read("sessions", instrument=list(clock))
        .select("instrument", "channel", start=bound["start"].clip(since, until), end=bound["end"].clip(since, until))
        .filter(pl.col("start") < pl.col("end"))
        .sort("instrument", "channel", "start")
    )


def traded(fills: pl.DataFrame) -> pl.DataFrame:
    """Fills that somebody agreed to: without settlements and forced transfers of positions."""
    return fills.filter(~is_no_trade())


def made(fills: pl.DataFrame) -> pl.DataFrame:
    """Fills that a maker of these venues made, known or not: without hedges against makers that are no party here."""
    hedge = pl.col("purpose").eq("hedge").fill_null(value=False) & pl.col("maker").is_null()
    return traded(fills).filter(~hedge)


def transfers_of(view: View) -> pl.DataFrame | None:
    """Table ``transfers`` of the window with ``time``; None where the tape has none.

    Where only some instruments are measured, money of no instrument is left out: it belongs to all of them.
    """
    if not view.tape.has("transfers"):
        return None
    here = pl.col("instrument").is_in(list(view.instruments))
    whole = len(view.instruments) == len(view.tape.instruments)
    return (
        view.tape.read("transfers", since=view.since, until=view.until)
        .filter(here | (pl.col("instrument").is_null() & whole))
        .with_columns(time=CLOCKS[MIXED])
    )


def unit_price(instrument: Instrument) -> float:
    """Quote currency of one tick, for models and pictures only."""
    return float(Decimal(instrument.tick_size))


def unit_size(instrument: Instrument) -> float:
    """Contracts of one lot times what a contract stands for, for models and pictures only."""
    return float(Decimal(instrument.lot_size) * Decimal(instrument.multiplier))
