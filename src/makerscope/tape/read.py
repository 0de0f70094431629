"""Open a tape and read its tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from makerscope.errors import InputError, TapeError
from makerscope.tape.events import STATIC, TABLES, Instrument, Token
from makerscope.tape.frames import POLARS
from makerscope.tape.manifest import Manifest, load_manifest

TIME = pl.coalesce("exchange_time", "local_time")


@dataclass(frozen=True)
class Tape:
    """A tape on disk. Tables are Polars frames; rows come in order of time (``book``: in order of application).

    Args:
        path: its folder.
        manifest: what it holds.

    Examples:
        ``Tape.open("demo/tape").read("fills", instrument="hyperliquid:BTC")``
    """

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, path: Path | str) -> "Tape":
        """The tape in a folder.

        Raises:
            TapeError: no tape is there, it is damaged, or it has another schema version.
        """
        folder = Path(path)
        return cls(path=folder, manifest=load_manifest(folder))

    def has(self, table: str) -> bool:
        """Whether the tape holds rows of a table."""
        return self.manifest.rows.get(table, 0) > 0

    def scan(self, table: str) -> pl.LazyFrame:
        """A table, lazily, without the ``day`` of its folders. A table the tape lacks is empty."""
        if table not in TABLES:
            raise InputError(f"table {table!r}", "no table of a tape", ", ".join(TABLES))
        paths = [self.path / item.path for item in self.manifest.files if item.table == table]
        lost = next((path for path in paths if not path.exists()), None)
        if lost is not None:
            raise TapeError(f"{lost}: missing, though the manifest names it; want the tape as it was written")
        if not paths:
            return pl.DataFrame(schema=POLARS[table]).lazy()
        return pl.scan_parquet(paths, hive_partitioning=False, glob=False)

    def read(
        self,
        table: str,
        *,
        since: int | None = None,
        until: int | None = None,
        instrument: str | Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
    ) -> pl.DataFrame:
        """Rows of a table with ``since <= time < until`` (ns), where time is the venue's clock, else the recorder's.

        Raises:
            TapeError: a file is missing or damaged.
        """
        rows = self.scan(table)
        if table not in STATIC:
            if since is not None:
                rows = rows.filter(since <= TIME)
            if until is not None:
                rows = rows.filter(until > TIME)
        if instrument is not None:
            names = [instrument] if isinstance(instrument, str) else list(instrument)
            rows = rows.filter(pl.col("instrument").is_in(names))
        if columns is not None:
            rows = rows.select(columns)
        try:
            return rows.collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise TapeError(
                f"{self.path}/{table}: cannot be read ({error}); want the files as they were written"
            ) from error

    @cached_property
    def instruments(self) -> dict[str, Instrument]:
        """Every instrument by name, in order of name."""
        return {row["instrument"]: Instrument(**row) for row in self.read("instruments").iter_rows(named=True)}

    @cached_property
    def tokens(self) -> dict[str, Token]:
        """Every token by name."""
        return {row["token"]: Token(**row) for row in self.read("tokens").iter_rows(named=True)}

    @cached_property
    def span(self) -> tuple[int, int] | None:
        """First and last time of any event, ns, or None on an empty tape."""
        firsts = [item.first_time for item in self.manifest.files if item.first_time is not None]
        lasts = [item.last_time for item in self.manifest.files if item.last_time is not None]
        return (min(firsts), max(lasts)) if firsts else None
