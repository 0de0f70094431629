"""``python -m bench [--small] [--json] [NAME ...]``: every benchmark, one table of ratios."""

import argparse
import importlib
import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.common import Row, machine

FOLDER = Path(__file__).parent
WIDTH = 130  # columns of text the table needs


def drawn(rows: list[Row]) -> Table:
    """The rows as a table for the terminal."""
    table = Table("area", "what", "ours s", "peer", "peer s", "ratio", "target", "MB ours / peer")
    for row in rows:
        memory = " / ".join(f"{size:,.0f}" for size in (row.ours_mb, row.peer_mb) if size)
        met = row.target is None or row.ratio >= row.target
        ratio = f"{row.ratio:.1f}" if met else f"[red]{row.ratio:.1f}[/red]"
        wanted = "" if row.target is None else f"{row.target:g}"
        table.add_row(row.area, row.what, f"{row.ours_s:.4g}", row.peer, f"{row.peer_s:.4g}", ratio, wanted, memory)
    return table


def main() -> None:
    """Run what was asked for and print it."""
    names = sorted(path.stem for path in FOLDER.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(names)}; all if none is named")
    parser.add_argument("--small", action="store_true", help="a size that ends in seconds, for CI; ratios are smaller")
    parser.add_argument("--json", action="store_true", help="also write bench/results.json")
    asked = parser.parse_args()
    unknown = set(asked.names) - set(names)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; want {', '.join(names)}")
    modules = {name: importlib.import_module(f"bench.{name}") for name in asked.names or names}
    alone = [name for name, module in modules.items() if not hasattr(module, "run")]
    if alone:
        print(f"left out, to be run by themselves as python -m bench.NAME: {', '.join(alone)}")
    rows = [row for module in modules.values() if hasattr(module, "run") for row in module.run(asked.small)]
    facts = machine()
    console = Console()
    console = console if console.width >= WIDTH else Console(width=WIDTH)
    console.print(drawn(rows))
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    console.print(
        f"{facts['processor']}, {facts['cores']} cores, load {facts['load']:.1f}; Python {facts['python']}, {versions}"
    )
    if asked.json:
        answer = {"small": asked.small, "machine": facts, "rows": [{**asdict(row), "ratio": row.ratio} for row in rows]}
        (FOLDER / "results.json").write_text(json.dumps(answer, indent=2) + "\n")


if __name__ == "__main__":
    main()
