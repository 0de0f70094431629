"""An epoch's bundle as a table for the terminal, and as a document for another program."""

from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from makerscope.report.names import many
from makerscope.report.numbers import utc
from makerscope.rewards.bundle import Bundle, bundle_hash
from makerscope.rewards.bundle_parts import points_of


def document_of(bundle: Bundle, folder: Path) -> dict[str, object]:
    """What another program wants to know of a bundle that was written."""
    return {
        "folder": str(folder),
        "epoch": bundle.epoch,
        "bundle": bundle_hash(bundle),
        "program": bundle.program.hash,
        "root": bundle.root,
        "budget": bundle.budget,
        "remainder": bundle.remainder,
        "amounts": {row.account: row.amount for row in bundle.amounts},
        "flags": len(bundle.screens.flags),
    }


def draw(bundle: Bundle, folder: Path) -> None:
    """Print makers, amounts, what is left and why, and the hashes."""
    console = Console()
    span = f"{utc(int(bundle.tape.since))} to {utc(int(bundle.tape.until))}"
    console.print(f"[bold]epoch {bundle.epoch}[/bold]  {bundle.program.name}, {span}", highlight=False)
    console.print(_table(bundle))
    budget, rest = _tokens(bundle.budget, bundle.token_decimals), _tokens(bundle.remainder, bundle.token_decimals)
    why = f" ({bundle.remainder_reason})" if bundle.remainder_reason else ""
    lines = [f"budget {budget}, remainder {rest}{why}"]
    if int(bundle.carried_in):
        lines.append(f"carried in {_tokens(bundle.carried_in, bundle.token_decimals)}")
    if int(bundle.clause_change):
        lines.append(f"clauses change the budget by {_tokens(bundle.clause_change, bundle.token_decimals)}")
    lines += [f"excluded: {item.maker} ({item.by}): {item.reason}" for item in bundle.exclusions]
    if bundle.screens.flags:
        accused = ", ".join(sorted({f"{flag.account} ({flag.screen})" for flag in bundle.screens.flags}))
        lines.append(f"screens flag {many(len(bundle.screens.flags), 'case')}: {accused}")
    lines += [f"note: {text}" for text in (*bundle.findings, *bundle.screens.findings)]
    lines += [
        f"root   {bundle.root or 'none: nobody is paid'}",
        f"bundle {bundle_hash(bundle)}",
        f"written to {folder}",
    ]
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _table(bundle: Bundle) -> Table:
    """Makers, most points first."""
    grid = Table("maker", "account", "points %", "amount", "share %", box=None, header_style="dim")
    for column in grid.columns[2:]:
        column.justify = "right"
    amounts = {row.account: int(row.amount) for row in bundle.amounts}
    accounts = {row.maker: row.account for row in bundle.scores}
    points, total = points_of(bundle.scores), sum(amounts.values())
    whole = sum(points.values())
    for maker, own in sorted(points.items(), key=lambda item: (-item[1], item[0])):
        amount = amounts.get(accounts[maker] or "", 0)
        grid.add_row(
            maker,
            _short(accounts[maker]),
            _percent(own, whole),
            _tokens(str(amount), bundle.token_decimals),
            _percent(amount, total),
        )
    return grid


def _short(address: str | None) -> str:
    return "-" if address is None else f"{address[:8]}..{address[-6:]}"


def _percent(part: int, whole: int) -> str:
    return f"{Decimal((2 * part * 10_000 + whole) // (2 * whole)).scaleb(-2):.2f}" if whole else "-"


def _tokens(amount: str, decimals: int) -> str:
    """Base units as tokens, with at most six places."""
    value = Decimal(amount).scaleb(-decimals)
    return f"{value:,.6f}".rstrip("0").rstrip(".") if value else "0"
