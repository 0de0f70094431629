"""Progress on stderr, so that no one waits in silence: it vanishes when done, and where stderr is no terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Advance = Callable[[float], None]


@contextmanager
def progress_bar(text: str, total: float | None, *, left: bool = False) -> Iterator[Advance]:
    """A bar that its body advances. ``total`` None shows only that something goes on; ``left``: how many, how long."""
    columns = [SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn()]
    if left:
        columns += [MofNCompleteColumn(), TextColumn("left"), TimeRemainingColumn()]
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(text, total=total)
        yield lambda done: bar.update(task, advance=done)


@contextmanager
def progress_words() -> Iterator[Callable[[str], None]]:
    """Words that say what is being waited for, and how long already; the body may change them."""
    console = Console(stderr=True)
    columns = [SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()]
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("asking the node", total=None)
        yield lambda text: bar.update(task, description=text)
