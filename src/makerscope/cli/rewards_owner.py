"""``makerscope rewards deploy | appoint | register | cancel | pause | unpause``: for the owner of a distributor."""

from pathlib import Path

import msgspec
from rich.console import Console

from makerscope.cli.amounts import base_units, seconds
from makerscope.cli.rewards_link import Deployment, Link, Sending, account, distributor, journal_here, opened
from makerscope.cli.rewards_sending import Decide, Done, Outcome, carried_out, finished, print_outcomes
from makerscope.errors import InputError
from makerscope.rewards.delivery import receipt_of
from makerscope.rewards.distributor import Distributor, Status, deployment, distributor_at
from makerscope.rewards.falsehood import checked_rules
from makerscope.rewards.hashing import hash_bytes, hex_of, whole
from makerscope.rewards.interface import interface
from makerscope.rewards.journal import Entry, found
from makerscope.rewards.posting import NOTHING, registered_as
from makerscope.rewards.transactions import Call, checked_chain
from makerscope.tape.output import write_whole

HERE = Link()
SENT = Sending()
COIN_DECIMALS = 18
RECORD = Path("reward-distributor.json")


def deploy(
    *,
    token: str,
    bond: str,
    window: str,
    claim_period: str,
    owner: str | None = None,
    record: Path = RECORD,
    link: Link = HERE,
    sending: Sending = SENT,
) -> None:
    """Deploy a reward distributor and write where it is. Where that is written already, nothing is sent.

    Args:
        token: address of the token it pays, an ERC-20 that takes no fee on transfers.
        bond: what a publisher puts up for each epoch, in the chain's coin, such as 0.1.
        window: for how long a posted root can be challenged, such as 2d.
        claim_period: after how long what nobody claimed can be swept, such as 180d.
        owner: who registers programs and names the publisher; the signer if not given.
        record: file that says where the contract is; other commands take it as --contract.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    node = link.node
    chain_id = checked_chain(node, _chain(link))
    paid = account("--token", token)
    deposit = base_units("--bond", bond, COIN_DECIMALS)
    times = {"window": seconds("--window", window), "claim_period": seconds("--claim-period", claim_period)}
    known = _recorded(record)
    if known is not None:
        it = distributor_at(node, known.contract, chain_id=known.chain_id)
        terms = {"window": it.window, "claim_period": it.claim_period}
        if (it.token, it.bond, terms) != (paid, deposit, times):
            raise InputError(record, f"is of a distributor on other terms, {it.address}", "another --record")
        print_outcomes([Outcome(text=f"{it.address} is deployed already ({record})")], sending, contract=it.address)
        return
    named = account("--owner", owner) if owner else None
    journal = record.with_name(f"{record.name}.journal.json")

    def decide(sender: str, before: Entry | None) -> Call | Done:
        if before is not None and before.fate == "done":
            return Done(text="the distributor was deployed by an earlier run")
        return deployment(paid, named or sender, bond=deposit, **times)

    outcome = carried_out(node, chain_id, sending, journal, decide)
    entry = None if sending.dry_run else found(journal)
    receipt = receipt_of(node, entry) if entry is not None else None
    if receipt is None or receipt.created is None:
        print_outcomes([outcome], sending)
        return
    it = distributor_at(node, receipt.created, chain_id=chain_id)
    holder = it.view("owner")[0]
    new = Deployment(
        chain_id=chain_id, contract=it.address, token=it.token, owner=holder, bond=str(it.bond),
        window=it.window, claim_period=it.claim_period, transaction=receipt.hash, block=receipt.block,
        sources=interface().sources,
    )  # fmt: skip
    write_whole(record, msgspec.json.format(msgspec.json.encode(new)) + b"\n", lasting=True)
    finished(journal)
    print_outcomes([outcome], sending, contract=it.address, record=str(record))
    if not sending.json:
        Console(soft_wrap=True, highlight=False).print(f"contract {it.address} -> {record}")


def appoint(publisher: str, *, contract: str, link: Link = HERE, sending: Sending = SENT) -> None:
    """Name who may post epochs. Owner only. Who posted what was proven false has lost the role.

    Args:
        publisher: its address.
        contract: the distributor: its address, or the record that deploy wrote.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    it, who = distributor(link, contract), account("PUBLISHER", publisher)

    def decide(_sender: str, _: Entry | None) -> Call | Done:
        if it.view("publisher")[0] == who:
            return Done(text=f"{who} is the publisher already")
        return it.call(f"name {who} the publisher", "set_publisher", who)

    _change(it, "appoint", sending, decide)


