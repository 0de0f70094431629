"""``makerscope rewards status``."""

import json
from pathlib import Path
from typing import Annotated, Any

from rich.console import Console
from rich.table import Table

from makerscope.cli.rewards_link import Flag, Link, distributor, opened
from makerscope.errors import InputError
from makerscope.report.numbers import utc
from makerscope.rewards.distributor import Distributor, Epoch, Status
from makerscope.rewards.erc20 import Token, token_at
from makerscope.rewards.hashing import ZERO_ADDRESS, hex_of
from makerscope.rewards.posting import Posting
from makerscope.rewards.transactions import coins

HERE = Link()
AT_ONCE, MOST = 64, 100_000  # epochs asked about by one request; in all


def status(
    bundle: Path | None = None,
    *,
    epochs: str | None = None,
    contract: str | None = None,
    json_: Annotated[bool, Flag] = False,
    link: Link = HERE,
) -> None:
    """What a distributor holds and what became of its epochs. Needs no key.

    Args:
        bundle: folder of an epoch's bundle: only that epoch, compared with it.
        epochs: a number, or a range such as 10:20; from 0 on if not given.
        contract: the distributor: its address, or the record that deploy wrote; else the bundle's.
        json_: print JSON.
        link: node and chain.
    """
    read = opened(bundle) if bundle is not None else None
    it = distributor(link, contract, read, sends=False)
    found = _epochs(it, read, epochs)
    now = it.now()
    facts = _facts(it)
    token = token_at(it.node, it.token)
    rows = [_row(it, epoch, now, read) for epoch in found]
    if json_:
        print(json.dumps(facts | {"epochs": rows}, indent=2))  # noqa: T201 - for another program
        return
    _draw(it, facts, rows, token)


def _epochs(it: Distributor, read: Posting | None, text: str | None) -> list[Epoch]:
    """Those that were asked for; else all from 0 on, until there are none for a while."""
    if read is not None:
        return it.epochs([read.epoch])
    if text is not None:
        first, mark, last = text.partition(":")
        if not all(part.isascii() and part.isdigit() and len(part) < 18 for part in (first, last or first)):
            raise InputError("--epochs", f"is {text!r}", "a number, or a range such as 10:20")
        numbers = range(int(first), int(last) if mark and last else int(first) + 1)
        if not 0 < len(numbers) <= MOST:
            raise InputError("--epochs", f"{text!r} holds {len(numbers)} epochs", f"1 to {MOST:,}")
        return [
            epoch for start in numbers[::AT_ONCE] for epoch in it.epochs(list(numbers)[start - numbers[0] :][:AT_ONCE])
        ]
    out: list[Epoch] = []
    for start in range(0, MOST, AT_ONCE):
        part = [epoch for epoch in it.epochs(list(range(start, start + AT_ONCE))) if epoch.status != Status.ABSENT]
        out += part
        if not part:
            break
    return out


def _facts(it: Distributor) -> dict[str, Any]:
    names = ("owner", "publisher", "unreserved", "paused_at")
    owner, publisher, unreserved, paused_at = (row[0] for row in it.views([(name, ()) for name in names]))
    return {
        "contract": it.address, "chain_id": it.chain_id, "token": it.token, "owner": owner,
        "publisher": None if publisher == ZERO_ADDRESS else publisher, "bond": str(it.bond),
        "window": it.window, "claim_period": it.claim_period, "unreserved": str(unreserved),
        "paused_at": paused_at or None,
    }  # fmt: skip


def _row(it: Distributor, epoch: Epoch, now: int, read: Posting | None) -> dict[str, Any]:
    out: dict[str, Any] = {"epoch": epoch.number, "status": epoch.status.name.lower(), "next": _next(it, epoch, now)}
    if epoch.status != Status.ABSENT:
        out |= {
            "root": hex_of(epoch.root), "samples_root": hex_of(epoch.samples_root), "program": hex_of(epoch.program),
            "bundle": hex_of(epoch.bundle), "budget": str(epoch.budget), "paid": str(epoch.paid),
            "samples": epoch.leaf_count, "posted_at": epoch.posted_at, "finalised_at": epoch.finalised_at or None,
            "publisher": epoch.publisher,
        }  # fmt: skip
    if read is not None:
        out["is_this_bundle"] = (epoch.root, epoch.bundle) == (read.root, read.bundle)
    return out


def _next(it: Distributor, epoch: Epoch, now: int) -> str:
    """What may be done with it, and from when on."""
    if epoch.status == Status.POSTED:
        ends = epoch.posted_at + it.window
        return "finalise" if now >= ends else f"challenge until {_time(ends)}"
    if epoch.status == Status.FINAL:
        ends = epoch.finalised_at + it.claim_period
        left = "claim" if epoch.paid < epoch.budget else "all paid"
        return f"{left}; sweep" if now >= ends else f"{left}; sweep from {_time(ends)}"
    return {Status.ABSENT: "post", Status.CANCELLED: "post again"}.get(epoch.status, "")


def _draw(it: Distributor, facts: dict[str, Any], rows: list[dict[str, Any]], token: Token) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[bold]{it.address}[/bold] on chain {it.chain_id}, pays in {it.token} {token.symbol}".rstrip())
    console.print(
        f"owner {facts['owner']}, publisher {facts['publisher'] or 'nobody'}, bond {coins(it.bond)}, "
        f"window {it.window:,} s, claims for {it.claim_period:,} s"
    )
    paused = f", [red]paused[/red] since {_time(facts['paused_at'])}" if facts["paused_at"] else ""
    console.print(f"for new epochs: {_amount(facts['unreserved'], token)}{paused}")
    if not rows:
        console.print("no epoch was posted")
        return
    grid = Table("epoch", "status", "budget", "paid", "root", "next", box=None, header_style="dim")
    for column in (grid.columns[0], grid.columns[2], grid.columns[3]):
        column.justify = "right"
    for row in rows:
        there = row["status"] != "absent"
        grid.add_row(
            str(row["epoch"]), row["status"], _amount(row["budget"], token) if there else "",
            _amount(row["paid"], token) if there else "", row["root"][:10] if there else "", row["next"],
        )  # fmt: skip
    console.print(grid)
    for row in rows:
        if row.get("is_this_bundle") is False and row["status"] != "absent":
            console.print(f"[red]epoch {row['epoch']} was posted with another root or bundle than this one[/red]")


def _amount(text: str, token: Token) -> str:
    """Base units as tokens, exactly, where the token says its decimals."""
    places = token.decimals
    if places is None or places > 36:
        return f"{int(text):,} base units"
    whole, rest = divmod(int(text), 10**places)
    decimals = f"{rest:0{places}d}".rstrip("0") if places else ""
    return f"{whole:,}" + (f".{decimals}" if decimals else "") + (f" {token.symbol}" if token.symbol else "")


def _time(seconds: int) -> str:
    return utc(seconds * 10**9)
