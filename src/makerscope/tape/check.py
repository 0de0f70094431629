"""Is a tape what its manifest says, and does every row keep the rules? Says what is wrong, where, and how often.

Files are read one after another in batches, so that memory does not grow with the tape; only the fills of one day are
grouped at a time. A damaged file is a problem in the report, not an error.
"""

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import msgspec
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from makerscope.errors import one_line
from makerscope.tape.events import SCHEMAS
from makerscope.tape.manifest import MANIFEST, Manifest, TapeFile, evidence_root, load_manifest, sha256_of
from makerscope.tape.scan import FileScan, Seen
from makerscope.tape.sweeps import is_no_trade

BATCH = 131_072  # rows looked at together
_UNREADABLE = (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError, OverflowError, UnicodeError)


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong in one file: ``what``, ``where`` it is seen first, and ``count``, how often."""

    table: str
    file: str
    what: str
    where: str
    count: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked and what was found. ``evidence_root`` is the one computed from the files as they are."""

    problems: tuple[Problem, ...]
    files: int
    rows: int
    evidence_root: str

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def check_tape(path: Path | str, progress: Callable[[int], None] | None = None) -> Report:
    """Verify hashes, counts, schemas, order, ranges, references and sums of a tape.

    Args:
        path: folder of the tape.
        progress: called with the bytes of each file that was checked.

    Raises:
        TapeError: the folder is not a tape, its manifest is damaged, or it has another schema version.
    """
    folder = Path(path)
    manifest = load_manifest(folder)
    checker = _Checker(folder, manifest, progress or (lambda _bytes: None))
    checker.run()
    return Report(
        problems=tuple(checker.problems), files=len(manifest.files), rows=checker.rows, evidence_root=checker.root
    )


