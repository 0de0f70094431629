"""One pass over the rows of one file of a tape: rules, order, and what needs a memory of earlier rows."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import PurePosixPath

import polars as pl

from makerscope.tape.events import TIMED
from makerscope.tape.manifest import TapeFile
from makerscope.tape.rules import Rule, rules_of

MOST_CROSSED = 1 / 3  # share of crossed quotes beyond which an instrument's quotes are no quotes
FEWEST_QUOTES = 30
TIME = pl.coalesce("exchange_time", "local_time")


@dataclass(slots=True)
class Seen:
    """What later files need of earlier ones: names declared, and instruments whose book began with a snapshot."""

    instruments: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    started: set[str] = field(default_factory=set)


class FileScan:
    """One pass over the rows of one file, batch by batch."""

    def __init__(self, item: TapeFile, seen: Seen) -> None:
        self.item, self.seen = item, seen
        self.rules = rules_of(item.table, instruments=seen.instruments, tokens=seen.tokens)
        self.rules += _day_rule(item)
        self.found: dict[str, tuple[str, int]] = {}
        self.row = 0
        self.last: dict[str, tuple[int, ...]] = {}
        self.disorder = {"(time, serial)": ("", 0), "serial": ("", 0)}
        self.deltas = False
        self.bounds: list[int] = []
        self.crossed: dict[str, list[int]] = {}

    def batch(self, rows: pl.DataFrame) -> None:
        """Look at the next rows."""
        for rule in self.rules:
            self._note(rule, rows)
        table = self.item.table
        if table == "instruments":
            self.seen.instruments |= set(rows["instrument"].to_list())
        if table == "tokens":
            self.seen.tokens |= set(rows["token"].to_list())
        if table == "sessions":
            self._overlaps(rows)
        if table in TIMED and rows.height:
            self._order(rows)
        if table == "book":
            self._snapshots(rows)
        if table == "quotes":
            self._quotes(rows)
        self.row += rows.height

    def _note(self, rule: Rule, rows: pl.DataFrame) -> None:
        bad = rows.select(rule.breach.fill_null(value=False).alias("bad"))["bad"]
        count = int(bad.sum() or 0)
        if count:
            self._add(rule.what, self._place(rows, int(bad.arg_true()[0])), count)

    def _add(self, what: str, where: str, count: int) -> None:
        first, before = self.found.get(what, (where, 0))
        self.found[what] = (first, before + count)

    def _place(self, rows: pl.DataFrame, at: int) -> str:
        row = f"row {self.row + at}"
        time = rows.select(TIME)[at, 0] if self.item.table in TIMED else None
        return row if time is None else f"{row}, {_utc(time)}"

    def _order(self, rows: pl.DataFrame) -> None:
        """Rows come in order of (time, serial); a book with deltas in order of serial."""
        keys = rows.select(time=TIME, serial="serial")
        self.bounds += [int(bound) for bound in (keys["time"].min(), keys["time"].max()) if isinstance(bound, int)]
        before = keys.shift(1)
        if self.last:
            before = pl.concat(
                [pl.DataFrame([self.last["key"]], schema=keys.schema, orient="row"), keys.head(keys.height - 1)]
            )
        pair = keys.hstack(before.rename({"time": "time_before", "serial": "serial_before"}))
        late = pl.col("serial") < pl.col("serial_before")
        early = pl.col("time") < pl.col("time_before")
        breaches = {"(time, serial)": early | ((pl.col("time") == pl.col("time_before")) & late), "serial": late}
        for name, breach in breaches.items():
            bad = pair.select(breach.fill_null(value=False).alias("bad"))["bad"]
            where, count = self.disorder[name]
            if bad.any():
                self.disorder[name] = (where or self._place(rows, int(bad.arg_true()[0])), count + int(bad.sum()))
        self.last["key"] = keys.row(keys.height - 1)

    def _snapshots(self, rows: pl.DataFrame) -> None:
        """The book of an instrument begins with a snapshot."""
        self.deltas = self.deltas or not rows["snapshot"].all()
        fresh = rows.with_row_index("at").filter(~pl.col("instrument").is_in(sorted(self.seen.started)))
        if not fresh.height:
            return
        early = fresh.filter(~pl.col("snapshot").cum_max().over("instrument"))
        if early.height:
            self._add("a change comes before any snapshot", self._place(rows, int(early["at"][0])), early.height)
        self.seen.started |= set(fresh.filter("snapshot")["instrument"].unique().to_list())

    def _quotes(self, rows: pl.DataFrame) -> None:
        counts = rows.group_by("instrument").agg(
            crossed=(pl.col("bid") > pl.col("ask")).sum(), both=(pl.col("bid") + pl.col("ask")).is_not_null().sum()
        )
        for name, crossed, both in counts.iter_rows():
            sums = self.crossed.setdefault(name, [0, 0])
            sums[0], sums[1] = sums[0] + crossed, sums[1] + both

    def _overlaps(self, rows: pl.DataFrame) -> None:
        """Sessions of a channel come in order and apart."""
        start, end = pl.coalesce("start_exchange", "start_local"), pl.coalesce("end_exchange", "end_local")
        local = pl.col("start_local") <= pl.col("end_local").shift(1).over("instrument", "channel")
        venue = start < end.shift(1).over("instrument", "channel")
        apart = rows.with_row_index("at").filter(venue & local.fill_null(value=True))
        if apart.height:
            self._add("begins before the session before it ended", self._place(rows, int(apart["at"][0])), apart.height)

    def problems(self) -> list[tuple[str, str, int]]:
        """What was counted: what is wrong, where first, how often."""
        out = [(what, where, count) for what, (where, count) in self.found.items()]
        name = "serial" if self.item.table == "book" and self.deltas else "(time, serial)"
        where, count = self.disorder[name]
        if count:
            out.append((f"rows are not in order of {name}", where, count))
        for instrument, (crossed, both) in sorted(self.crossed.items()):
            if both >= FEWEST_QUOTES and crossed > both * MOST_CROSSED:
                out.append((f"{crossed / both:.0%} of the quotes of {instrument} have bid above ask", "", crossed))
        if self.bounds and (min(self.bounds), max(self.bounds)) != (self.item.first_time, self.item.last_time):
            said = f"the manifest says {self.item.first_time} to {self.item.last_time}"
            out.append((f"times run from {min(self.bounds)} to {max(self.bounds)}; {said}", "", 1))
        return out


def _day_rule(item: TapeFile) -> list[Rule]:
    folder = PurePosixPath(item.path).parent.name
    if item.table not in TIMED or not folder.startswith("day="):
        return []
    day = folder.removeprefix("day=")
    here = pl.from_epoch(TIME.floordiv(86_400_000_000_000), time_unit="d").dt.to_string("%Y-%m-%d")
    return [Rule(f"lies outside the day {day} of its folder", TIME.is_between(0, 1 << 62) & (here != day))]


def _utc(time: int) -> str:
    if not 0 <= time < 1 << 62:
        return f"time {time} ns"
    seconds, rest = divmod(time, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{rest:09d}"
