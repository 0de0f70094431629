"""From a call to a transaction ready to be signed: nonce, gas with a margin, fees by EIP-1559 or the older gas price.

Amounts are wei of the chain's own coin, fees wei per unit of gas.
"""

from dataclasses import dataclass

from makerscope.errors import InputError, RefusedError
from makerscope.rewards.hashing import keccak
from makerscope.rewards.rpc import Node, integer, nonsense

GWEI, COIN = 10**9, 10**18
MARGIN = (5, 4)  # gas limit = estimate * 5/4: what a call costs may change before its block
TIP = GWEI  # where the node has no opinion
RAISE = (9, 8)  # a replacement pays an eighth more: nodes ask for a tenth


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a transaction asks for. ``to`` None creates a contract. ``what`` says it in words: "post epoch 3"."""

    what: str
    to: str | None
    data: bytes
    value: int = 0

    def identity(self, chain_id: int) -> str:
        """A hash of all that matters of it: two calls with the same one do the same.

        Examples:
            >>> Call(what="pay", to=None, data=b"").identity(1) == Call(what="pay twice", to=None, data=b"").identity(1)
            True
        """
        parts = (str(chain_id), (self.to or "").lower(), str(self.value), self.data.hex())
        return "0x" + keccak(" ".join(parts).encode()).hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """Wei per unit of gas; ``tip`` None where the chain knows only a gas price, which is then ``most``."""

    most: int
    tip: int | None

    def raised(self, floor: int) -> "Fees":
        """Enough to replace a transaction that offered ``floor``.

        Examples:
            >>> Fees(most=100, tip=8).raised(96)
            Fees(most=109, tip=9)
        """
        top, bottom = RAISE
        return Fees(
            most=max(self.most, -(-floor * top // bottom) + 1),
            tip=None if self.tip is None else -(-self.tip * top // bottom),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A transaction that only wants signing."""

    call: Call
    chain_id: int
    sender: str
    nonce: int
    gas: int
    fees: Fees

    @property
    def cost(self) -> int:
        """The most it can take from the sender, in wei."""
        return self.call.value + self.gas * self.fees.most

    def fields(self) -> dict[str, object]:
        """As a signer wants it."""
        out: dict[str, object] = {
            "chainId": self.chain_id,
            "nonce": self.nonce,
            "gas": self.gas,
            "value": self.call.value,
            "data": self.call.data,
        }
        if self.call.to is not None:
            out["to"] = bytes.fromhex(self.call.to[2:])
        if self.fees.tip is None:
            return out | {"gasPrice": self.fees.most}
        return out | {"type": 2, "maxFeePerGas": self.fees.most, "maxPriorityFeePerGas": self.fees.tip}


def checked_chain(node: Node, expected: int | None) -> int:
    """The node's chain id, once it is what was expected.

    Raises:
        InputError: it is another chain.
    """
    chain_id = integer(node, node.read("eth_chainId"))
    if expected is not None and chain_id != expected:
        raise InputError(node.name, f"the node is on chain {chain_id}", f"one on chain {expected}; nothing was signed")
    return chain_id


def prepared(
    node: Node, call: Call, *, chain_id: int, sender: str, cap: int | None = None, tip: int | None = None,
    nonce: int | None = None, floor: int | None = None,
) -> Transaction:  # fmt: skip
    """A transaction for ``call``, tried on the node first: what would revert is refused here, before it costs anything.

    Args:
        node: where it will be sent.
        call: what it asks for.
        chain_id: of the node.
        sender: who signs.
        cap: the most to pay per unit of gas, in wei.
        tip: of it to the block's producer, in wei; the node's opinion if not given.
        nonce: of the transaction that it replaces; the sender's next if not given.
        floor: what the transaction that it replaces offered per unit of gas.

    Raises:
        RefusedError: the call reverts, with the contract's reason.
        InputError: the sender cannot pay for it, or fees are above ``cap``.
    """
    held = integer(node, node.read("eth_getBalance", sender, "latest"))
    if held < call.value:
        raise _poor(node, sender, held, call.value, call.what)
    if nonce is None:
        nonce = integer(node, node.read("eth_getTransactionCount", sender, "pending"))
    head = _head(node)
    fees = _fees(node, head, cap, tip)
    if floor is not None:
        fees = fees.raised(floor)
    gas = _gas(node, call, sender, integer(node, head.get("gasLimit")))
    out = Transaction(call=call, chain_id=chain_id, sender=sender, nonce=nonce, gas=gas, fees=fees)
    if held < out.cost:
        raise _poor(node, sender, held, out.cost, call.what)
    return out


def coins(wei: int) -> str:
    """Wei as the chain's own coin, exactly.

    Examples:
        >>> coins(1_500_000_000_000_000_000), coins(1), coins(0)
        ('1.5', '0.000000000000000001', '0')
    """
    whole, rest = divmod(wei, COIN)
    return f"{whole:,}" + (f".{rest:018d}".rstrip("0") if rest else "")


def parameters(call: Call, sender: str) -> dict[str, str]:
    """A call as ``eth_call`` and ``eth_estimateGas`` want it."""
    out = {"from": sender, "data": "0x" + call.data.hex(), "value": hex(call.value)}
    return out if call.to is None else out | {"to": call.to}


def _poor(node: Node, sender: str, held: int, wanted: int, what: str) -> InputError:
    return InputError(
        f"{sender} on {node.name}",
        f"holds {coins(held)} of the chain's coin",
        f"{coins(wanted)} to {what}",
    )


def _gas(node: Node, call: Call, sender: str, limit: int) -> int:
    """What the node estimates and a margin, within the limit of a block."""
    try:
        estimate = integer(node, node.read("eth_estimateGas", parameters(call, sender), "latest"))
    except RefusedError as error:
        if not error.reverted:
            raise
        raise RefusedError(call.to or node.name, f"to {call.what} would fail, {error.what}", reverted=True) from None
    return max(estimate, min(estimate * MARGIN[0] // MARGIN[1], limit))


def _head(node: Node) -> dict[str, object]:
    block = node.read("eth_getBlockByNumber", "latest", False)
    if not isinstance(block, dict):
        nonsense(node, "no block where one belongs")
    return block


def _fees(node: Node, head: dict[str, object], cap: int | None, tip: int | None) -> Fees:
    base = head.get("baseFeePerGas")
    if base is None:
        price = integer(node, node.read("eth_gasPrice"))
        _within(node, price, cap)
        return Fees(most=price, tip=None)
    base_fee = integer(node, base)
    tip = _tip(node) if tip is None else tip
    _within(node, base_fee + tip, cap)
    most = 2 * base_fee + tip  # six full blocks in a row double the base fee
    return Fees(most=most if cap is None else min(most, cap), tip=tip)


def _tip(node: Node) -> int:
    try:
        return integer(node, node.read("eth_maxPriorityFeePerGas"))
    except RefusedError:  # not every node has an opinion
        return TIP


def _within(node: Node, price: int, cap: int | None) -> None:
    if cap is not None and price > cap:
        raise InputError(
            "--max-fee", f"is {cap / GWEI:g} gwei", f"at least {price / GWEI:g}, the price on {node.name} now"
        )