class _Checker:
    """State of one check: what was found so far, and what later files need of earlier ones."""

    def __init__(self, folder: Path, manifest: Manifest, progress: Callable[[int], None]) -> None:
        self.folder, self.manifest, self.progress = folder, manifest, progress
        self.problems: list[Problem] = []
        self.rows = 0
        self.root = ""
        self.whole: set[str] = set()  # files that can be read
        self.seen = Seen()

    def problem(self, table: str, file: str, what: str, where: str = "", count: int = 1) -> None:
        self.problems.append(
            Problem(table=table, file=file, what=one_line(what), where=where or "the whole file", count=count)
        )

    def run(self) -> None:
        first = {"instruments": 0, "tokens": 1}
        hashes = []
        for item in sorted(self.manifest.files, key=lambda item: (first.get(item.table, 2), item.path)):
            seen = self.file(item)
            if seen:
                hashes.append(msgspec.structs.replace(item, sha256=seen))
            self.progress(item.bytes)
        self.root = evidence_root(tuple(hashes))
        self.manifest_itself()
        days = {
            PurePosixPath(item.path).parent.name for item in self.manifest.files if item.table in ("fills", "trades")
        }
        for day in sorted(days):
            self.sums(day)

    def manifest_itself(self) -> None:
        """The manifest agrees with itself and names every file."""
        if self.root != self.manifest.evidence_root:
            self.problem(
                "manifest", MANIFEST, f"evidence root is {self.manifest.evidence_root}; the files give {self.root}"
            )
        rows: dict[str, int] = {}
        for item in self.manifest.files:
            rows[item.table] = rows.get(item.table, 0) + item.rows
        if rows != self.manifest.rows:
            self.problem("manifest", MANIFEST, f"says {self.manifest.rows} rows; its files add up to {rows}")
        named = {item.path for item in self.manifest.files}
        for path in sorted(self.folder.rglob("*.parquet")):
            relative = path.relative_to(self.folder).as_posix()
            if relative not in named:
                self.problem(relative.split("/", 1)[0], relative, "is not named in the manifest")

    def file(self, item: TapeFile) -> str:
        """Check one file. Returns its hash, or nothing where it cannot be read at all."""
        if (
            ".." in PurePosixPath(item.path).parts
            or PurePosixPath(item.path).is_absolute()
            or item.table not in SCHEMAS
        ):
            self.problem(item.table, item.path, "is not a file of a tape")
            return ""
        path = self.folder / item.path
        try:
            seen, size = sha256_of(path), path.stat().st_size
        except OSError as error:
            self.problem(item.table, item.path, f"cannot be opened ({error.strerror or error})")
            return ""
        if size != item.bytes:
            self.problem(item.table, item.path, f"has {size} bytes; the manifest says {item.bytes}")
        if seen != item.sha256:
            self.problem(item.table, item.path, f"SHA-256 is {seen}; the manifest says {item.sha256}")
        try:
            self.content(item, path, suspect=seen != item.sha256)
        except _UNREADABLE as error:
            self.problem(item.table, item.path, f"cannot be read as Parquet ({error})")
        return seen

    def content(self, item: TapeFile, path: Path, *, suspect: bool) -> None:
        with pq.ParquetFile(path) as parquet:
            if parquet.metadata.num_rows != item.rows:
                self.problem(
                    item.table, item.path, f"has {parquet.metadata.num_rows} rows; the manifest says {item.rows}"
                )
            wrong = schema_faults(parquet.schema_arrow, SCHEMAS[item.table])
            for what in wrong:
                self.problem(item.table, item.path, what)
            if any("unit" not in what for what in wrong):
                return
            scan = FileScan(item, self.seen)
            for batch in parquet.iter_batches(batch_size=BATCH):
                if suspect:
                    batch.validate(full=True)
                scan.batch(pl.DataFrame(pl.from_arrow(pa.Table.from_batches([batch]))))
            self.rows += scan.row
            for what, where, count in scan.problems():
                self.problem(item.table, item.path, what, where, count)
        self.whole.add(item.path)

    def sums(self, day: str) -> None:
        """Fills have distinct ids and add up to the trades of their day."""
        parts = {
            table: [item.path for item in self.manifest.files if item.table == table and f"/{day}/" in item.path]
            for table in ("fills", "trades")
        }
        if any(path not in self.whole for paths in parts.values() for path in paths):
            return  # said already: it cannot be read
        fills, trades = (self.read(table, paths) for table, paths in parts.items())
        place = f"fills/{day}"
        again = (
            fills.filter(pl.col("fill").is_not_null())
            .group_by("instrument", "fill")
            .agg(count=pl.len())
            .filter(pl.col("count") > 1)
            .sort("instrument", "fill")
            .collect(engine="streaming")
        )
        if again.height:
            name, fill, _ = again.row(0)
            more = int(again["count"].sum()) - again.height
            self.problem("fills", place, "a fill id appears twice", f"{name} {fill}", more)
        orphans = fills.filter(pl.col("sweep").is_null(), ~is_no_trade()).select(pl.len()).collect().item()
        if orphans:
            self.problem("fills", place, "sweep is unknown", count=int(orphans))
        self.compare(fills, trades, f"trades/{day}")

    def compare(self, fills: pl.LazyFrame, trades: pl.LazyFrame, place: str) -> None:
        sums = (
            fills.group_by("instrument", serial=pl.col("sweep"))
            .agg(
                pl.col("size").sum().alias("of_size"),
                (pl.col("price").cast(pl.Int128) * pl.col("size")).sum().alias("of_cash"),
                pl.len().cast(pl.Int64).alias("of_fills"),
            )
            .filter(pl.col("serial").is_not_null())
        )
        both = trades.select("instrument", "serial", "size", "cash", "fills").join(
            sums, on=["instrument", "serial"], how="full", coalesce=True
        )
        faults = {
            "a trade has no fills": pl.col("of_fills").is_null(),
            "fills belong to no trade": pl.col("fills").is_null(),
            "sizes of the fills do not add up to the trade": pl.col("size") != pl.col("of_size"),
            "cash of the fills does not add up to the trade": pl.col("cash").cast(pl.Int128) != pl.col("of_cash"),
            "number of fills is not the trade's": pl.col("fills") != pl.col("of_fills"),
        }
        bad = both.filter(pl.any_horizontal(*faults.values())).sort("serial", "instrument").collect(engine="streaming")
        for what, breach in faults.items():
            rows = bad.filter(breach)
            if rows.height:
                first = rows.row(0, named=True)
                self.problem("trades", place, what, f"{first['instrument']} serial {first['serial']}", rows.height)

    def read(self, table: str, paths: list[str]) -> pl.LazyFrame:
        if not paths:
            return pl.DataFrame(pl.from_arrow(SCHEMAS[table].empty_table())).lazy()
        return pl.scan_parquet([self.folder / path for path in paths], hive_partitioning=False, glob=False)


def schema_faults(have: pa.Schema, want: pa.Schema) -> list[str]:
    """How a file's columns differ from those of its table, in words.

    Examples:
        >>> schema_faults(pa.schema([("x", pa.int8())]), pa.schema([("x", pa.int64())]))
        ['column x is int8; want int64']
    """
    faults = [f"column {name} is missing" for name in want.names if name not in have.names]
    faults += [f"column {name} is not known" for name in have.names if name not in want.names]
    for field in want:
        if field.name not in have.names:
            continue
        seen = have.field(field.name)
        if seen.type != field.type:
            faults.append(f"column {field.name} is {seen.type}; want {field.type}")
        unit, known = (f.metadata.get(b"unit") if f.metadata else None for f in (field, seen))
        if unit != known:
            faults.append(f"column {field.name} has unit {_text(known)}; want unit {_text(unit)}")
    if not faults and have.names != want.names:
        faults.append(f"columns come as {', '.join(have.names)}; want {', '.join(want.names)}")
    return faults


def _text(unit: bytes | None) -> str:
    return repr(unit.decode(errors="replace")) if unit is not None else "none"
