"""Which rows of an incremental book belong to one message, and which come before any snapshot.

Tardis: rows of one message share ``local_timestamp``; when a row is part of a snapshot and the one before was not, the
book is begun anew; rows before the first snapshot of a file are left-overs of a reconnect and must be skipped.
"""

from dataclasses import dataclass, field

import polars as pl

from makerscope.tape.write import TapeWriter


@dataclass
class Snapshots:
    """Numbers the messages of each instrument across the blocks of a file. Memory grows with the instruments.

    A delta is admitted once a snapshot of its instrument was seen in the same file.
    """

    sequence: dict[str, int] = field(default_factory=dict)
    last: dict[str, tuple[int, bool]] = field(default_factory=dict)  # local time and snapshot flag of the last row
    started: set[str] = field(default_factory=set)

    def begin_file(self) -> None:
        """Forget the snapshots of the file before; message numbers go on."""
        self.started.clear()
        self.last.clear()

    def admit(self, rows: pl.DataFrame, tape: TapeWriter) -> pl.DataFrame:
        """Rows with their ``sequence``, without deltas that no snapshot came before.

        Args:
            rows: ``instrument``, ``local_time``, ``snapshot`` and the rest of a level, in order of the file.
            tape: counts the deltas refused.
        """
        if not rows.height:
            return rows.with_columns(sequence=pl.lit(0, dtype=pl.Int64))
        name, snapshot = pl.col("instrument"), pl.col("snapshot")
        begun = name.is_in(list(self.started)) | (snapshot.cast(pl.Int8).cum_max().over("instrument") == 1)
        marked = rows.with_columns(begun=begun)
        early = marked.filter(~pl.col("begun"))
        for instrument, count in early.group_by("instrument").agg(pl.len()).sort("instrument").iter_rows():
            text = "deltas before the first snapshot of a file: refused"
            tape.find("dropped", "delta before snapshot", text, table="book", instrument=instrument, count=count)
        kept = marked.filter("begun").drop("begun")
        return self._number(kept) if kept.height else kept.with_columns(sequence=pl.lit(0, dtype=pl.Int64))

    def _number(self, rows: pl.DataFrame) -> pl.DataFrame:
        before_time = _carried(self.last, 0, pl.Int64, pl.col("local_time"))
        before_flag = _carried(self.last, 1, pl.Boolean, pl.col("snapshot"))
        base = pl.col("instrument").replace_strict(self.sequence, default=0, return_dtype=pl.Int64)
        new = (
            before_flag.is_null()
            | (before_flag != pl.col("snapshot"))
            | (~pl.col("snapshot") & (before_time != pl.col("local_time")))
        )
        out = rows.with_columns(new=new).with_columns(
            sequence=base + pl.col("new").cast(pl.Int64).cum_sum().over("instrument")
        )
        ends = out.group_by("instrument").agg(pl.col("sequence", "local_time", "snapshot").last())
        for name, sequence, time, flag in ends.iter_rows():
            self.sequence[name] = sequence
            self.last[name] = (time, flag)
            self.started.add(name)
        return out.drop("new")


def _carried(last: dict[str, tuple[int, bool]], part: int, kind: type[pl.DataType], column: pl.Expr) -> pl.Expr:
    """The value of the row before of the same instrument, across blocks; null for its first row."""
    known = {name: state[part] for name, state in last.items()}
    carried = (
        pl.col("instrument").replace_strict(known, default=None, return_dtype=kind)
        if known
        else pl.lit(None, dtype=kind)
    )
    first = pl.int_range(pl.len()).over("instrument") == 0
    return pl.when(first).then(carried).otherwise(column.shift(1).over("instrument"))
