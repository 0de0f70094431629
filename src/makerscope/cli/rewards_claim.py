"""``makerscope rewards claim``."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from makerscope.cli.progress import progress_bar
from makerscope.cli.rewards_link import Link, Sending, account, beside, distributor, opened, same_or_refused
from makerscope.cli.rewards_sending import Done, carried_out, print_outcomes
from makerscope.errors import InputError, RefusedError
from makerscope.report.names import many
from makerscope.rewards.distributor import MOST_CLAIMS, Distributor, Status
from makerscope.rewards.posting import Claim, Posting, claims, claims_of
from makerscope.rewards.transactions import Call, prepared

HERE = Link()
SENT = Sending()
_AT_ONCE = 256  # accounts asked about by one request


def claim(
    bundle: Path,
    *,
    account_: Annotated[list[str] | None, Parameter(name="--account", negative="")] = None,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    contract: str | None = None,
    link: Link = HERE,
    sending: Sending = SENT,
) -> int:
    """Have accounts paid what a final epoch grants them: your own, those you name, or all. Anyone may for anyone.

    Args:
        bundle: folder of the epoch's bundle.
        account_: whom to pay; several times for several. The signer's own account if none is named.
        all_: everybody who was not paid yet.
        contract: the distributor: its address, or the record that deploy wrote; else the bundle's.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    read = opened(bundle)
    it = distributor(link, contract, read)
    wanted = _wanted(read, account_ or [], sending, everybody=all_)
    _may_claim(it, read, wanted)
    with progress_bar("checking the claims", None):
        shown = claims_of(claims(bundle, read.root), wanted)
    queue, outcomes = _Queue(), []
    decide = partial(_next, it, read, shown, queue)
    while True:
        outcomes.append(carried_out(it.node, it.chain_id, sending, beside(bundle, "claim"), decide))
        if outcomes[-1].receipt is None and outcomes[-1].planned is None:
            break
        if not sending.json:
            print_outcomes(outcomes[-1:], sending)
    if sending.json or len(outcomes) == 1:
        print_outcomes(outcomes[:-1] or outcomes, sending, epoch=read.epoch, left_out=queue.left_out)
    if queue.left_out and not sending.json:
        names = ", ".join(queue.left_out)
        Console(stderr=True, soft_wrap=True, highlight=False).print(
            f"left out {many(len(queue.left_out), 'account')} that the token does not pay: {names}"
        )
    return 1 if queue.left_out else 0


@dataclass(slots=True)
class _Queue:
    """Who is still to be paid (None: nobody was asked about yet), and whom the token does not pay."""

    waiting: list[str] | None = None
    left_out: list[str] = field(default_factory=list)


def _next(it: Distributor, read: Posting, shown: dict[str, Claim], queue: _Queue, *now: object) -> Call | Done:
    """The next claims, as many as one transaction takes. What others had paid meanwhile is left out."""
    sender = str(now[0])
    if queue.waiting is None:
        queue.waiting = _unpaid(it, read.epoch, list(shown))
    while queue.waiting:
        due, queue.waiting = queue.waiting[:MOST_CLAIMS], queue.waiting[MOST_CLAIMS:]
        due = _unpaid(it, read.epoch, due)
        refused = _refused(it, sender, read.epoch, [shown[name] for name in due])
        queue.left_out += refused
        if paid := [shown[name] for name in due if name not in refused]:
            return _call(it, read.epoch, paid)
    return Done(text=f"nobody of {many(len(shown), 'account')} is still to be paid for epoch {read.epoch}")


def _wanted(read: Posting, named: list[str], sending: Sending, *, everybody: bool) -> list[str]:
    """Whom to pay, each once."""
    if everybody and named:
        raise InputError("--all", "accounts are named too", "one of the two")
    if everybody:
        return [name for name, amount in read.amounts.items() if amount]
    wanted = [account("--account", text) for text in named] or [sending.sender]
    for name in wanted:
        if name not in read.amounts:
            raise InputError(f"account {name}", f"has nothing in {read.folder}", "an account of its amounts")
    return list(dict.fromkeys(wanted))


def _may_claim(it: Distributor, read: Posting, wanted: list[str]) -> None:
    (state,) = it.epochs([read.epoch])
    if state.status != Status.FINAL:
        raise InputError(
            f"epoch {read.epoch} of {it.address}",
            f"is {state.status.name.lower()}, and {many(len(wanted), 'account')} cannot be paid",
            "a final one (rewards status)",
        )
    same_or_refused(it, state, read)


def _unpaid(it: Distributor, epoch: int, accounts: list[str]) -> list[str]:
    """Those who were not paid yet, in order."""
    out: list[str] = []
    for start in range(0, len(accounts), _AT_ONCE):
        part = accounts[start : start + _AT_ONCE]
        paid = it.views([("claimed", (epoch, name)) for name in part])
        out += [name for name, (done,) in zip(part, paid, strict=True) if not done]
    return out


def _call(it: Distributor, epoch: int, shown: list[Claim]) -> Call:
    total = sum(amount for _, amount, _ in shown)
    if len(shown) == 1:
        return it.call(f"pay {shown[0][0]} {total:,} base units of epoch {epoch}", "claim", epoch, *shown[0])
    what = f"pay {many(len(shown), 'account')} {total:,} base units of epoch {epoch}"
    return it.call(what, "claim_many", [(epoch, *each) for each in shown])


def _refused(it: Distributor, sender: str, epoch: int, shown: list[Claim]) -> list[str]:
    """Who of several cannot be paid, so that they hold up nobody else. One alone is left to say so by itself."""
    if len(shown) < 2 or _goes(it, sender, _call(it, epoch, shown)):
        return []
    return [each[0] for each in shown if not _goes(it, sender, _call(it, epoch, [each]))]


def _goes(it: Distributor, sender: str, call: Call) -> bool:
    try:
        prepared(it.node, call, chain_id=it.chain_id, sender=sender)
    except RefusedError as error:
        if not error.reverted:
            raise
        return False
    return True
