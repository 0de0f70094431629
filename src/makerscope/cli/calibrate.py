"""``makerscope calibrate``."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from makerscope.cli import quick  # noqa: F401 - loaded for its effect
from makerscope.cli.facts import market_of
from makerscope.cli.progress import progress_bar
from makerscope.errors import InputError
from makerscope.lab.calibrate import agent_table, calibrate
from makerscope.metrics.view import load
from makerscope.tape.output import write_whole
from makerscope.tape.read import Tape


def calibrate_command(
    tape: Path,
    /,
    *,
    instrument: str | None = None,
    step_ms: float = 100.0,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
) -> None:
    """Fit a crowd of takers to a tape, as an [[agent]] table that pastes into a scenario.

    Args:
        tape: folder of a tape, recorded or simulated.
        instrument: a name or symbol on it; else the market with most trades.
        step_ms: orders within one such step count as one moment, such as a block; what is faster is not fitted.
        out: TOML file to write; else it is printed.
    """
    if not 0.001 <= step_ms <= 1e6:
        raise InputError("--step-ms", f"is {step_ms:g}", "0.001 to 1,000,000")
    opened = Tape.open(tape)
    name = market_of(opened, instrument)
    with progress_bar(f"fitting the takers of {name}", None):
        view = load(opened, instruments=[name])
        found = calibrate(view, name, step=int(step_ms * 1e6))
    item = view.instruments[name]
    lot = str((Decimal(item.lot_size) * Decimal(item.multiplier)).normalize())
    text = agent_table(found, source=str(tape), lot=f"{lot} {item.quote if item.inverse else item.base}")
    if out is None:
        Console().print(text, end="", markup=False, highlight=False, soft_wrap=True)
        return
    write_whole(out, text.encode())
    shown = ", ".join(f"{key} {value:.4g}" for key, value in found.numbers.items())
    Console().print(f"{found.orders:,} orders of {name} -> {out}: {shown}", highlight=False, soft_wrap=True)
