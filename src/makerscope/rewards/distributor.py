"""The reward distributor on a chain: what it is, what it knows, and the calls that change it.

Whoever opens one gets no further than a contract whose code is byte for byte the one that ships with makerscope, on the
chain that was meant. What its calls do stands in ``contracts/reward_distributor.vy``.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from makerscope.errors import InputError
from makerscope.rewards.interface import interface
from makerscope.rewards.rpc import Call as Request
from makerscope.rewards.rpc import Node, octets
from makerscope.rewards.transactions import Call, checked_chain

MOST_CLAIMS = 16  # in one transaction


class Status(IntEnum):
    """What an epoch has come to."""

    ABSENT = 0
    POSTED = 1
    FINAL = 2
    CANCELLED = 3
    SWEPT = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """An epoch as the contract has it. Times are seconds since 1970, amounts base units, ``bond`` wei."""

    number: int
    status: Status
    program: bytes
    root: bytes
    samples_root: bytes
    samples_total: int
    leaf_count: int
    budget: int
    paid: int
    bundle: bytes
    posted_at: int
    publisher: str
    bond: int
    finalised_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program as the contract has it; ``markets`` 0: its scores cannot be checked on chain."""

    registered: bool
    rules_root: bytes
    markets: int
    max_weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Distributor:
    """A contract whose code was checked. ``bond`` is wei; ``window`` and ``claim_period`` are seconds."""

    node: Node
    chain_id: int
    address: str
    token: str
    bond: int
    window: int
    claim_period: int

    def view(self, name: str, *values: object) -> tuple[Any, ...]:
        """What a view answers."""
        return self.views([(name, values)])[0]

    def views(self, asked: list[tuple[str, tuple[object, ...]]]) -> list[tuple[Any, ...]]:
        """What several views answer, by one request."""
        return _views(self.node, self.address, asked)

    def call(self, what: str, name: str, *values: object, value: int = 0) -> Call:
        """A call that changes the contract; ``what`` says it in words."""
        return Call(what=what, to=self.address, data=interface().calldata(name, *values), value=value)

    def epochs(self, numbers: list[int]) -> list[Epoch]:
        """Epochs by number, also those that are not there."""
        names = interface().functions["epochs"].names
        found = self.views([("epochs", (number,)) for number in numbers])
        return [_epoch(number, dict(zip(names, row, strict=True))) for number, row in zip(numbers, found, strict=True)]

    def program(self, name: bytes) -> Program:
        """A program by its hash, also one that is not there."""
        registered, rules_root, markets, max_weight = self.view("programs", name)
        return Program(registered=registered, rules_root=rules_root, markets=markets, max_weight=max_weight)

    def now(self) -> int:
        """The time of the newest block, seconds since 1970: the contract's clock."""
        block = self.node.read("eth_getBlockByNumber", "latest", False)
        return int(block["timestamp"], 16)


def distributor_at(node: Node, address: str, *, chain_id: int | None) -> Distributor:
    """The distributor at an address, checked.

    Args:
        node: where to ask.
        address: of the contract, checksummed.
        chain_id: the chain that was meant; None: whichever the node is on.

    Raises:
        InputError: the node is on another chain, or the code at the address is not the distributor's.
    """
    here = checked_chain(node, chain_id)
    code = octets(node, node.read("eth_getCode", address, "latest"))
    if not code:
        raise InputError(address, f"there is no contract on chain {here}", "the address of a reward distributor")
    if not interface().is_deployed_as(code):
        raise InputError(
            address, "the contract's code is not that of this makerscope's reward distributor", "one that it deployed"
        )
    names = ("TOKEN", "PUBLISHER_BOND", "WINDOW", "CLAIM_PERIOD")
    token, bond, window, claim_period = (row[0] for row in _views(node, address, [(name, ()) for name in names]))
    return Distributor(
        node=node,
        chain_id=here,
        address=address,
        token=token,
        bond=bond,
        window=window,
        claim_period=claim_period,
    )


def deployment(token: str, owner: str, *, bond: int, window: int, claim_period: int) -> Call:
    """The call that creates a distributor. Addresses; wei; seconds."""
    data = interface().deployment(token, owner, bond, window, claim_period)
    return Call(what="deploy the reward distributor", to=None, data=data)


def _views(node: Node, address: str, asked: list[tuple[str, tuple[object, ...]]]) -> list[tuple[Any, ...]]:
    requests: list[Request] = [
        ("eth_call", (_asking(address, interface().calldata(name, *values)), "latest")) for name, values in asked
    ]
    found = [octets(node, answer) for answer in node.batch(requests)]
    return [interface().answer(name, data) for (name, _), data in zip(asked, found, strict=True)]


def _asking(address: str, data: bytes) -> dict[str, str]:
    return {"to": address, "data": "0x" + data.hex()}


def _epoch(number: int, found: dict[str, Any]) -> Epoch:
    values: dict[str, Any] = found | {"status": Status(found["status"])}
    return Epoch(number=number, **values)
