"""A real local chain for tests: Anvil on a free port, accounts named by role, the token that rewards are paid in."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from tempfile import TemporaryFile
from typing import IO

from eth_abi.abi import decode, encode
from eth_account import Account
from vyper import compile_code

from makerscope.rewards.hashing import keccak
from makerscope.rewards.rpc import Node, integer, octets
from tests.nodes import MODULES, ROOT, missing

CHAIN_ID = 31337
COIN = 10**18
PATIENCE = 30  # seconds until a started Anvil listens, on a busy machine


def key_of(role: str) -> str:
    """The private key of a role, such as ``publisher``: worth nothing, and the same in every run."""
    return "0x" + keccak(f"makerscope test {role}".encode()).hex()


def address_of(role: str) -> str:
    return Account.from_key(key_of(role)).address


@contextmanager
def anvil(*options: str) -> Iterator[Node]:
    """Anvil on a free port, ended with the block. Skips where npm's packages are absent, fails where tests insist."""
    found = sorted((MODULES / "@foundry-rs").glob("anvil-*/bin/anvil*"))
    command = [
        str(found[0] if found else missing("node_modules/@foundry-rs/anvil")),
        "--port",
        "0",
        "--chain-id",
        str(CHAIN_ID),
        *options,
    ]
    with (
        TemporaryFile() as said,
        subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT) as process,
    ):
        try:
            yield Node(url=f"http://127.0.0.1:{_port(said)}", pause=0.05)
        finally:
            process.kill()


def _port(said: IO[bytes]) -> int:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        text = os.pread(said.fileno(), 65536, 0).decode()
        if listening := re.search(r"Listening on [\d.]+:(\d+)", text):
            return int(listening[1])
        time.sleep(0.02)
    raise AssertionError(f"Anvil does not listen: {text[-500:]}")


@contextmanager
def undone(node: Node) -> Iterator[None]:
    """What happens on the chain meanwhile did not happen afterwards."""
    before = node.once("evm_snapshot")
    try:
        yield
    finally:
        assert node.once("evm_revert", before)


def enrich(node: Node, *roles: str, coins: int = 100) -> None:
    for role in roles:
        node.once("anvil_setBalance", address_of(role), hex(coins * COIN))


def later(node: Node, seconds: int) -> None:
    """Time passes, and a block with it."""
    node.once("evm_increaseTime", seconds)
    node.once("evm_mine")


def transaction_count(node: Node, role: str) -> int:
    return integer(node, node.read("eth_getTransactionCount", address_of(role), "latest"))


@cache
def token_code() -> str:
    source = ROOT / "tests" / "contracts" / "tokens" / "complete.vy"
    return compile_code(source.read_text(), contract_path=source, output_formats=["bytecode"])["bytecode"]


def deploy_token(node: Node, role: str, *, supply: int = 10**15) -> str:
    """The token of tests with 6 decimals; ``role`` holds all of it. Its address."""
    arguments = encode(["string", "string", "uint8", "uint256"], ["Test token", "TEST", 6, supply])
    return send_as(node, role, token_code() + arguments.hex())["contractAddress"]


def send_as(node: Node, role: str, data: str, to: str | None = None, value: int = 0) -> dict:
    """A transaction of a role by Anvil's own means (no key, no makerscope code): its receipt."""
    address = address_of(role)
    node.once("anvil_impersonateAccount", address)
    fields = {"from": address, "data": data, "value": hex(value)} | ({} if to is None else {"to": to})
    name = node.once("eth_sendTransaction", fields)
    node.once("anvil_stopImpersonatingAccount", address)
    ends = time.monotonic() + PATIENCE
    while (receipt := node.read("eth_getTransactionReceipt", name)) is None:
        assert time.monotonic() < ends, "Anvil made no block"
        time.sleep(0.02)
    return receipt


def call_of(signature: str, *values: object) -> str:
    """``transfer(address,uint256)`` and its values as data."""
    kinds = _split(signature[signature.index("(") + 1 : -1])
    return "0x" + keccak(signature.encode())[:4].hex() + encode(kinds, values).hex()


def ask(node: Node, to: str, signature: str, *values: object, gives: str = "uint256") -> object:
    """What a view answers."""
    return decode(
        [gives], octets(node, node.read("eth_call", {"to": to, "data": call_of(signature, *values)}, "latest"))
    )[0]


def _split(kinds: str) -> list[str]:
    return kinds.split(",") if kinds else []
