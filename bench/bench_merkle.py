"""How fast are the root and all proofs of an epoch's claims, against plain Python, and the sum tree of its samples?

``python -m bench.bench_merkle claims|samples COUNT`` is our side alone and tells its peak memory; ``run`` starts each
as a process of its own. Plain Python is measured on fewer claims, of which both must give the same root and proofs,
and its time is scaled by the number of claims; that favours it, for its proofs get longer with their number.
"""

import json
import random
import sys

import numpy as np
import polars as pl

from bench.common import Row, alone, best_of, peak_mb, pin
from bench.plain_merkle import keccak, root_and_proofs
from makerscope.rewards.hashing import checksum
from makerscope.rewards.merkle import claims_tree, leaf_hash, proofs, verify
from makerscope.rewards.sample_leaves import leaf_hashes, leaf_values
from makerscope.rewards.sum_tree import proof, sum_tree
from makerscope.rewards.sum_tree import verify as verify_sum

FEW = 1000  # claims of the peer
ORDERS = 4  # of a side, in a sample
MAKERS = 50


def claims(count):
    """Random accounts, by ascending address, with amounts of a token with 18 decimals."""
    dice = random.Random(7)
    raw = sorted({dice.randbytes(20) for _ in range(count)})
    return [(checksum(each), dice.randrange(1, 10**24)) for each in raw]


def root_and_all(found):
    """Root and all proofs as text, ours."""
    tree = claims_tree(found)
    return tree, list(proofs(tree))


def samples(count):
    """A table of sampled quotes of 50 makers, with ORDERS orders a side."""
    dice = np.random.default_rng(7)
    makers = [checksum(bytes([n]) * 20) for n in range(1, MAKERS + 1)]
    lists = [dice.integers(1, 10**6, (count, ORDERS)) for _ in range(4)]
    row = np.arange(count)
    frame = pl.DataFrame({
        "market": np.zeros(count, np.int64),
        "sample": row // MAKERS,
        "maker": pl.Series(makers).gather(row % MAKERS),
        "weight": np.ones(count, np.int64),
        "reference": dice.integers(1, 10**6, count),
        "score": dice.integers(0, 10**15, count),
    })  # fmt: skip
    names = ("bid_prices", "bid_sizes", "ask_prices", "ask_sizes")
    return frame.with_columns(
        **{name: pl.Series(each).cast(pl.List(pl.Int64)) for name, each in zip(names, lists, strict=True)}
    )


def sums(leaves):
    """The sum tree of a table of samples."""
    return sum_tree(leaf_hashes(leaves), leaf_values(leaves))


def of_claims(count):
    """Seconds for root and all proofs, some of which are then verified."""
    found = claims(count)
    seconds, (tree, shown) = best_of(1, lambda: root_and_all(found))
    for index in range(0, count, max(1, count // 100)):
        assert verify(tree.root, leaf_hash(tree.values[index]), [bytes.fromhex(each[2:]) for each in shown[index]])
    return seconds


def of_samples(count):
    """Seconds for the sum tree, of which one proof is then verified."""
    leaves = samples(count)
    seconds, tree = best_of(1, lambda: sums(leaves))
    assert verify_sum(tree.commitment, tree.node(0, 7), 7, count, proof(tree, 7))
    return seconds


def main(what: str, count: int) -> dict[str, float]:
    """Our side alone: seconds and peak memory."""
    pin()
    return {"seconds": {"claims": of_claims, "samples": of_samples}[what](count), "mb": peak_mb()}


def run(small: bool) -> list[Row]:
    """Two rows: root and all proofs of claims; the sum tree of samples."""
    pin()
    count = 5_000 if small else 250_000
    few = claims(FEW)
    plain, (root, shown) = best_of(1, lambda: root_and_proofs(few))
    tree, ours = root_and_all(few)
    assert root == "0x" + tree.root.hex()
    assert shown == ours
    size = 32 * (14 + 4 * ORDERS)
    hashing, _ = best_of(1, lambda: [keccak(keccak(bytes(size)) + bytes(96)) for _ in range(FEW)])
    paying, summing = (
        alone("bench.bench_merkle", *each) for each in (("claims", str(count)), ("samples", str(4 * count)))
    )
    return [
        Row(
            area="merkle",
            what=f"root and all proofs of {count:,} claims",
            ours_s=paying["seconds"],
            peer=f"plain Python, keccak too, {FEW:,} claims scaled",
            peer_s=plain * count / FEW,
            ours_mb=paying["mb"],
            target=20,
        ),
        Row(
            area="merkle",
            what=f"sum tree of {4 * count:,} samples of {2 * ORDERS} orders",
            ours_s=summing["seconds"],
            peer=f"only the hashes of its leaves in Python, {FEW:,} scaled",
            peer_s=hashing * 4 * count / FEW,
            ours_mb=summing["mb"],
            target=20,
        ),
    ]


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
