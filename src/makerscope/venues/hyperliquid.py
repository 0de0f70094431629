"""Hyperliquid: fills of a node, an account's own fills, WebSocket frames, and CSV recordings of its feeds.

| kind | module | tables |
|---|---|---|
| ``hyperliquid node fills`` | ``hyperliquid_fills`` | blocks, fills (both accounts), liquidations, sessions |
| ``hyperliquid messages``, ``document``, ``own fills`` | ``hyperliquid_frames`` | book, quotes, fills, marks |
| ``hyperliquid trades``, ``prices``, ``books`` | ``hyperliquid_csv`` | fills, quotes, book |

Silences. Books and best prices of the feeds come several times a second (the longest pause without an outage in the
recordings seen is 8 s, the shortest outage 50 s), so 10 s without one is an outage. Public trades of an active coin
pause for up to 17.5 s, so 30 s is one; on a quiet coin that makes more sessions than there were, never fewer. Prices of
the venue come every few seconds: 60 s. A node's fills need no such guess: its blocks tell when it listened. An
account's own fills tell nothing about it, so they make no sessions.
"""

from collections.abc import Sequence
from types import MappingProxyType

from makerscope.tape.decimals import places
from makerscope.tape.write import TapeWriter
from makerscope.venues import hyperliquid_csv, hyperliquid_messages
from makerscope.venues.files import Head, Progress, Recording
from makerscope.venues.hyperliquid_coins import VENUE, Coins
from makerscope.venues.hyperliquid_fills import in_order, is_fills, read_fills
from makerscope.venues.hyperliquid_frames import read_frames, see_frames
from makerscope.venues.units import symbol_in

SECOND = 1_000_000_000
SILENCE = MappingProxyType({"book": 10 * SECOND, "quotes": 10 * SECOND, "marks": 60 * SECOND})
FILLS_SILENCE = 30 * SECOND
NODE = "hyperliquid node fills"
FRAMES = ("hyperliquid messages", "hyperliquid document", "hyperliquid own fills")


def kind_of(head: Head) -> str | None:
    """The kind of a Hyperliquid recording (see the module), by its content; None if it is another venue's.

    Examples:
        >>> from pathlib import Path
        >>> kind_of(Head(path=Path("x"), data=b'{"block_number":1,"block_time":"t","events":[]}'))
        'hyperliquid node fills'
    """
    if is_fills(head):
        return NODE
    return hyperliquid_messages.kind_of(head) or hyperliquid_csv.kind_of(head)


def read(recordings: Sequence[Recording], tape: TapeWriter, progress: Progress) -> None:
    """Bring Hyperliquid recordings of any kinds onto a tape, with one set of units for all of them.

    Raises:
        FormatError: a file is damaged, or nothing in it can be read as its kind.
    """
    coins = Coins()
    nodes = in_order([item for item in recordings if item.kind == NODE], coins)
    frames = [item for item in recordings if item.kind in FRAMES]
    public = [see_frames(recording, coins) for recording in frames]
    tables = [item for item in recordings if item.kind in hyperliquid_csv.KINDS]
    symbols = {item.path: symbol_in(item.path, hyperliquid_csv.WORDS) for item in tables}
    for item in tables:
        seen = hyperliquid_csv.units_of(item)
        coins.note(symbols[item.path], price=places(seen.tick_size), size=places(seen.lot_size), first=seen.first)
    coins.declare(tape)
    guess = (tables or any(public)) and not nodes
    tape.listen(VENUE, dict(SILENCE) | ({"fills": FILLS_SILENCE} if guess else {}))
    read_fills(nodes, tape, progress)
    read_frames(frames, tape, progress)
    for item in tables:
        hyperliquid_csv.read_csv(item, tape.instruments[f"{VENUE}:{symbols[item.path]}"], tape, progress)
