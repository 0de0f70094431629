"""A tape measured once: the tables that every card of the scorecard is cut from."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

import polars as pl

from makerscope.metrics.buckets import width_for
from makerscope.metrics.markout import HORIZONS, MAX_AGE, Curves, markout_buckets, with_mids
from makerscope.metrics.measure import missing
from makerscope.metrics.ticks import spread_integrals
from makerscope.metrics.view import BOOK, LAST_TRADE, QUOTES, View, load, traded
from makerscope.report.scorecard import MarkoutRow
from makerscope.tape.events import Instrument
from makerscope.tape.read import Tape

ADVERSE_HORIZON = 10_000_000_000  # h* of the adverse-selection leg
CUT_UP = 500_000  # rows up to which a table is held a second time, cut up by maker and market
DOLLARS: frozenset[str] = frozenset(
    ("USD", "USDC", "USDT", "USDT0", "USDE", "USDH", "USDXL", "USDHL", "FDUSD", "BUSD", "DAI", "TUSD", "FEUSD")
)
AT_PAR: dict[str, str] = dict.fromkeys(DOLLARS, "USD")  # tokens that stand for the US dollar count as one


class Pick:
    """Rows of a table by the value of a column. A small table is cut up once; a large one is filtered each time."""

    def __init__(self, table: pl.DataFrame) -> None:
        self._table = table
        self._parts: dict[str, dict[object, pl.DataFrame]] = {}

    def __call__(self, column: str, value: str) -> pl.DataFrame:
        """The rows in which ``column`` is ``value``, in their order."""
        if self._table.height > CUT_UP:
            return self._table.filter(pl.col(column) == value)
        if column not in self._parts:
            parts = self._table.partition_by(column, as_dict=True, maintain_order=True)
            self._parts[column] = {key: part for (key,), part in parts.items()}
        return self._parts[column].get(value, self._table.clear())


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What was measured of a window of a tape.

    Args:
        view: its events.
        fills: trades, that is no settlements and forced transfers, with ``twice_mid`` before them and at each
        horizon, ``notional`` (quote currency, float). markouts: ``markout_buckets`` by instrument, maker, side,
        horizon and bucket. integrals: ``spread_integrals`` by instrument and bucket.
        horizons: ns, of the markouts.
        max_age: ns, the oldest a quote may be.
        width: ns of a bucket.
        fills_of: ``fills`` by the values of a column, such as ``fills_of("maker", "0xabc")``.
        markouts_of: ``markouts`` likewise.
    """

    view: View
    fills: pl.DataFrame
    markouts: pl.DataFrame
    integrals: pl.DataFrame
    horizons: tuple[int, ...]
    max_age: int
    width: int
    fills_of: Pick
    markouts_of: Pick

    @property
    def span(self) -> tuple[int, int]:
        """First and last bucket of the window."""
        return self.view.since // self.width, (self.view.until - 1) // self.width

    def block(self, horizon: int = 0) -> int:
        """Buckets in a bootstrap block: at least as long as the horizon."""
        return max(1, ceil(horizon / self.width))

    def instrument(self, name: str) -> Instrument:
        """An instrument by name."""
        return self.view.instruments[name]


