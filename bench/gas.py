"""``python -m bench.gas [--write]``: what each call of the reward distributor costs, its claim beside one in Solidity.

Whole transactions, as a receipt says: 21,000, the call data and the execution less refunds, all storage cold (py-evm by
titanoboa). The Solidity contract (``solidity/Distributor.sol``) is compiled by the npm package solc, with optimiser and
IR pipeline, for the same EVM. Every account holds the token already; to one that does not, the token costs 17,100 more.
``--write`` puts the table into ``docs/contract.md``.
"""

import argparse
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

import boa
from contracts import build
from eth_abi.abi import encode
from rich.console import Console
from rich.table import Table

from makerscope.programs.sample_rule import UNIT, Kernel, Reducer, SampleRule, sample_score
from makerscope.rewards.hashing import keccak
from makerscope.rewards.merkle import claims_tree, proof
from makerscope.rewards.rules_tree import rules_tree
from makerscope.rewards.sample_leaves import TYPES
from makerscope.rewards.sum_tree import proof as siblings
from makerscope.rewards.sum_tree import sum_tree

ROOT = Path(__file__).resolve().parents[1]
SOLIDITY = ROOT / "bench" / "solidity"
PAGE = ROOT / "docs" / "contract.md"
START, END = "<!-- gas -->", "<!-- end of gas -->"
OWNER, PUBLISHER, ANYONE = (f"0x{n:040x}" for n in (0xA11CE, 0xB0B0, 0xCAFE))
HELD = [f"0x{keccak(n.to_bytes(4))[:20].hex()}" for n in range(1024)]  # 1,024 claims: a proof of ten
BOND, WINDOW, PERIOD = 10**18, 3_600, 86_400
BUDGET, PROGRAM, FREE = 10**24, b"P" * 32, b"F" * 32
RULE = SampleRule(kernel=Kernel.EXPONENTIAL, reducer=Reducer.SOFTMIN, limit=UNIT // 10, rate=50 * UNIT, high=10**9)
CLAIM = "(uint256,address,uint256,bytes32[])"
POST = "post(uint256,bytes32,bytes32,bytes32,uint256,uint256,uint256,bytes32)"
NODE = "(bytes32,uint256)"
PLACE = f"(uint256,uint256,{NODE}[])"
SAMPLE = f"({','.join(TYPES)})"
WORDS = f"({16 * 'uint256,'}uint256[8],uint256[8])"


class Cost(NamedTuple):
    """Gas of a call; of the same in Solidity where there is one."""

    what: str
    ours: int
    solidity: int | None = None


def data_gas(data):
    return sum(16 if byte else 4 for byte in data)


def deploy(code):
    """Address and gas."""
    at, done = boa.env.deploy(sender=OWNER, bytecode=code)
    return str(at), _receipt(done, 53_000 + 2 * -(-len(code) // 32) + data_gas(code))


def call(sender, to, signature, *values, wei=0):
    """Gas of a call that must pass."""
    data = keccak(signature.encode())[:4] + encode(_types(signature), values)
    return _receipt(boa.env.execute_code(to, sender=sender, data=data, value=wei), 21_000 + data_gas(data))


def _receipt(done, before):
    """Gas of a transaction; the storage it wrote is what the next one finds, cold."""
    assert not done.is_error, done.error
    boa.env.evm.vm.state.lock_changes()
    used = before + done.get_gas_used()
    return used - min(done.get_gas_refund(), used // 5)


def _types(signature):
    """Types of the arguments of a signature; tuples are kept whole."""
    out, depth = [""], 0
    for sign in signature[signature.index("(") + 1 : -1]:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            out.append("")
        else:
            out[-1] += sign
    return [each for each in out if each]


@cache
def solidity():
    """Creation bytecode of the contract to compare with; None where node or solc is absent."""
    if not (ROOT / "node_modules" / "solc").exists() or not shutil.which("node"):
        return None
    command = ["node", str(SOLIDITY / "compile.cjs"), str(SOLIDITY / "Distributor.sol"), build.EVM_VERSION]
    return bytes.fromhex(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip())


def _token():
    source = (ROOT / "tests" / "contracts" / "tokens" / "plain.vy").read_text()
    token, _ = deploy(boa.loads_partial(source).compiler_data.bytecode)
    call(OWNER, token, "mint(address,uint256)", OWNER, 10**30)
    return token


def costs():
    """Every row of the table."""
    with boa.swap_env(boa.Env()):
        for account in (OWNER, PUBLISHER, ANYONE):
            boa.env.set_balance(account, 10**24)
        token = _token()
        code = bytes.fromhex(build.artifact()["bytecode"][2:])
        settings = encode(["address", "address", *3 * ["uint256"]], [token, OWNER, BOND, WINDOW, PERIOD])
        ours, deployed = deploy(code + settings)
        call(OWNER, token, "approve(address,uint256)", ours, 2**256 - 1)
        call(OWNER, ours, "set_publisher(address)", PUBLISHER)
        register, root = "register(bytes32,bytes32,uint256,uint256)", rules_tree([RULE.words()]).root
        registered = call(OWNER, ours, register, PROGRAM, root, 1, 1)
        call(OWNER, ours, register, FREE, bytes(32), 0, 0)
        call(OWNER, ours, "fund(uint256)", BUDGET)
        funded = call(OWNER, ours, "fund(uint256)", 20 * BUDGET)
        rows = [Cost("deploy", deployed), Cost("register a program", registered), Cost("fund", funded)]
        return rows + _life(ours, token) + _challenges(ours)


def _life(ours, token):
    tree = claims_tree([(account, 10**18 + at) for at, account in enumerate(HELD)])
    theirs = _in_solidity(token, tree.root)
    batched, epochs = range(100, 116), (10, 11, 12)
    for row in (5, *batched):
        call(OWNER, token, "mint(address,uint256)", tree.values[row][0], 1)
    posts = [call(PUBLISHER, ours, POST, at, FREE, tree.root, bytes(32), 0, 0, BUDGET, FREE, wei=BOND) for at in epochs]
    boa.env.time_travel(seconds=WINDOW)
    finals = [call(ANYONE, ours, "finalise(uint256)", at) for at in epochs]

    def claimed(at, row):
        arguments = (at, *tree.values[row], list(proof(tree, row)))
        there = call(ANYONE, theirs, f"claim{CLAIM}", *arguments) if theirs else None
        return call(ANYONE, ours, f"claim{CLAIM}", *arguments), there

    first, later = claimed(10, 5), claimed(11, 5)
    batch = [(12, *tree.values[row], list(proof(tree, row))) for row in batched]
    many = call(ANYONE, ours, f"claim_many({CLAIM}[])", batch) // len(batch)
    boa.env.time_travel(seconds=PERIOD)
    return [
        Cost("post, no samples", posts[-1]),
        Cost("finalise", finals[-1]),
        Cost("claim, depth 10, first of an account", *first),
        Cost("claim, depth 10, a later epoch of an account", *later),
        Cost("claim in a batch of 16 first ones, each", many),
        Cost("sweep", call(ANYONE, ours, "sweep(uint256)", 12)),
        Cost("collect a bond", call(PUBLISHER, ours, "collect(address)", ANYONE)),
    ]


def _in_solidity(token, root):
    """Address of the Solidity contract with the same three epochs, funded."""
    if not solidity():
        return None
    theirs, _ = deploy(solidity() + encode(["address"], [token]))
    call(OWNER, token, "transfer(address,uint256)", theirs, 10 * BUDGET)
    call(OWNER, theirs, "fund()")
    for at in (10, 11, 12):
        call(OWNER, theirs, "post(uint256,bytes32,uint120)", at, root, BUDGET)
    return theirs


def _challenges(ours):
    """Challenges in a tree of 1,024 samples, with one order or sixteen a side."""
    rows = []
    for orders in (1, 16):
        leaves = [_sample(at, orders) for at in range(1024)]
        hashes = [keccak(keccak(encode(TYPES, leaf))) for leaf in leaves]
        tree = sum_tree(hashes, [leaf[9] for leaf in leaves])
        place = lambda at, tree=tree: (at, tree.node(0, at)[1], list(siblings(tree, at)))  # noqa: E731
        posted = (FREE, tree.root[0], tree.root[1], 1024, BUDGET, FREE)
        rule = RULE.words()
        shown = leaves[700], place(700), (*rule[:16], rule[16:24], rule[24:]), []
        words = f"challenge_score(uint256,{SAMPLE},{PLACE},{WORDS},bytes32[])"
        size = f"{orders} order{'s' * (orders > 1)} a side"
        posting = _post(ours, orders, posted)
        if orders == 1:
            rows.append(Cost("post with samples", posting))
        rows.append(Cost(f"challenge a score, {size}", call(ANYONE, ours, words, orders, *shown)))
        if orders == 1:
            continue
        _post(ours, 20, posted)
        pair = leaves[1022], place(1022), leaves[1023], place(1023)
        words = f"challenge_order(uint256,{SAMPLE},{PLACE},{SAMPLE},{PLACE})"
        rows.append(Cost(f"challenge an order, {size}", call(ANYONE, ours, words, 20, *pair)))
    return [*rows, _false_sum(ours)]


def _false_sum(ours):
    """A tree whose top says one too many."""
    tree = sum_tree([keccak(bytes([at])) for at in range(2)], [1, 2])
    _post(ours, 30, (FREE, tree.root[0], 4, 2, BUDGET, FREE))
    words = f"challenge_sum(uint256,uint256,{PLACE},{NODE},{NODE})"
    return Cost("challenge a sum", call(ANYONE, ours, words, 30, 1, (0, 4, []), tree.node(0, 0), tree.node(0, 1)))


def _post(ours, epoch, posted):
    call(OWNER, ours, "set_publisher(address)", PUBLISHER)
    return call(PUBLISHER, ours, POST, epoch, PROGRAM, *posted, wei=BOND)


def _sample(at, orders):
    """A leaf; number 700 lies, and the last two are one."""
    prices = list(range(9_990, 9_990 - orders, -1))
    asks = [20_000 - price for price in prices]
    sizes = list(range(1, orders + 1))
    score = sample_score(RULE, 20_000, zip(prices, sizes, strict=True), zip(asks, sizes, strict=True)) + (at == 700)
    return (0, min(at, 1022), HELD[0], 1, 20_000, prices, sizes, asks, sizes, score)


def page(rows):
    """The rows as a table of the documentation."""
    lines = ["| call | gas | Solidity | ratio |", "|---|---|---|---|"]
    for row in rows:
        there = f"{row.solidity:,} | {row.ours / row.solidity:.3f}" if row.solidity else "|"
        lines.append(f"| {row.what} | {row.ours:,} | {there} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="python -m bench.gas", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/contract.md")
    write = parser.parse_args().write
    rows = costs()
    table = Table("call", "gas", "in Solidity", "ratio")
    for row in rows:
        there = (f"{row.solidity:,}", f"{row.ours / row.solidity:.3f}") if row.solidity else ("", "")
        table.add_row(row.what, f"{row.ours:,}", *there)
    Console().print(table)
    if write:
        before, rest = PAGE.read_text().split(START)
        PAGE.write_text(before + START + "\n" + page(rows) + "\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
