"""What a distributor needs of the token that it pays: balance, allowance, and what the token says of itself."""

from dataclasses import dataclass

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError

from makerscope.errors import InputError, RefusedError
from makerscope.rewards.hashing import WORD, keccak
from makerscope.rewards.rpc import Node, octets
from makerscope.rewards.transactions import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token; ``decimals`` None where it does not say."""

    node: Node
    address: str
    symbol: str
    decimals: int | None

    def balance(self, account: str) -> int:
        """Base units that an account holds."""
        return self._number("balanceOf(address)", account)

    def allowance(self, holder: str, spender: str) -> int:
        """Base units of the holder that the spender may move."""
        return self._number("allowance(address,address)", holder, spender)

    def approve(self, spender: str, amount: int) -> Call:
        """The call by which the sender allows a spender to move so many base units."""
        data = _selector("approve(address,uint256)") + encode(["address", "uint256"], [spender, amount])
        return Call(what="allow the distributor to take the tokens", to=self.address, data=data)

    def _number(self, signature: str, *accounts: str) -> int:
        data = _selector(signature) + encode(["address"] * len(accounts), accounts)
        found = octets(self.node, self.node.read("eth_call", _asking(self.address, data), "latest"))
        if len(found) != WORD:
            raise InputError(self.address, f"the token does not answer {signature}", "an ERC-20 token")
        return int.from_bytes(found)


def token_at(node: Node, address: str) -> Token:
    """The token at an address, by its own word; not all tokens say their symbol and decimals."""
    decimals = _optional(node, address, "decimals()", "uint8")
    symbol = _optional(node, address, "symbol()", "string")
    return Token(
        node=node,
        address=address,
        symbol=symbol if isinstance(symbol, str) and symbol.isprintable() and len(symbol) <= 16 else "",
        decimals=decimals if isinstance(decimals, int) else None,
    )


def _optional(node: Node, address: str, signature: str, kind: str) -> object:
    try:
        data = octets(node, node.read("eth_call", _asking(address, _selector(signature)), "latest"))
        return decode([kind], data)[0]
    except (RefusedError, DecodingError, UnicodeDecodeError, OverflowError):
        return None


def _asking(address: str, data: bytes) -> dict[str, str]:
    return {"to": address, "data": "0x" + data.hex()}


def _selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]
