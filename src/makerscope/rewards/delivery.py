"""Send a transaction once, whatever happens meanwhile: journal first, then the network, then the receipt.

What an earlier run left open is taken up before anything new is signed: where its transaction was included, that is the
result; where the node does not know it and its nonce is free, the same bytes are sent again; where another
transaction took its nonce, it can no longer happen. Sending the same bytes again is harmless, so a lost connection is
no reason to sign anew.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from makerscope.errors import InputError, NodeError, OutputError, RefusedError
from makerscope.rewards.hashing import checksum
from makerscope.rewards.journal import Attempt, Entry, forget, found, keep
from makerscope.rewards.keys import Signer
from makerscope.rewards.rpc import Node, integer, nonsense, patiently
from makerscope.rewards.transactions import Call, Transaction, parameters

Tell = Callable[[str], object]  # what is being waited for, in words

POLL, SLOWEST_POLL = 0.1, 2.0  # seconds between two looks
LAG = 0.5  # seconds: behind one address there may be several nodes, some a little late
NEVER = frozenset({-32600, -32601, -32602})  # codes of JSON-RPC: what was asked for is none
REFUSALS = (  # words of nodes that take a transaction into no pool; after any other refusal it may be in one
    "insufficient funds", "nonce too low", "nonce too high", "underpriced", "intrinsic gas", "gas limit", "fee cap",
    "max fee per gas", "base fee", "tip above", "priority fee", "invalid sender", "invalid signature", "chain id",
    "not supported", "not allowed", "exceeds", "oversized", "size limit", "txpool is full",
)  # fmt: skip
KNOWN = ("already known", "already imported", "known transaction", "already exists", "alreadyknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """``seconds`` until we no longer wait for a receipt, ``confirmations``: blocks on its side, its own included."""

    seconds: float = 300.0
    confirmations: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of an included transaction. ``price`` is wei per unit of gas; ``logs`` as the node gave them."""

    hash: str
    block: int
    succeeded: bool
    gas: int
    price: int
    created: str | None
    logs: tuple[dict[str, object], ...]

    @property
    def fee(self) -> int:
        """What it cost, in wei."""
        return self.gas * self.price


def taken_up(
    node: Node, journal: Path, *, patience: Patience, tell: Tell, replace: bool = False
) -> tuple[Entry, Receipt | None] | None:
    """What an earlier run left open, now settled: the entry and its receipt; None where nothing was open.

    The fate of the entry is ``done`` or ``reverted``, or without a receipt ``overtaken``, or, where it is to be
    replaced and can be, still ``open``.

    Raises:
        InputError: the journal is of another chain.
        NodeError: its fate cannot be known now.
        OutputError: it is still not included.
    """
    entry = found(journal)
    if entry is None or entry.fate != "open":
        return None
    chain_id = integer(node, node.read("eth_chainId"))
    if chain_id != entry.chain_id:
        raise InputError(journal, f"is of a transaction on chain {entry.chain_id}", f"not {node.name} ({chain_id})")
    tell(f"an earlier run was about to {entry.what}: looking for its transaction")
    receipt = receipt_of(node, entry)
    if receipt is None and not _overtaken(node, entry):
        if replace:
            return entry, None
        _broadcast(node, entry, journal, fresh=False)
        receipt = _awaited(node, entry, journal, patience, tell)
    return _settled(journal, entry, receipt), receipt


def delivered(
    node: Node, signer: Signer, transaction: Transaction, journal: Path, *, patience: Patience, tell: Tell
) -> Receipt:
    """Sign, journal, send, wait. The journal holds nothing open, or a transaction of this nonce, which this replaces.

    Raises:
        RefusedError: the node takes no such transaction, or it was included and reverted.
        NodeError: whether it was sent is not known; the journal goes on from here.
        OutputError: it is not included in time; the journal goes on from here.
        InputError: another transaction of the account took its place.
    """
    raw, name = signer.transaction(transaction.fields())
    attempt = Attempt(hash=name, raw="0x" + raw.hex(), max_fee=transaction.fees.most)
    before = found(journal)
    earlier = before.attempts if before is not None and before.fate == "open" else ()
    if before is not None and earlier and (before.sender, before.nonce) != (signer.address, transaction.nonce):
        raise InputError(journal, f"to {before.what} is still open", "its end first")
    entry = Entry(
        what=transaction.call.what,
        call=transaction.call.identity(transaction.chain_id),
        chain_id=transaction.chain_id,
        sender=signer.address,
        nonce=transaction.nonce,
        attempts=(*earlier, attempt),
    )
    keep(journal, entry)
    _broadcast(node, entry, journal, fresh=not earlier)
    receipt = _awaited(node, entry, journal, patience, tell)
    _settled(journal, entry, receipt)
    if receipt is None:
        raise InputError(name, f"another transaction of {entry.sender} took nonce {entry.nonce}", "a look at it first")
    if not receipt.succeeded:
        why = why_reverted(node, transaction.call, signer.address, receipt, transaction.gas)
        raise RefusedError(
            transaction.call.to or node.name,
            f"to {transaction.call.what} failed in block {receipt.block}, transaction {receipt.hash}: {why}",
            reverted=True,
        )
    return receipt


