"""Carry out one change on a chain and say what became of it: take up what is open, decide, sign, send, wait."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from makerscope.cli.progress import progress_words
from makerscope.cli.rewards_link import Sending
from makerscope.errors import InputError
from makerscope.rewards.delivery import Receipt, delivered, taken_up
from makerscope.rewards.journal import Entry, forget, found, locked
from makerscope.rewards.rpc import Node
from makerscope.rewards.transactions import GWEI, Call, Transaction, coins, prepared


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing is to be sent, and why."""

    text: str


Decide = Callable[[str, Entry | None], Call | Done]  # the sender, and what the journal holds, settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of it: a receipt, what would be sent (dry run), or neither; and a word on an earlier run."""

    text: str
    receipt: Receipt | None = None
    planned: Transaction | None = None
    earlier: str = ""

    def document(self) -> dict[str, object]:
        """As JSON, wei as decimal text."""
        out: dict[str, object] = {"what": self.text, "sent": self.receipt is not None}
        if self.earlier:
            out["earlier"] = self.earlier
        if self.planned is not None:
            plan = self.planned
            out |= {
                "from": plan.sender, "to": plan.call.to, "nonce": plan.nonce, "value": str(plan.call.value),
                "data": "0x" + plan.call.data.hex(), "gas": plan.gas, "max_fee_per_gas": str(plan.fees.most),
                "most": str(plan.cost),
            }  # fmt: skip
        if self.receipt is not None:
            done = self.receipt
            out |= {"transaction": done.hash, "block": done.block, "gas": done.gas, "fee": str(done.fee)}
        return out


def carried_out(node: Node, chain_id: int, sending: Sending, journal: Path, decide: Decide) -> Outcome:
    """Change the chain once, whatever an earlier run left open.

    Args:
        node: already checked to be on ``chain_id``.
        chain_id: of the node.
        sending: who signs, and what it may cost.
        journal: of this change.
        decide: looks at the chain and says what is to be sent, or that nothing is.
    """
    if sending.dry_run:
        return _planned(node, chain_id, sending, journal, decide)
    sender, patience = sending.sender, sending.patience
    with locked(journal):
        with progress_words() as tell:
            settled = taken_up(node, journal, patience=patience, tell=tell, replace=sending.replace)
        entry = found(journal)
        is_open = entry is not None and entry.fate == "open"  # to be replaced
        call = decide(sender, None if is_open else entry)
        if isinstance(call, Done):
            if is_open:
                raise InputError(journal, f"a transaction is open, but {call.text}", "this without --replace")
            return Outcome(text=call.text, earlier=_told(settled))
        again = _again(entry, call, chain_id, sender, journal) if is_open else {}
        planned = prepared(node, call, chain_id=chain_id, sender=sender, **sending.fees, **again)
        signer = sending.signer
        if signer.address != sender:
            raise InputError("the keystore", f"says it is of {sender} and holds another key", "its own")
        with progress_words() as tell:
            receipt = delivered(node, signer, planned, journal, patience=patience, tell=tell)
    return Outcome(text=call.what, receipt=receipt, earlier="" if is_open else _told(settled))


def finished(journal: Path) -> None:
    """Remove a journal that nobody will look at again."""
    entry = found(journal)
    if entry is not None and entry.fate != "open":
        forget(journal)


def print_outcomes(outcomes: list[Outcome], sending: Sending, **more: object) -> None:
    """Say what became of it, as text or JSON."""
    console = Console(soft_wrap=True, highlight=False)
    if sending.json:
        documents = [item.document() for item in outcomes]
        print(json.dumps({**more, "dry_run": sending.dry_run, "transactions": documents}, indent=2))  # noqa: T201
        return
    for item in outcomes:
        text = escape(item.text)
        if item.earlier:
            console.print(escape(item.earlier))
        if item.planned is not None:
            plan = item.planned
            console.print(f"would {text}: nothing was sent")
            console.print(
                f"  from {plan.sender} to {plan.call.to or 'a new contract'}, nonce {plan.nonce}, "
                f"{len(plan.call.data):,} bytes, value {coins(plan.call.value)}"
            )
            console.print(
                f"  gas at most {plan.gas:,} at {plan.fees.most / GWEI:g} gwei: {coins(plan.cost - plan.call.value)} "
                "of the chain's coin, besides the value"
            )
        elif item.receipt is not None:
            done = item.receipt
            console.print(
                f"[green]done[/green]: {text},  transaction {done.hash}, block {done.block:,}, "
                f"gas {done.gas:,}, cost {coins(done.fee)}"
            )
        else:
            console.print(f"{text}; nothing was sent")


def _planned(node: Node, chain_id: int, sending: Sending, journal: Path, decide: Decide) -> Outcome:
    sender = sending.sender
    entry = found(journal)
    told = f"an earlier run was about to {entry.what}: {journal}" if entry and entry.fate == "open" else ""
    call = decide(sender, None)
    if isinstance(call, Done):
        return Outcome(text=call.text, earlier=told)
    planned = prepared(node, call, chain_id=chain_id, sender=sender, **sending.fees)
    return Outcome(text=call.what, planned=planned, earlier=told)


def _again(entry: Entry | None, call: Call, chain_id: int, sender: str, journal: Path) -> dict[str, int]:
    """Nonce and price of the open transaction that this one replaces."""
    if entry is None or entry.call != call.identity(chain_id) or entry.sender != sender:
        what = entry.what if entry else ""
        raise InputError(journal, f"an open transaction is there to {what}", "--replace with the very same command")
    return {"nonce": entry.nonce, "floor": max(item.max_fee for item in entry.attempts)}


def _told(settled: tuple[Entry, Receipt | None] | None) -> str:
    """What became of an earlier run's transaction."""
    if settled is None:
        return ""
    entry, receipt = settled
    if receipt is None:
        return f"to {entry.what} was begun by an earlier run, but another transaction took its nonce"
    fate = "was included" if receipt.succeeded else "failed"
    return f"to {entry.what} was begun by an earlier run and {fate}: transaction {receipt.hash}, block {receipt.block}"
