"""Deribit: option chains (Parquet), order book answers of options (CSV) and messages of the feed (JSON)."""

from collections.abc import Sequence
from types import MappingProxyType

from makerscope.tape.write import TapeWriter
from makerscope.venues.deribit_books import REQUIRED, read_books
from makerscope.venues.deribit_chain import is_chain, read_chain
from makerscope.venues.deribit_messages import is_feed, read_feed
from makerscope.venues.files import Head, Progress, Recording

READERS = MappingProxyType({"deribit chain": read_chain, "deribit books": read_books, "deribit messages": read_feed})


def kind_of(head: Head) -> str | None:
    """``deribit chain``, ``deribit books``, ``deribit messages``, or None where the content is none of them."""
    if head.data[:4] == b"PAR1":
        return "deribit chain" if is_chain(head.path) else None
    if set(REQUIRED) <= set(head.first_line.split(",")):
        return "deribit books"
    return "deribit messages" if is_feed(head) else None


def read(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Recordings of Deribit onto a tape: ``chain``, ``book``, ``fills`` and ``quotes``.

    Raises:
        FormatError: a file is damaged, or none of its rows can be used.
    """
    for item in recordings:
        tape.add_source(item.path, item.kind)
        READERS[item.kind](item.path, tape, progress)