def why_reverted(node: Node, call: Call, sender: str, receipt: Receipt, limit: int) -> str:
    """The reason of an included transaction that failed: the call done again on the state before its block."""
    if receipt.gas >= limit:
        return "out of gas"
    try:
        node.read("eth_call", parameters(call, sender), hex(receipt.block - 1))
    except RefusedError as error:
        if error.reverted:
            return error.what
    except NodeError:
        pass
    return "the reason is no longer to be had from the node"


def _settled(journal: Path, entry: Entry, receipt: Receipt | None) -> Entry:
    """Write down what became of an entry."""
    fate = "overtaken" if receipt is None else "done" if receipt.succeeded else "reverted"
    entry = msgspec.structs.replace(entry, fate=fate, block=receipt.block if receipt else None)
    keep(journal, entry)
    return entry


def _broadcast(node: Node, entry: Entry, journal: Path, *, fresh: bool) -> None:
    """Send the newest attempt until the node has it.

    ``fresh``: nobody sent it before. Then a refusal in known words is final and the journal is removed again, unless an
    earlier request of ours may have arrived. Else the journal stays: whether the transaction is out there is not known.
    """
    unsure = not fresh

    def send() -> None:
        nonlocal unsure
        try:
            node.once("eth_sendRawTransaction", entry.attempts[-1].raw)
        except NodeError:
            unsure = True
            raise

    try:
        patiently(node, send)
    except NodeError as error:
        raise NodeError(f"{error}; {_resumable(entry, journal)}") from None
    except RefusedError as error:
        if any(word in error.what.lower() for word in KNOWN):
            return
        final = error.code in NEVER or any(word in error.what.lower() for word in REFUSALS)
        if final and not unsure:
            forget(journal)
            raise
        if not _is_known(node, entry):
            raise RefusedError(error.where, f"{error.what} ({_resumable(entry, journal)})", code=error.code) from None


def _resumable(entry: Entry, journal: Path) -> str:
    return f"the transaction to {entry.what} is journalled in {journal}, and the same command goes on with it"


def _is_known(node: Node, entry: Entry) -> bool:
    """Does the node know one of the attempts, waiting or included, or is their nonce taken?"""
    answers = node.batch([("eth_getTransactionByHash", (item.hash,)) for item in entry.attempts])
    return any(answer is not None for answer in answers) or _nonce_is_used(node, entry)


def _nonce_is_used(node: Node, entry: Entry) -> bool:
    return integer(node, node.read("eth_getTransactionCount", entry.sender, "latest")) > entry.nonce


def _overtaken(node: Node, entry: Entry) -> bool:
    """Did a transaction that is none of ours take the nonce?"""
    if not _nonce_is_used(node, entry):
        return False
    for _ in range(3):
        if receipt_of(node, entry) is not None:
            return False
        time.sleep(LAG)
    return True


def _awaited(node: Node, entry: Entry, journal: Path, patience: Patience, tell: Tell) -> Receipt | None:
    """The receipt, once it has its confirmations; None where another transaction took the nonce."""
    ends, pause, looks = time.monotonic() + patience.seconds, POLL, 0
    try:
        while True:
            receipt = receipt_of(node, entry)
            if receipt is None:
                tell(f"waiting for the transaction to {entry.what}")
            else:
                depth = integer(node, node.read("eth_blockNumber")) - receipt.block + 1
                if depth >= patience.confirmations:
                    return receipt
                tell(f"{depth} of {patience.confirmations} blocks on the transaction to {entry.what}")
            looks += 1
            if receipt is None and looks % 8 == 0 and _overtaken(node, entry):
                return None
            if time.monotonic() > ends:
                break
            time.sleep(pause)
            pause = min(pause * 1.3, SLOWEST_POLL)
    except NodeError as error:
        raise NodeError(f"{error}; {_resumable(entry, journal)}") from None
    raise OutputError(
        f"{entry.attempts[-1].hash}: not included within {patience.seconds:g} s; {_resumable(entry, journal)} "
        "(--replace offers more for it)"
    )


def receipt_of(node: Node, entry: Entry) -> Receipt | None:
    """The receipt of whichever attempt was included; None where none was."""
    for answer in node.batch([("eth_getTransactionReceipt", (item.hash,)) for item in entry.attempts]):
        if isinstance(answer, dict) and answer.get("blockNumber") is not None:
            return _receipt(node, answer)
        if answer is not None and not isinstance(answer, dict):
            nonsense(node, "no receipt where one belongs")
    return None


def _receipt(node: Node, answer: dict[str, object]) -> Receipt:
    created, logs = answer.get("contractAddress"), answer.get("logs")
    return Receipt(
        hash=str(answer.get("transactionHash")),
        block=integer(node, answer["blockNumber"]),
        succeeded=integer(node, answer.get("status", "0x1")) == 1,
        gas=integer(node, answer.get("gasUsed")),
        price=integer(node, answer.get("effectiveGasPrice", "0x0")),
        created=checksum(bytes.fromhex(created[2:])) if isinstance(created, str) else None,
        logs=tuple(logs) if isinstance(logs, list) else (),
    )
