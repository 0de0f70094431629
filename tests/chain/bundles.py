"""Small bundles for a chain: two markets, three makers, every sample scored; one score may lie."""

import json
from pathlib import Path

import msgspec
import polars as pl

from makerscope.programs.sample_rule import Kernel, Reducer, SampleRule, sample_score
from makerscope.rewards.bundle import (
    Amount,
    Bundle,
    PolicyPart,
    ProgramPart,
    SamplesPart,
    ScreensPart,
    TapePart,
    bundle_bytes,
)
from makerscope.rewards.falsehood import tree_of
from makerscope.rewards.hashing import hex_of, keccak
from makerscope.rewards.merkle import claims_tree, dump
from makerscope.rewards.rules_tree import rules_tree
from makerscope.rewards.screens import ScreenRule
from tests.anvil import CHAIN_ID, address_of

RULES = (
    SampleRule(kernel=Kernel.QUADRATIC, reducer=Reducer.MIN, limit=2 * 10**10),
    SampleRule(kernel=Kernel.INVERSE, reducer=Reducer.SUM, limit=10**11, by_value=True, num=7, den=3),
)
PROGRAM = keccak(b"a program of tests")
PROGRAM_PART = ProgramPart(name="test", version=1, hash=hex_of(PROGRAM), rule={})
RULES_ROOT = rules_tree([rule.words() for rule in RULES]).root
MAX_WEIGHT = 1_000
MAKERS = ("maker", "stranger", "challenger")
AMOUNTS = {"maker": 600_000_000, "stranger": 300_000_000, "challenger": 99_999_999}
BOOK = {"bid_prices": [9_990, 9_980], "bid_sizes": [5, 20], "ask_prices": [10_010], "ask_sizes": [7]}


def samples(count: int = 7) -> pl.DataFrame:
    """True samples of all makers in both markets."""
    rows = []
    for market, rule in enumerate(RULES):
        for sample in range(count):
            for maker in sorted((address_of(role) for role in MAKERS), key=lambda name: int(name, 16)):
                book = {name: [item + sample for item in side] for name, side in BOOK.items()}
                bids, asks = (list(zip(book[f"{s}_prices"], book[f"{s}_sizes"], strict=True)) for s in ("bid", "ask"))
                score = sample_score(rule, 20_000, bids, asks)
                row = {"market": market, "sample": sample, "maker": maker, "weight": 1 + sample, "reference": 20_000}
                rows.append(row | book | {"score": score})
    return pl.DataFrame(rows)


def with_a_lie(frame: pl.DataFrame, row: int = 11, **changed: object) -> pl.DataFrame:
    """One sample says what is not so."""
    changed = changed or {"score": frame["score"][row] + 1}
    out = frame.clone()
    for name, value in changed.items():
        out[row, name] = value
    return out


def write_bundle(
    folder: Path, *, epoch: int = 3, contract: str | None = None, leaves: pl.DataFrame | None = None,
    amounts: dict[str, int] | None = None, **more: object,
) -> Path:  # fmt: skip
    """A bundle in its folder; ``leaves`` in whatever state they are."""
    leaves = samples() if leaves is None else leaves
    due = {address_of(role): amount for role, amount in (amounts or AMOUNTS).items()}
    claims, tree = claims_tree(due.items()), tree_of(leaves)
    top, total = tree.root
    part = SamplesPart(hash=hex_of(top), total=str(total), count=str(tree.count), root=hex_of(tree.commitment))
    bundle = Bundle(
        version=1, epoch=str(epoch), chain_id=str(CHAIN_ID), contract=contract, token=None, token_decimals=6,
        program=PROGRAM_PART, tape=TapePart(evidence_root="0" * 64, since="0", until="1"), seed=None,
        seed_commitment=None,
        policy=PolicyPart(
            cap=None, cap_share=None, floor="0", above_cap="share", below_floor="carry", clauses="report"
        ),
        made_by="a test", budget=str(sum(due.values())), carried_in="0", clause_change="0", unearned="0",
        remainder="0", remainder_reason="", markets=(), cases=(), scores=(), exclusions=(),
        screens=ScreensPart(rule=ScreenRule(), flags=(), findings=(), excluded_pairs=()),
        amounts=tuple(Amount(account=account, amount=str(amount)) for account, amount in sorted(due.items())),
        root=hex_of(claims.root), samples=part,
        rules=tuple(tuple(str(word) for word in rule.words()) for rule in RULES), rules_root=hex_of(RULES_ROOT),
        max_weight=str(MAX_WEIGHT), hysteresis={}, previous=None, findings=(), files={},
    )  # fmt: skip
    folder.mkdir(parents=True)
    (folder / "bundle.json").write_bytes(bundle_bytes(msgspec.structs.replace(bundle, **more)))
    (folder / "tree.json").write_text(json.dumps(dump(claims)))
    leaves.write_parquet(folder / "samples.parquet")
    return folder
