"""``makerscope demo``."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from makerscope.cli.report import report
from makerscope.cli.simulate import played, show
from makerscope.sim.run import who_is_out
from makerscope.sim.shipped import find_scenario
from makerscope.sim.summary import summary_of
from makerscope.tape.read import Tape

SCENARIO = "first-market"


def demo(
    *, out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("demo"), seed: int = 7, scenario: str = SCENARIO
) -> None:
    """Simulate a small market, measure it, print its scorecard and write its report, in one go.

    Args:
        out: folder for the tape, the report and the JSON scorecard.
        seed: of the simulated market; the same seed gives the same bytes.
        scenario: which one: a shipped name or a TOML file.
    """
    console = Console()
    built = played(find_scenario(scenario), scenario, out / "tape", seed=seed)
    show(console, summary_of(built), Tape.open(out / "tape").manifest.rows, who_is_out(built))
    console.print()
    report(out / "tape", html=out / "report.html", json=out / "scorecard.json")
    console.print(f"tape      {out / 'tape'}", highlight=False, soft_wrap=True)
    console.print(
        f"\nlook at {out / 'report.html'} in a browser; then: makerscope score {out / 'tape'} --all",
        highlight=False,
        soft_wrap=True,
    )
