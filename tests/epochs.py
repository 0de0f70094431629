"""A small epoch of the demo market, settled, signed and written, for tests of bundles."""

from pathlib import Path

from eth_account import Account

from makerscope.programs.program import Program
from makerscope.programs.program_file import read_program
from makerscope.rewards.bundle import SIGNATURE, write_bundle
from makerscope.rewards.epoch import Settled, Terms, settle
from makerscope.rewards.screens import ScreenRule
from makerscope.rewards.signature import signature_bytes, signature_of
from makerscope.tape.demo import write_demo
from makerscope.tape.read import Tape

PUBLISHER = Account.from_key("0x" + "11" * 32)  # a test key, known to everybody
CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
TOKEN = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
SEED = bytes(range(32))
MAKERS = ("bidder", "fairweather", "flicker", "sluggish", "steady", "swift")
ADDRESSES = {name: f"0x{(number + 1) * 0x1111:040x}" for number, name in enumerate(MAKERS)}
PROGRAM = """
name = "depth"
version = 2
title = "depth within 50 bps, seen once in ten seconds"
status = "ours"
source = "a test"
valid_from = "2026-01-01"
[sampling]
mode = "stratified"
period_s = 10
[[group]]
name = "all"
instruments = ["demo:*"]
measure = [{kernel = "linear", limit = "50 bps", most_orders = 16}]
formula.exponents.quality = 1
"""


def write_tape(folder: Path) -> Path:
    return write_demo(folder / "tape", seed=5, hours=0.1)


def program(more: str = "") -> Program:
    """The program, with more keys of its group."""
    return read_program(PROGRAM + more)


def terms(**changes) -> Terms:
    facts = {
        "epoch": 3,
        "budget": 10**24,
        "token": TOKEN,
        "token_decimals": 18,
        "chain_id": 31337,
        "contract": CONTRACT,
        "cap": 6 * 10**23,
        "floor": 10**18,
        "addresses": ADDRESSES,
        "exclusions": {"flicker": "quotes that vanish, decision 12 of the council"},
        "screens": ScreenRule(consequences={"self_trade": "account"}),
        "seed": SEED,
    }
    return Terms(**(facts | changes))


def settled(tape: Path, rule: Program | None = None, **changes) -> Settled:
    return settle(Tape.open(tape), rule or program(), terms(**changes))


def by_publisher(message) -> bytes:
    return bytes(PUBLISHER.sign_message(message).signature)


def written(out: Path, epoch: Settled, *, signed: bool = True, **options) -> Path:
    folder = write_bundle(out, epoch.bundle, epoch.files)
    if signed:
        signature = signature_of(epoch.bundle, PUBLISHER.address, by_publisher, **options)
        (folder / SIGNATURE).write_bytes(signature_bytes(signature))
    return folder