def study(
    tape: Tape,
    *,
    since: int | None = None,
    until: int | None = None,
    instruments: Sequence[str] = (),
    horizons: Sequence[int] = HORIZONS,
    max_age: int = MAX_AGE,
) -> Study:
    """Measure a window of a tape.

    Args:
        tape: an open tape.
        since: first ns.
        until: first ns after the window.
        instruments: names or symbols, default all.
        horizons: ns of the markouts.
        max_age: ns, the oldest a quote may be for a trade.
    """
    ordered = tuple(sorted({*horizons, ADVERSE_HORIZON}))
    view = load(tape, since=since, until=until, instruments=instruments, halo=max_age + max(ordered))
    width = width_for(view.until - view.since)
    fills = traded(view.fills).join(notional_of(view.instruments), on="instrument", how="left", maintain_order="left")
    fills = fills.with_columns(
        notional=pl.when("inverse")
        .then(pl.col("size").cast(pl.Float64))
        .otherwise(pl.col("size").cast(pl.Float64) * pl.col("price"))
        * pl.col("unit")
    ).drop("unit", "inverse")
    fills = with_mids(fills, _reference_quotes(view), horizons=ordered, max_age=max_age, ends=view.ends())
    quoted = [name for name, source in view.reference.items() if source in (QUOTES, BOOK)]
    markouts = markout_buckets(fills, horizons=ordered, width=width)
    return Study(
        view=view,
        fills=fills,
        markouts=markouts,
        fills_of=Pick(fills),
        markouts_of=Pick(markouts),
        integrals=spread_integrals(
            view.quotes.filter(pl.col("instrument").is_in(quoted)), _quote_sessions(view, quoted), width=width
        ),
        horizons=ordered,
        max_age=max_age,
        width=width,
    )


def notional_of(instruments: dict[str, Instrument]) -> pl.DataFrame:
    """What one tick times one lot (linear) or one lot (inverse) is in quote currency, by instrument."""
    units = [
        float(Decimal(item.lot_size) * Decimal(item.multiplier) * (1 if item.inverse else Decimal(item.tick_size)))
        for item in instruments.values()
    ]
    inverse = [item.inverse for item in instruments.values()]
    return pl.DataFrame(
        {"instrument": list(instruments), "unit": units, "inverse": inverse},
        schema={"instrument": pl.String, "unit": pl.Float64, "inverse": pl.Boolean},
    )


def _reference_quotes(view: View) -> pl.DataFrame:
    """Quotes that give the mids.

    A rebuilt book is crossed while a taker's own order waits in it: the state before counts.
    """
    rebuilt = [name for name, source in view.reference.items() if source == BOOK]
    if not rebuilt:
        return view.quotes
    return view.quotes.filter(~pl.col("instrument").is_in(rebuilt) | (pl.col("bid") < pl.col("ask")))


def currency_of(instrument: Instrument) -> str:
    """The quote currency under which notionals are added: a token that stands for the US dollar counts as one."""
    return AT_PAR.get(instrument.quote, instrument.quote)


def _quote_sessions(view: View, names: list[str]) -> pl.DataFrame:
    """When the channel that gives the reference was heard."""
    channel = pl.when(pl.col("instrument").is_in([n for n in names if view.reference[n] == QUOTES])).then(
        pl.lit("quotes")
    )
    return view.sessions.filter(
        pl.col("instrument").is_in(names) & (pl.col("channel") == channel.otherwise(pl.lit("book")))
    ).select("instrument", "start", "end")


def markout_rows(measured: Study, table: pl.DataFrame, reference: Sequence[str]) -> tuple[MarkoutRow, ...]:
    """The markout curve of some rows of ``measured.markouts``, split in capture and price move, and by side.

    Where the reference is the last trade price, the capture is the distance from the last trade and says nothing.
    """
    curves = Curves(table, measured.span)
    gone = set(reference) == {LAST_TRADE}
    rows = []
    for horizon in measured.horizons:
        block = measured.block(horizon)
        capture = curves.bps("capture", horizon, block=block)
        if gone:
            capture = missing("bps", "not measurable: no quotes on this tape", n=capture.n)
        rows.append(
            MarkoutRow(
                horizon=horizon,
                markout=curves.bps("markout", horizon, block=block),
                capture=capture,
                price_move=capture if gone else curves.bps("price_move", horizon, block=block),
                buys=curves.bps("markout", horizon, side=1, block=block),
                sells=curves.bps("markout", horizon, side=-1, block=block),
                fills=curves.count("fills", horizon),
                past_end=curves.count("past_end", horizon),
                stale=curves.count("stale", horizon),
            )
        )
    return tuple(rows)
