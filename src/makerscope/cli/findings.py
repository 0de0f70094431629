"""What a reader found wrong with a source, for the terminal."""

from rich.console import Console

from makerscope.tape.read import Tape

LEVELS = {"quarantined": "bold red", "warning": "yellow", "dropped": "cyan", "info": "dim"}


def print_findings(console: Console, tape: Tape) -> None:
    """The findings of a manifest, the worst first."""
    order = list(LEVELS)
    for item in sorted(
        tape.manifest.findings, key=lambda item: (order.index(item.level) if item.level in order else 9, -item.count)
    ):
        place = item.instrument or item.table
        console.print(
            f"[{LEVELS.get(item.level, '')}]{item.level:>11}[/] {item.count:>8,}  {place}: {item.text}",
            highlight=False,
            soft_wrap=True,
        )
