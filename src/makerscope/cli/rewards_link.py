"""What all commands on a chain are told: which node, which contract on which chain, who signs, and what it may cost."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from makerscope.cli.amounts import base_units
from makerscope.cli.progress import progress_bar
from makerscope.errors import InputError
from makerscope.rewards import keys
from makerscope.rewards.delivery import Patience
from makerscope.rewards.distributor import Distributor, Epoch, distributor_at
from makerscope.rewards.hashing import address_bytes, checksum, hex_of
from makerscope.rewards.posting import Posting, posting
from makerscope.rewards.rpc import Node

Flag = Parameter(negative="")


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """The record of a deployed distributor: a small JSON file that other commands take as ``--contract``."""

    chain_id: int
    contract: str
    token: str
    owner: str
    bond: str
    window: int
    claim_period: int
    transaction: str
    block: int
    sources: str


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The node and the chain.

    Attributes:
        rpc: address of a node (JSON-RPC over HTTP), such as http://127.0.0.1:8545.
        chain_id: the chain that is meant; a node on another one is refused before anything is signed.
        timeout: seconds for one request.
    """

    rpc: Annotated[str | None, Parameter(env_var="MAKERSCOPE_RPC")] = None
    chain_id: int | None = None
    timeout: float = 20.0

    @property
    def node(self) -> Node:
        """The node.

        Raises:
            InputError: none was named.
        """
        if self.rpc is None:
            raise InputError("--rpc", "no node is named", "its address, or MAKERSCOPE_RPC in the environment")
        if not 0 < self.timeout <= 600:
            raise InputError("--timeout", f"is {self.timeout:g}", "seconds, up to 600")
        return Node(url=self.rpc, timeout=self.timeout)


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Who signs and what it may cost.

    Attributes:
        keystore: encrypted keystore file; else MAKERSCOPE_PRIVATE_KEY or MAKERSCOPE_KEYSTORE. Keys are no arguments.
        password_file: its password; else MAKERSCOPE_PASSWORD, else it is asked for.
        max_fee: the most to pay per unit of gas, in gwei.
        tip: of it to the block's producer, in gwei.
        wait: seconds until a transaction is no longer waited for; it stays journalled.
        confirmations: blocks to wait for, its own included.
        replace: offer more for a transaction of an earlier run that is still not included.
        dry_run: say what would be sent, and what it costs; send nothing.
        json: print JSON.
    """

    keystore: Path | None = None
    password_file: Path | None = None
    max_fee: str | None = None
    tip: str | None = None
    wait: float = 300.0
    confirmations: int = 1
    replace: Annotated[bool, Flag] = False
    dry_run: Annotated[bool, Flag] = False
    json: Annotated[bool, Flag] = False

    @property
    def patience(self) -> Patience:
        """How long to wait.

        Raises:
            InputError: no such time.
        """
        if not 0 < self.wait <= 86_400:
            raise InputError("--wait", f"is {self.wait:g}", "seconds, up to 86400")
        if not 1 <= self.confirmations <= 10_000:
            raise InputError("--confirmations", f"is {self.confirmations}", "1 to 10000")
        return Patience(seconds=self.wait, confirmations=self.confirmations)

    @property
    def fees(self) -> dict[str, int | None]:
        """The limits of what it costs, in wei."""
        named = (("cap", "--max-fee", self.max_fee), ("tip", "--tip", self.tip))
        return {name: None if text is None else base_units(option, text, 9) for name, option, text in named}

    @property
    def sender(self) -> str:
        """Whose transaction it will be."""
        return keys.sender(self.keystore, self.password_file)

    @property
    def signer(self) -> keys.Signer:
        """Who signs it."""
        return keys.signer(self.keystore, self.password_file)


def opened(bundle: Path) -> Posting:
    """A bundle as the chain sees it; one of very many accounts takes some seconds."""
    with progress_bar("reading the bundle", None):
        return posting(bundle)


def account(option: str, text: str) -> str:
    """An address that was given as an argument, checksummed.

    Raises:
        InputError: it is malformed, its capitals are no checksum, or it is the zero address.
    """
    return checksum(address_bytes(text, option, zero=False))


def distributor(link: Link, contract: str | None, bundle: Posting | None = None, *, sends: bool = True) -> Distributor:
    """The distributor that is meant, checked, from ``--contract`` (an address, or a record of ``deploy``) or a bundle.

    Args:
        link: the node and the chain.
        contract: as it was given.
        bundle: names a contract and a chain too, or does not.
        sends: something will be signed: then the chain must have been named.

    Raises:
        InputError: none is named, or two that differ; the wrong chain; no distributor there.
    """
    named = named_contract(contract)
    address = _agreed("--contract", [named[0], bundle.contract if bundle else None])
    chain_id = _agreed("--chain-id", [link.chain_id, named[1], bundle.chain_id if bundle else None])
    if address is None:
        raise InputError("--contract", "no contract is named", "its address, or the record that deploy wrote")
    if chain_id is None and sends:
        raise InputError("--chain-id", "the chain is not named", "its number, such as 1 for Ethereum")
    found = distributor_at(link.node, str(address), chain_id=None if chain_id is None else int(chain_id))
    if bundle is not None and bundle.token is not None and bundle.token != found.token:
        raise InputError(bundle.folder, f"pays in {bundle.token}", f"{found.token}, what {found.address} pays in")
    return found


def same_or_refused(it: Distributor, state: Epoch, read: Posting) -> None:
    """Refuse a bundle whose epoch is posted with other figures; say which."""
    pairs = (
        ("root", state.root, read.root),
        ("bundle", state.bundle, read.bundle),
        ("program", state.program, read.program),
        ("samples root", state.samples_root, read.samples.root),
    )
    for name, theirs, ours in pairs:
        if theirs != ours:
            raise InputError(
                f"epoch {read.epoch} of {it.address}",
                f"is {state.status.name.lower()} with the {name} {hex_of(theirs)}",
                f"{hex_of(ours)}, that of {read.folder}; nothing was sent",
            )


def beside(bundle: Path, command: str) -> Path:
    """Where the journal of a command on a bundle stands: beside its folder, so that the bundle stays as it is."""
    folder = bundle.resolve()
    return folder.with_name(f"{folder.name}.{command}.journal.json")


def journal_here(it: Distributor, command: str) -> Path:
    """Where the journal of a command stands that no bundle belongs to: in this folder, until it is done."""
    return Path(f"rewards-{command}-{it.address[2:10].lower()}.journal.json")


def named_contract(contract: str | None) -> tuple[str | None, int | None]:
    """Address and chain of ``--contract``: an address, or the record that ``deploy`` wrote, which knows its chain."""
    if contract is None or contract.startswith("0x"):
        return None if contract is None else account("--contract", contract), None
    try:
        found = msgspec.json.decode(Path(contract).read_bytes(), type=Deployment)
    except (OSError, msgspec.DecodeError) as error:
        why = "cannot be read" if isinstance(error, OSError) else "is no record of a distributor"
        raise InputError(f"--contract {contract}", why, "an address, or the record that deploy wrote") from error
    return account(f"--contract {contract}", found.contract), found.chain_id


def _agreed(option: str, named: list[str | None] | list[int | None] | list[str | int | None]) -> str | int | None:
    """What all who name one agree on; None where nobody does."""
    given = sorted({item for item in named if item is not None}, key=str)
    if len(given) > 1:
        raise InputError(option, f"{given[0]} is named, and {given[1]}", "one of them, in the bundle too")
    return given[0] if given else None
