"""The files beside ``bundle.json``, made from it: scores as a table, amounts as a map, the tree of claims."""

import io
import json

import polars as pl

from makerscope.errors import InputError
from makerscope.rewards.bundle import AMOUNTS, SAMPLES, SCORES, TREE, Bundle
from makerscope.rewards.canonical import canonical
from makerscope.rewards.merkle import MerkleTree, dump

_TEXTS = ("account", "maker", "market", "group", "score", "points", "refused")


def scores_frame(bundle: Bundle) -> pl.DataFrame:
    """One row a maker and market; components, score and points as exact decimal text, as in the bundle."""
    names = sorted({name for row in bundle.scores for name in row.component})
    columns = {name: [getattr(row, name) for row in bundle.scores] for name in _TEXTS}
    columns |= {f"component_{name}": [row.component.get(name) for row in bundle.scores] for name in names}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def files_of(bundle: Bundle, tree: MerkleTree | None, samples: pl.DataFrame | None) -> dict[str, bytes]:
    """Bytes of each file; the tree only where somebody is paid, samples only where they can be challenged."""
    amounts = {row.account: row.amount for row in bundle.amounts}
    files = {SCORES: parquet_bytes(scores_frame(bundle)), AMOUNTS: canonical(amounts)}
    if samples is not None:
        files[SAMPLES] = parquet_bytes(samples)
    if tree is not None:
        files[TREE] = json.dumps(dump(tree), separators=(",", ":")).encode()
    return files


def read_table(data: bytes, where: object) -> pl.DataFrame:
    """A Parquet file from its bytes.

    Raises:
        InputError: it is none.
    """
    try:
        return pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise InputError(where, f"is no Parquet ({error})", "the file as it was written") from error


def parquet_bytes(rows: pl.DataFrame) -> bytes:
    """A table as the bytes of a Parquet file."""
    out = io.BytesIO()
    rows.write_parquet(out, compression="zstd")
    return out.getvalue()
