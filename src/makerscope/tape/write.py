"""Write a tape: streaming, sorted, de-duplicated, atomic.

Rows go to one Parquet file a table and day as they come, in a folder beside the target. ``commit`` puts each day in
order of time, drops what was sent twice, groups fills into sweeps, finds the recorder's outages, hashes every file,
writes the manifest and exchanges the folder with the target in one step. A writer that is killed leaves the old tape
or the new one, and a ``.partial-`` folder that the next writer removes. Memory holds one buffer a table, and one day
of one table at the commit.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl
import pyarrow.parquet as pq

import makerscope
from makerscope.errors import InputError, OutputError, SchemaError
from makerscope.tape.events import SCHEMA_VERSION, STATIC, TIMED, Instrument, Quarantined, Token
from makerscope.tape.folders import draft_of, put_in_place, remove_stale
from makerscope.tape.frames import POLARS, conform, parquet_writer, to_arrow
from makerscope.tape.manifest import (
    MANIFEST,
    Finding,
    Manifest,
    SourceFile,
    TapeFile,
    dump_manifest,
    evidence_root,
    sha256_of,
)
from makerscope.tape.sessions import join_parts, sessions_of
from makerscope.tape.sweeps import drop_repeated, number_sweeps, trades_of

ROW_GROUP = 131_072  # rows gathered before they are written
OPEN_FILES = 48  # days written at the same time, over all tables
KEPT_RAW = 10_000  # quarantined rows kept in full; the rest are only counted
DAY_NS = 86_400_000_000_000
TIME = pl.coalesce("exchange_time", "local_time")


class TapeWriter:
    """A tape being written. Use it in a ``with`` block: it commits at the end, or leaves nothing after an error.

    Args:
        out: folder of the tape. An older tape there is replaced; any other folder is refused.
        source: where the events come from, one line.
        progress: called with the number of rows finished while committing.

    Raises:
        InputError: ``out`` is something else than a tape.
        OutputError: the disk is full, or the folder may not be written.
    """

    def __init__(
        self,
        out: Path,
        *,
        source: str,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.out, self.source = Path(out), source
        self._silence: dict[tuple[str, str], int] = {}
        self.instruments: dict[str, Instrument] = {}
        self.tokens: dict[str, Token] = {}
        self.source_files: list[SourceFile] = []
        self._progress = progress or (lambda _rows: None)
        self._findings: dict[tuple[str, str, str, str, str], int] = {}
        self._quarantine: list[Quarantined] = []
        self._declared_sessions: list[pl.DataFrame] = []
        self._serial: Counter[str] = Counter()
        self._buffer: dict[str, list[pl.DataFrame]] = {}
        self._open: dict[tuple[str, str], pq.ParquetWriter] = {}
        self._parts: Counter[tuple[str, str]] = Counter()
        self._last: dict[tuple[str, str], tuple[int, int]] = {}  # time and serial of the last row of a table's day
        self._disordered: set[tuple[str, str, str]] = set()
        self._deltas: set[tuple[str, str]] = set()
        if (
            self.out.exists()
            and not (self.out / MANIFEST).exists()
            and any(self.out.iterdir() if self.out.is_dir() else [1])
        ):
            raise InputError(self.out, "exists and is not a tape", "a new folder or an older tape to replace")
        self._folder = draft_of(self.out)
        try:
            self.out.parent.mkdir(parents=True, exist_ok=True)
            remove_stale(self.out)
            self._folder.mkdir()
        except OSError as error:
            raise OutputError(
                f"{self.out}: cannot write here ({error.strerror}); want a folder with write permission"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with self._disk():
                    self.commit()
        finally:
            with suppress(OSError):  # what cannot be closed is thrown away with its folder
                self._close()
            self._open.clear()
            shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """Turn what the disk refuses into one of our errors."""
        try:
            yield
        except OSError as failure:
            why = failure.strerror or str(failure)
            raise OutputError(f"{self.out}: writing failed ({why}); nothing was changed; want free space") from failure

    def listen(self, venue: str, silence: dict[str, int]) -> None:
        """State the longest pause, in ns, in which a channel (table) of a venue still counts as heard.

        Channels that are not named get no sessions from their silences.
        """
        self._silence |= {(venue, table): pause for table, pause in silence.items()}

    def add_instrument(self, instrument: Instrument) -> None:
        """Declare an instrument; the same again is fine, a different one under the same name is not."""
        known = self.instruments.setdefault(instrument.instrument, instrument)
        if known != instrument:
            raise InputError(instrument.instrument, f"declared as {known} and as {instrument}", "one declaration")

    def add_token(self, token: Token) -> None:
        """Declare a token; the same again is fine."""
        known = self.tokens.setdefault(token.token, token)
        if known != token:
            raise InputError(
                token.token, f"declared with {known.decimals} and {token.decimals} decimals", "one declaration"
            )

    def add_source(self, path: Path, kind: str) -> None:
        """Name and hash a file that was read, for the manifest."""
        self.source_files.append(
            SourceFile(name=path.name, kind=kind, bytes=path.stat().st_size, sha256=sha256_of(path))
        )

    def find(self, level: str, code: str, text: str, *, table: str = "", instrument: str = "", count: int = 1) -> None:
        """Count a finding (see ``Finding``); findings with the same text, table and instrument add up."""
        key = (level, code, text, table, instrument)
        self._findings[key] = self._findings.get(key, 0) + count

    def quarantine(self, source: str, line: int | None, table: str, reason: str, raw: str) -> None:
        """Keep a row that cannot be trusted, and count it under its reason."""
        self.find("quarantined", "bad row", reason, table=table)
        self.keep_quarantined(source, line, table, reason, raw)

    def keep_quarantined(self, source: str, line: int | None, table: str, reason: str, raw: str) -> None:
        """Keep such a row without counting it again."""
        if len(self._quarantine) < KEPT_RAW:
            self._quarantine.append(Quarantined(source=source, line=line, table=table, reason=reason, raw=raw[:500]))

    def session(self, sessions: pl.DataFrame) -> None:
        """Declare when the recorder listened, where the source knows it better than its silences tell."""
        self._declared_sessions.append(conform(sessions, "sessions"))

    def write(self, table: str, rows: pl.DataFrame) -> None:
        """Append rows to a table. Columns that may be null may be left out; ``serial`` is given here.

        Raises:
            SchemaError: a column is missing, unknown, of another type, or null where it may not be.
        """
        if not rows.height:
            return
        if "serial" not in rows.columns:
            first = self._serial[table]
            rows = rows.with_columns(serial=pl.int_range(first, first + rows.height, dtype=pl.Int64))
        self._serial[table] += rows.height
        rows = conform(rows, table)
        if (
            table in TIMED
            and rows.select((pl.col("exchange_time").is_null() & pl.col("local_time").is_null()).any()).item()
        ):
            raise SchemaError(table, wrong={"exchange_time": "and local_time are both null"})
        buffer = self._buffer.setdefault(table, [])
        buffer.append(rows)
        if sum(part.height for part in buffer) >= ROW_GROUP:
            self._flush(table)

    def written(self, table: str) -> int:
        """Rows given to a table so far."""
        return self._serial[table]

    def _flush(self, table: str) -> None:
        parts = self._buffer.pop(table, [])
        if not parts:
            return
        rows = pl.concat(parts)
        if table in STATIC:
            with self._disk():
                self._writer(table, "").write_table(to_arrow(rows, table))
            return
        days = rows.with_columns(day=_day()).partition_by("day", maintain_order=True, include_key=True)
        for part in days:
            day = part["day"][0]
            self._note_order(table, day, part)
            with self._disk():
                self._writer(table, day).write_table(to_arrow(part.drop("day"), table))

    def _note_order(self, table: str, day: str, rows: pl.DataFrame) -> None:
        """Remember whether a day came in order, so that only a day that did not is sorted at the commit."""
        key = (table, day)
        if table == "book" and not rows["snapshot"].all():
            self._deltas.add(key)
        time, serial = rows.select(time=TIME)["time"], rows["serial"]
        last_time, last_serial = self._last.get(key, (time[0], -1))
        if not (serial.is_sorted() and serial[0] > last_serial):
            self._disordered |= {(*key, "serial"), (*key, "time")}
        if not (time.is_sorted() and time[0] >= last_time):
            self._disordered.add((*key, "time"))
        self._last[key] = (time[-1], serial[-1])

    def _writer(self, table: str, day: str) -> pq.ParquetWriter:
        key = (table, day)
        if key in self._open:
            self._open[key] = self._open.pop(key)  # most recently used last
            return self._open[key]
        if len(self._open) >= OPEN_FILES:
            oldest = next(iter(self._open))
            self._open.pop(oldest).close()
        folder = self._folder / table / (f"day={day}" if day else "")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"part-{self._parts[key]}.parquet"
        self._parts[key] += 1
        self._open[key] = parquet_writer(path, table)
        return self._open[key]

    def _close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()

    def commit(self) -> None:
        """Put the tape in its place. Called by the ``with`` block."""
        for table in list(self._buffer):
            self._flush(table)
        self._close()
        found: dict[tuple[str, str], list[pl.DataFrame]] = {}
        for table in TIMED:
            for folder in sorted((self._folder / table).glob("day=*")):
                self._finish_day(table, folder, found)
        self._write_static("instruments", [asdict(item) for _, item in sorted(self.instruments.items())])
        self._write_static("tokens", [asdict(item) for _, item in sorted(self.tokens.items())])
        self._write_static("quarantine", [asdict(item) for item in self._quarantine])
        inferred = [join_parts(parts, self._pause(table, name)) for (table, name), parts in sorted(found.items())]
        sessions = [*self._declared_sessions, *inferred]
        if sessions:
            ordered = pl.concat(sessions).sort("instrument", "channel", pl.coalesce("start_exchange", "start_local"))
            self._write_static("sessions", ordered)
        self._write_manifest()
        put_in_place(self._folder, self.out)

    def _pause(self, table: str, instrument: str) -> int:
        return self._silence.get((instrument.split(":", 1)[0], table), 0)

    def _finish_day(self, table: str, folder: Path, found: dict[tuple[str, str], list[pl.DataFrame]]) -> None:
        parts = sorted(folder.glob("*.parquet"), key=lambda path: int(path.stem.split("-")[1]))
        day = folder.name.removeprefix("day=")
        by = "serial" if (table, day) in self._deltas else "time"  # deltas keep their order of application
        if table == "fills" or (table, day, by) in self._disordered or len(parts) > 1:
            self._rewrite(table, folder, parts, ("serial",) if by == "serial" else ("time", "serial"))
        path = folder / "part-0.parquet"
        if any(channel == table for _, channel in self._silence):
            clocks = pl.scan_parquet(path).select("exchange_time", "local_time", "instrument")
            for times in clocks.collect_batches(chunk_size=4 * ROW_GROUP, maintain_order=True):
                for (name,), rows in times.partition_by("instrument", as_dict=True).items():
                    pause = self._pause(table, str(name))
                    if pause:
                        found.setdefault((table, str(name)), []).append(sessions_of(rows, table, str(name), pause))
        self._progress(pq.read_metadata(path).num_rows)

    def _rewrite(self, table: str, folder: Path, parts: list[Path], order: tuple[str, ...]) -> None:
        rows = pl.scan_parquet(parts).with_columns(time=TIME).sort(order, maintain_order=True).drop("time")
        merged = folder / "merged.parquet"
        if table == "fills":
            fills, repeated = drop_repeated(rows.collect())
            for instrument, reason, count in repeated:
                level = "dropped" if reason == "sent twice" else "quarantined"
                self.find(
                    level,
                    reason,
                    f"fills with an id that was seen before: {reason}",
                    table=table,
                    instrument=instrument,
                    count=count,
                )
            fills = number_sweeps(fills)
            _write_frame(merged, "fills", fills)
            trades = self._folder / "trades" / folder.name
            if not trades.exists() and fills["sweep"].count():
                trades.mkdir(parents=True)
                _write_frame(trades / "part-0.parquet", "trades", trades_of(fills))
        else:
            writer = parquet_writer(merged, table)
            with writer:
                for batch in rows.collect_batches(chunk_size=ROW_GROUP, maintain_order=True):
                    writer.write_table(to_arrow(batch, table))
        for part in parts:
            part.unlink()
        merged.rename(folder / "part-0.parquet")

    def _write_static(self, table: str, rows: list[dict[str, object]] | pl.DataFrame) -> None:
        frame = rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, schema=POLARS[table])
        if frame.height:
            (self._folder / table).mkdir(exist_ok=True)
            _write_frame(self._folder / table / "part-0.parquet", table, conform(frame, table))

    def _write_manifest(self) -> None:
        files = tuple(_describe(path, self._folder) for path in sorted(self._folder.rglob("*.parquet")))
        rows = Counter[str]()
        for item in files:
            rows[item.table] += item.rows
        findings = tuple(
            Finding(level=level, code=code, text=text, table=table, instrument=instrument, count=count)
            for (level, code, text, table, instrument), count in sorted(self._findings.items())
        )
        manifest = Manifest(
            makerscope_tape=SCHEMA_VERSION,
            written_by=f"makerscope {makerscope.__version__}",
            source=self.source,
            source_files=tuple(sorted(self.source_files, key=lambda item: item.name)),
            rows=dict(sorted(rows.items())),
            files=files,
            findings=findings,
            evidence_root=evidence_root(files),
        )
        (self._folder / MANIFEST).write_bytes(dump_manifest(manifest))


def _write_frame(path: Path, table: str, rows: pl.DataFrame) -> None:
    with parquet_writer(path, table) as writer:
        writer.write_table(to_arrow(rows, table), row_group_size=ROW_GROUP)


def _day() -> pl.Expr:
    return pl.from_epoch(TIME.floordiv(DAY_NS), time_unit="d").dt.to_string("%Y-%m-%d")


def _describe(path: Path, folder: Path) -> TapeFile:
    relative = path.relative_to(folder).as_posix()
    table = relative.split("/", 1)[0]
    first = last = None
    rows = pq.read_metadata(path).num_rows
    if table in TIMED:
        first, last = pl.scan_parquet(path).select(TIME.min().alias("a"), TIME.max().alias("b")).collect().row(0)
    return TapeFile(
        path=relative,
        table=table,
        rows=rows,
        bytes=path.stat().st_size,
        sha256=sha256_of(path),
        first_time=first,
        last_time=last,
    )
