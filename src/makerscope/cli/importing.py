"""``makerscope import``."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from makerscope.cli.findings import print_findings
from makerscope.cli.progress import progress_bar
from makerscope.errors import InputError
from makerscope.report.names import many
from makerscope.tape.read import Tape
from makerscope.venues.registry import READERS, import_recordings


def import_command(
    venue: str,
    *files: Path,
    out: Annotated[Path, Parameter(name=["--out", "-o"])],
    map_file: Annotated[Path | None, Parameter(name=["--map"])] = None,
) -> None:
    """Bring recordings onto a tape.

    Args:
        venue: hyperliquid, binance, deribit, bitstamp, aster, lighter, uniswap_v3, tardis, hummingbot, auto, or own
            (with --map).
        files: recordings, plain, gzip or zstd; folders stand for the files in them.
        out: folder of the tape; an older tape there is replaced.
        map_file: TOML that names the columns of your own CSV or Parquet fills (docs/mapping.md).
    """
    if (
        venue not in ("auto", "own", *READERS) and Path(venue).exists()
    ):  # no venue was named: the first file stands there
        venue, files = "own" if map_file else "auto", (Path(venue), *files)
    if map_file is None and venue == "own":
        raise InputError("import own", "no mapping was given", "--map FILE.toml")
    found = files_of(files)
    tape = import_with_progress(found, out, venue=venue, map_file=map_file)
    rows = ", ".join(f"{count:,} {table}" for table, count in tape.manifest.rows.items())
    console = Console()
    console.print(f"{many(len(found), 'file')} -> {out}", highlight=False, soft_wrap=True)
    console.print(rows, highlight=False, soft_wrap=True)
    print_findings(console, tape)


def files_of(paths: tuple[Path, ...]) -> list[Path]:
    """The files named, with those inside of named folders (hidden ones left out)."""
    out: list[Path] = []
    for path in paths:
        inside = (
            sorted(item for item in path.rglob("*") if item.is_file() and not item.name.startswith("."))
            if path.is_dir()
            else [path]
        )
        if not inside:
            raise InputError(path, "is an empty folder", "recordings")
        out += inside
    return out


def import_with_progress(paths: list[Path], out: Path, *, venue: str = "auto", map_file: Path | None = None) -> Tape:
    """``import_recordings`` with a bar over the bytes read."""
    if venue not in ("auto", "own", *READERS):
        raise InputError(f"venue {venue!r}", "is not known", f"auto, own (with --map), {', '.join(READERS)}")
    total = sum(path.stat().st_size for path in paths if path.is_file())
    with progress_bar("reading recordings", total) as advance:
        return import_recordings(paths, out, venue=venue, map_file=map_file, progress=advance)
