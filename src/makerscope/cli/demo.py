"""``makerscope demo``."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from makerscope.cli.progress import progress_bar
from makerscope.cli.report import report
from makerscope.errors import InputError
from makerscope.tape.demo import write_demo


def demo(*, out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("demo"), seed: int = 7) -> None:
    """Build a small demo tape, measure it, print its scorecard and write its report.

    Args:
        out: folder for the tape, the report and the JSON scorecard.
        seed: of the generated market; the same seed gives the same bytes.
    """
    if seed < 0:
        raise InputError("--seed", f"is {seed}", "0 or more")
    with progress_bar("building a demo tape", None):
        write_demo(out / "tape", seed=seed)
    report(out / "tape", html=out / "report.html", json=out / "scorecard.json")
