"""The account of one file on its way to a tape: what was read, what was set aside, and whether anything was left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from makerscope.errors import FormatError
from makerscope.tape.write import TapeWriter
from makerscope.venues.columns import Column, parsed


@dataclass(slots=True)
class Intake:
    """The account of one file on its way to one table of a tape.

    Args:
        tape: where bad rows are kept.
        path: the file.
        table: table its rows are meant for.
    """

    tape: TapeWriter
    path: Path
    table: str
    kept: int = 0
    bad: int = 0
    first_bad: str = ""

    def refuse(self, line: int, raw: str, reason: str) -> None:
        """Set a row aside."""
        self.bad += 1
        self.first_bad = self.first_bad or f"line {line}: {reason}"
        self.tape.quarantine(self.path.name, line, self.table, reason, raw)

    def sieve(self, rows: pl.DataFrame, columns: Mapping[str, Column], rules: Sequence[pl.Expr] = ()) -> pl.DataFrame:
        """The good rows of ``parsed``; the bad ones are set aside."""
        good, bad = parsed(rows, columns, rules)
        for line, reason, raw in bad.iter_rows():
            self.refuse(line, raw, reason)
        self.kept += good.height
        return good

    def close(self, want: str, *, may_be_empty: bool = False) -> None:
        """Say so if the file held nothing.

        Args:
            want: what a file with good rows looks like.
            may_be_empty: no row at all is a finding, such as of a recorder that heard nothing, and no error.

        Raises:
            FormatError: no row was good.
        """
        if self.kept:
            return
        if self.bad or not may_be_empty:
            fact = f"none of its {self.bad} rows can be read ({self.first_bad})" if self.bad else "holds no row"
            raise FormatError(self.path, fact, want)
        self.tape.find("warning", "empty file", f"{self.path.name} has a header and no rows", table=self.table)
