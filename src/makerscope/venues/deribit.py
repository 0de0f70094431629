"""Deribit: option chains (Parquet), answers of the order book (CSV) and messages of the feed (JSON)."""

from collections.abc import Sequence

from makerscope.tape.write import TapeWriter
from makerscope.venues.deribit_chain import is_chain, read_chain
from makerscope.venues.files import Head, Progress, Recording

CHAIN = "deribit chain"


def kind_of(head: Head) -> str | None:
    """``deribit chain``, or None."""
    if head.data[:4] == b"PAR1":
        return CHAIN if is_chain(head.path) else None
    return None


def read(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Recordings of Deribit onto a tape.

    Raises:
        FormatError: a file is damaged, or none of its rows can be used.
    """
    for item in recordings:
        tape.add_source(item.path, item.kind)
        read_chain(item.path, tape, progress)
