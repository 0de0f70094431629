"""``python -m bench.gas``: what each call of the reward distributor costs, and its claim beside one in Solidity.

Whole transactions: 21,000, the call data and the execution. Measured with revm on Cancun's rules; the Solidity contract
(``solidity/Distributor.sol``) is compiled by the npm package solc with the optimiser and its IR pipeline for the same EVM.
"""

import json
import subprocess
from pathlib import Path

import boa
from eth_abi.abi import encode
from rich.console import Console
from rich.table import Table

from contracts.build import ARTIFACT, EVM_VERSION
from makerscope.programs.sample_rule import Kernel, Reducer, SampleRule, sample_score
from makerscope.rewards.hashing import keccak
from makerscope.rewards.merkle import claims_tree, proof
from makerscope.rewards.rules_tree import rules_tree

ROOT = Path(__file__).resolve().parents[1]
SOLIDITY = ROOT / "bench" / "solidity"
OWNER, PUBLISHER, ANYONE = (f"0x{n:040x}" for n in (0xA11, 0xB0B, 0xCAFE))
HELD = [f"0x{keccak(n.to_bytes(4))[:20].hex()}" for n in range(1024)]  # 1,024 claims: a proof of ten
BOND, WINDOW, PERIOD = 10**18, 3_600, 86_400


class Chain:
    """An EVM with one token on it; every call is a transaction of its own."""

    def later(self, seconds):
        boa.env.time_travel(seconds=seconds)

    def deploy(self, code):
        at, done = boa.env.deploy(sender=OWNER, bytecode=code)
        assert not done.is_error, done.error
        return str(at), 53_000 + 2 * -(-len(code) // 32) + data_gas(code) + done.get_gas_used()

    def call(self, sender, to, signature, *values, wei=0):
        data = keccak(signature.encode())[:4] + encode(_types(signature), values)
        boa.env.reset_gas_used()
        done = boa.env.execute_code(to, sender=sender, data=data, value=wei)
        assert not done.is_error, done.error
        return 21_000 + data_gas(data) + done.net_gas_used


def data_gas(data):
    return sum(16 if byte else 4 for byte in data)


def _types(signature):
    """Types of the arguments of a signature; tuples are kept whole."""
    inner, out, depth = signature[signature.index("(") + 1 : -1], [""], 0
    for sign in inner:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            out.append("")
        else:
            out[-1] += sign
    return [each for each in out if each]


def solidity():
    """Creation bytecode of the contract to compare with."""
    command = ["node", str(SOLIDITY / "compile.cjs"), str(SOLIDITY / "Distributor.sol"), EVM_VERSION]
    return bytes.fromhex(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip())
