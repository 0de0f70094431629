"""The option chain that a command was asked for, or one line that says what is missing."""

import polars as pl

from makerscope.errors import InputError
from makerscope.metrics.option_chain import option_rows, without_duplicates
from makerscope.tape.read import Tape


def chain_quotes(tape: Tape, underlying: str | None, *, until: int | None = None) -> pl.DataFrame:
    """Quotes of ``option_rows`` before ``until`` (ns), each once, of one underlying or all; empty if none came by then.

    Raises:
        InputError: the tape holds no chain, or none of that underlying.
    """
    if not tape.has("chain"):
        raise InputError(tape.path, "holds no option chain", "a tape with the table chain")
    rows = without_duplicates(option_rows(tape, None, until))
    if underlying is None or not rows.height:
        return rows
    bases = rows["base"].unique().sort().to_list()
    if underlying not in bases:
        raise InputError(f"--underlying {underlying}", "is not on this tape", f"one of {', '.join(bases)}")
    return rows.filter(pl.col("base") == underlying)
