"""``makerscope rewards fund | withdraw | collect``: tokens and coin into and out of a distributor."""

from typing import Annotated

from makerscope.cli.amounts import base_units
from makerscope.cli.rewards_link import Flag, Link, Sending, account, distributor, journal_here
from makerscope.cli.rewards_sending import Done, carried_out, finished, print_outcomes
from makerscope.errors import InputError
from makerscope.rewards.distributor import Distributor
from makerscope.rewards.erc20 import Token, token_at
from makerscope.rewards.journal import Entry, found
from makerscope.rewards.transactions import Call, coins

HERE = Link()
SENT = Sending()


def fund(
    amount: str,
    *,
    base: Annotated[bool, Flag] = False,
    contract: str,
    link: Link = HERE,
    sending: Sending = SENT,
) -> None:
    """Give the distributor tokens for epochs to come. Allows it to take them first, where it may not yet.

    Args:
        amount: of the token, such as 1000 or 0.5.
        base: the amount is in base units.
        contract: the distributor: its address, or the record that deploy wrote.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    it = distributor(link, contract)
    token = token_at(it.node, it.token)
    given = _tokens(amount, token, base=base)
    text = f"give {it.address} {given:,} base units {token.symbol}".rstrip()

    def allow(sender: str, _: Entry | None) -> Call | Done:
        held = token.balance(sender)
        if held < given:
            raise InputError(sender, f"holds {held:,} base units of {it.token}", f"{given:,}")
        if token.allowance(sender, it.address) >= given:
            return Done(text="the distributor may take the tokens")
        return token.approve(it.address, given)

    call, journal = it.call(text, "fund", given), journal_here(it, "fund")
    if (before := found(journal)) is not None and before.call == call.identity(it.chain_id):
        outcomes = []  # an earlier run got so far that the tokens were allowed, or more
    else:
        outcomes = [carried_out(it.node, it.chain_id, sending, journal, allow)]
    if not (sending.dry_run and outcomes and outcomes[0].planned):
        outcomes.append(carried_out(it.node, it.chain_id, sending, journal, lambda _, last: _once(it, call, last)))
    finished(journal)
    print_outcomes([item for item in outcomes if item.receipt or item.planned] or outcomes[-1:], sending)


def withdraw(
    amount: str,
    *,
    base: Annotated[bool, Flag] = False,
    contract: str,
    link: Link = HERE,
    sending: Sending = SENT,
) -> None:
    """Take back tokens that no epoch has reserved. Owner only.

    Args:
        amount: of the token, such as 1000 or 0.5.
        base: the amount is in base units.
        contract: the distributor: its address, or the record that deploy wrote.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    it = distributor(link, contract)
    token = token_at(it.node, it.token)
    taken = _tokens(amount, token, base=base)
    call = it.call(f"take back {taken:,} base units {token.symbol}".rstrip(), "withdraw", taken)
    journal = journal_here(it, "withdraw")
    outcome = carried_out(it.node, it.chain_id, sending, journal, lambda _, last: _once(it, call, last))
    finished(journal)
    print_outcomes([outcome], sending, contract=it.address)


def collect(*, contract: str, to: str | None = None, link: Link = HERE, sending: Sending = SENT) -> None:
    """Fetch the bonds that are due to the signer: of finalised epochs to who posted, of false ones to who proved it.

    Args:
        contract: the distributor: its address, or the record that deploy wrote.
        to: who receives the coin; the signer if not given.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    it = distributor(link, contract)
    receiver = account("--to", to) if to else None

    def decide(sender: str, _: Entry | None) -> Call | Done:
        due = it.view("credits", sender)[0]
        if not due:
            return Done(text=f"nothing is due to {sender}")
        return it.call(f"collect {coins(due)} of the chain's coin", "collect", receiver or sender)

    journal = journal_here(it, "collect")
    outcome = carried_out(it.node, it.chain_id, sending, journal, decide)
    finished(journal)
    print_outcomes([outcome], sending, contract=it.address)


def _once(it: Distributor, call: Call, last: Entry | None) -> Call | Done:
    """A call that nothing on the chain shows to be done: an earlier run that was cut off is asked by its journal."""
    if last is None or last.call != call.identity(it.chain_id) or last.fate in {"open", "reverted"}:
        return call
    if last.fate == "overtaken":
        raise InputError(
            f"nonce {last.nonce} of {last.sender}",
            f"was to {last.what}, and another transaction took it",
            f"a look whether that did it; then {journal_here(it, call.what.split()[0])} away",
        )
    return Done(text=f"to {last.what} was done by an earlier run; the same command does it once more")


def _tokens(amount: str, token: Token, *, base: bool) -> int:
    """An amount in base units."""
    if not base and token.decimals is None:
        raise InputError("AMOUNT", f"the token {token.address} does not say its decimals", "base units, with --base")
    given = base_units("AMOUNT", amount, 0 if base else token.decimals or 0)
    if not given:
        raise InputError("AMOUNT", "is nothing", "more than 0")
    return given