def register(
    bundle: Path | None = None,
    *,
    program: str | None = None,
    rules_root: str | None = None,
    markets: int = 0,
    max_weight: int = 0,
    contract: str | None = None,
    link: Link = HERE,
    sending: Sending = SENT,
) -> None:
    """Make a program known to the contract, for good: its hash and the root of its rules together. Owner only.

    Args:
        bundle: folder of a bundle of the program; or say what it would:
        program: hash of the program.
        rules_root: root of the rules of all its markets; none: its scores cannot be challenged on chain.
        markets: how many there are.
        max_weight: the largest weight of a sample: 1, or the nanoseconds of the longest segment.
        contract: the distributor: its address, or the record that deploy wrote; else the bundle's.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    if (bundle is None) == (program is None):
        raise InputError("--program", "a bundle or the hash of a program is wanted", "one of the two")
    read = opened(bundle) if bundle is not None else None
    it = distributor(link, contract, read)
    if read is not None:
        if read.rules_root != NOTHING:
            checked_rules(read.rules, read.rules_root, bundle)
        figures = (read.program, read.rules_root, len(read.rules), read.max_weight)
    else:
        root = hash_bytes(rules_root, "--rules-root") if rules_root else NOTHING
        figures = (
            registered_as(hash_bytes(program, "--program"), root),
            root,
            whole(markets, "--markets"),
            whole(max_weight, "--max-weight"),
        )

    def decide(_sender: str, _: Entry | None) -> Call | Done:
        known = it.program(figures[0])
        if not known.registered:
            return it.call(f"register the program {hex_of(figures[0])}", "register", *figures)
        if (known.rules_root, known.markets, known.max_weight) != figures[1:]:
            raise InputError(
                f"program {hex_of(figures[0])}",
                f"is registered with rules {hex_of(known.rules_root)} of {known.markets} markets, weight up to "
                f"{known.max_weight}",
                f"{hex_of(figures[1])}, {figures[2]}, {figures[3]}; a program is registered for good",
            )
        return Done(text=f"the program {hex_of(figures[0])} is registered already, with these very rules")

    _change(it, "register", sending, decide)


def cancel(epoch: int, *, contract: str, link: Link = HERE, sending: Sending = SENT) -> None:
    """Cancel a posted epoch inside its window, as where it is not what its bundle gives. Owner only.

    Args:
        epoch: its number.
        contract: the distributor: its address, or the record that deploy wrote.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    it = distributor(link, contract)

    def decide(_sender: str, _: Entry | None) -> Call | Done:
        (state,) = it.epochs([whole(epoch, "EPOCH")])
        if state.status == Status.CANCELLED:
            return Done(text=f"epoch {epoch} is cancelled already")
        return it.call(f"cancel epoch {epoch}", "cancel", epoch)

    _change(it, "cancel", sending, decide)


def pause(*, contract: str, link: Link = HERE, sending: Sending = SENT) -> None:
    """Stop new posts, and stop from becoming final what is posted and inside its window. Owner only.

    Args:
        contract: the distributor: its address, or the record that deploy wrote.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    _set_pause(distributor(link, contract), sending, paused=True)


def unpause(*, contract: str, link: Link = HERE, sending: Sending = SENT) -> None:
    """End a pause. Owner only.

    Args:
        contract: the distributor: its address, or the record that deploy wrote.
        link: node and chain.
        sending: who signs, and what it may cost.
    """
    _set_pause(distributor(link, contract), sending, paused=False)


def _set_pause(it: Distributor, sending: Sending, *, paused: bool) -> None:
    def decide(_sender: str, _: Entry | None) -> Call | Done:
        if bool(it.view("paused_at")[0]) == paused:
            return Done(text=f"{it.address} is {'' if paused else 'not '}paused already")
        name = "pause" if paused else "unpause"
        return it.call(f"{name} {it.address}", name)

    _change(it, "pause", sending, decide)


def _change(it: Distributor, command: str, sending: Sending, decide: Decide) -> None:
    """Carry out one change that no bundle belongs to."""
    journal = journal_here(it, command)
    outcome = carried_out(it.node, it.chain_id, sending, journal, decide)
    finished(journal)
    print_outcomes([outcome], sending, contract=it.address)


def _chain(link: Link) -> int:
    if link.chain_id is None:
        raise InputError("--chain-id", "the chain is not named", "its number, such as 1 for Ethereum")
    return link.chain_id


def _recorded(record: Path) -> Deployment | None:
    """What an earlier ``deploy`` wrote; None where there is nothing."""
    try:
        return msgspec.json.decode(record.read_bytes(), type=Deployment)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise InputError(f"--record {record}", "is there, but is no record of a distributor", "another file") from error
