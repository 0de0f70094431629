"""What a tape shows of one epoch, ready to be scored: orders at rest, prices, fills, sessions, block times."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from makerscope.errors import InputError
from makerscope.metrics.quoting import listened
from makerscope.metrics.view import BOOK, CLOCKS, LOCAL, MIXED, QUOTES, View, load, made
from makerscope.programs.references import Prices
from makerscope.programs.resting import lives_of
from makerscope.programs.stress import Window
from makerscope.tape.read import Tape

_SHARED = ("makers", "fills", "_fills", "_parts")
_HALO = 86_400_000_000_000  # ns before an epoch in which the last known quote is looked for
_NO_PRICES = {
    "quotes": {"time": pl.Int64, "bid": pl.Int64, "ask": pl.Int64},
    "marks": {"time": pl.Int64, "mark": pl.Int64, "index": pl.Int64},
    "trades": {"time": pl.Int64, "last_price": pl.Int64},
    "chain": {
        "time": pl.Int64,
        "mark": pl.Float64,
        "index": pl.Float64,
        "delta": pl.Float64,
        "vega": pl.Float64,
        "underlying": pl.Float64,
    },
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """A window of a tape, ``since <= time < until`` (ns).

    ``lives``: stretches of resting orders by instrument, cut to the window; ``heard``: when orders were heard, by
    instrument; ``unnamed``: instruments where some orders' makers are unknown (those are not scored).
    """

    tape: Tape
    view: View
    since: int
    until: int
    lives: dict[str, pl.DataFrame]
    heard: dict[str, list[Window]]
    unnamed: dict[str, int]

    @cached_property
    def makers(self) -> tuple[str, ...]:
        """Everybody whose orders rested or were hit, by name."""
        names = {name for rows in self.lives.values() for name in rows["maker"].unique().to_list()}
        return tuple(sorted(names | set(self.fills["maker"].drop_nulls().unique().to_list())))

    @cached_property
    def fills(self) -> pl.DataFrame:
        """Fills that a maker of these venues made."""
        return made(self.view.fills)

    def prices(self, instrument: str) -> Prices:
        """What is known of prices of one instrument."""
        return Prices(
            **{name: self._parts[name].get(instrument, pl.DataFrame(schema=_NO_PRICES[name])) for name in _NO_PRICES}
        )

    def fills_of(self, instrument: str) -> pl.DataFrame:
        """Fills of one instrument."""
        return self._fills.get(instrument, self.fills.clear())

    def with_lives(self, lives: dict[str, pl.DataFrame]) -> "Evidence":
        """The same window with other orders of the same makers; what was read already is not read again."""
        other = replace(self, lives=lives)
        other.__dict__.update({name: own for name, own in self.__dict__.items() if name in _SHARED})
        return other

    def blocks(self, venue: str) -> NDArray[np.int64]:
        """Times of the blocks of a venue, ns, in order."""
        if not self.tape.has("blocks"):
            raise InputError(
                "blocks", "the rule looks at blocks, so it cannot be evaluated", "table 'blocks' on the tape"
            )
        rows = self.tape.read("blocks", since=self.since, until=self.until).filter(pl.col("venue") == venue)
        return rows.select(CLOCKS[MIXED].alias("time"))["time"].sort().unique(maintain_order=True).to_numpy()

    @cached_property
    def _fills(self) -> dict[str, pl.DataFrame]:
        return _by_instrument(self.fills)

    @cached_property
    def _parts(self) -> dict[str, dict[str, pl.DataFrame]]:
        """Each table of prices, cut by instrument once: a chain has hundreds."""
        quoted = [name for name, source in self.view.reference.items() if source in (QUOTES, BOOK)]
        tables = {
            "quotes": self.view.quotes.filter(pl.col("instrument").is_in(quoted)),
            "trades": self.view.trades,
            "marks": self._table("marks"),
            "chain": self._table("chain"),
        }
        out: dict[str, dict[str, pl.DataFrame]] = {}
        for name, rows in tables.items():
            wanted = ["instrument", *_NO_PRICES[name]]
            out[name] = (
                _by_instrument(rows.select(wanted).sort("time", maintain_order=True)) if rows is not None else {}
            )
        return out

    def _table(self, name: str) -> pl.DataFrame | None:
        if not self.tape.has(name):
            return None
        rows = self.tape.read(name, until=self.until, instrument=list(self.lives))
        return rows.with_columns(time=_time(self.view))


def evidence(tape: Tape, *, since: int | None = None, until: int | None = None) -> Evidence:
    """The evidence of an epoch.

    Args:
        tape: an open tape.
        since: first ns, default the tape's first event.
        until: first ns after the epoch, default just behind the tape's last event.

    Raises:
        InputError: the tape holds no resting orders, so that no rule can be evaluated.
    """
    if not tape.has("orders"):
        raise InputError(
            tape.path, "holds no resting orders, so the rule cannot be evaluated", "a tape with the table 'orders'"
        )
    view = _with_prices_before(load(tape, since=since, until=until, halo=_HALO))
    orders = tape.read("orders", until=view.until).with_columns(time=_time(view))
    lives = lives_of(orders, until=view.until).with_columns(pl.col("start").clip(lower_bound=view.since))
    lives = lives.filter(pl.col("start") < pl.col("end"))
    heard, _ = listened(view.sessions, lives, until=view.until)
    nobody = orders.filter(pl.col("maker").is_null()).group_by("instrument").len()
    parts = lives.partition_by("instrument", as_dict=True, maintain_order=True)
    windows = {
        str(name): list(zip(rows["start"].to_list(), rows["end"].to_list(), strict=True))
        for (name,), rows in heard.partition_by("instrument", as_dict=True, maintain_order=True).items()
    }
    names = sorted(str(name) for (name,) in parts)
    return Evidence(
        tape=tape,
        view=view,
        since=view.since,
        until=view.until,
        lives={name: parts[(name,)] for name in names},
        heard={name: windows.get(name, []) for name in names},
        unnamed=dict(nobody.sort("instrument").iter_rows()),
    )


def _with_prices_before(view: View) -> View:
    """Quotes up to the end of the epoch, with those before it: the last of them holds when the epoch begins."""
    return replace(view, quotes=view.quotes.filter(pl.col("time") < view.until))


def _time(view: View) -> pl.Expr:
    local = [name for name, kind in view.clock.items() if kind == LOCAL]
    return pl.when(pl.col("instrument").is_in(local)).then("local_time").otherwise(CLOCKS[MIXED])


def _by_instrument(rows: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = rows.partition_by("instrument", as_dict=True, maintain_order=True)
    return {str(name): part for (name,), part in parts.items()}
