"""Hyperliquid's JSON, as far as a tape needs it.

Names are the venue's; numbers are decimal text unless typed otherwise. Unknown fields are skipped by
the decoder. Integers are bounded so that they fit a tape.
"""

from typing import Annotated

import msgspec

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # all a decoder raises on bad bytes
Id = Annotated[int, msgspec.Meta(ge=0, le=1 << 62)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=1 << 42)]  # until the year 2109


class Forced(msgspec.Struct, gc=False):
    """The ``liquidation`` object; it sits on both fills of the trade."""

    liquidatedUser: str  # noqa: N815 - the venue's name
    markPx: str | None = None  # noqa: N815
    method: str | None = None


class WireFill(msgspec.Struct, gc=False):
    """One account's side of a trade. ``side`` B bought, A sold; ``crossed`` true for the taker; ``time`` in ms.

    ``fee`` is in ``feeToken``, negative for a rebate, and includes a builder's fee (``builderFee``) if there is one.
    ``startPosition`` is the account's position before the fill, in coin.
    """

    coin: str
    px: str
    sz: str
    side: str
    time: Milliseconds
    oid: Id
    crossed: bool
    tid: Id
    startPosition: str | None = None  # noqa: N815
    fee: str | None = None
    feeToken: str | None = None  # noqa: N815
    liquidation: Forced | None = None


class SlimFill(msgspec.Struct, gc=False):
    """The part of a fill that decides units and tokens, for the first pass over a file."""

    coin: str
    px: str
    sz: str
    side: str
    time: Milliseconds
    tid: Id
    startPosition: str | None = None  # noqa: N815
    fee: str | None = None
    feeToken: str | None = None  # noqa: N815


class SlimBlock(msgspec.Struct):
    """A block for the first pass."""

    block_number: Id
    events: list[tuple[str, SlimFill]]


class WireBlock(msgspec.Struct):
    """One block of a node's fills: ``events`` are pairs of address and fill."""

    block_number: Id
    block_time: str
    events: list[tuple[str, WireFill]]
    local_time: str | None = None


class LooseBlock(msgspec.Struct):
    """A block whose events are decoded one by one, because one of them is damaged."""

    block_number: Id
    block_time: str
    events: list[msgspec.Raw]
    local_time: str | None = None


class Envelope(msgspec.Struct):
    """A WebSocket frame."""

    channel: str
    data: msgspec.Raw = msgspec.Raw(b"null")


class WireLevel(msgspec.Struct, gc=False):
    """A price level."""

    px: str
    sz: str


class WireBook(msgspec.Struct):
    """``l2Book``: bids and asks, the whole book each time. ``spread`` is there when levels were aggregated."""

    coin: str
    time: Milliseconds
    levels: tuple[list[WireLevel], list[WireLevel]]
    spread: str | None = None


class WireTrade(msgspec.Struct, gc=False):
    """A public trade. ``side`` is the aggressor's; ``users`` are buyer and seller."""

    coin: str
    side: str
    px: str
    sz: str
    time: Milliseconds
    tid: Id
    users: tuple[str, str] | None = None


class WireTop(msgspec.Struct):
    """``bbo``: best bid and ask, either may be null."""

    coin: str
    time: Milliseconds
    bbo: tuple[WireLevel | None, WireLevel | None]


class WireContext(msgspec.Struct):
    """The part of ``activeAssetCtx`` that has prices."""

    markPx: str | None = None  # noqa: N815
    oraclePx: str | None = None  # noqa: N815


class WireAsset(msgspec.Struct):
    """``activeAssetCtx``. It carries no time of the venue."""

    coin: str
    ctx: WireContext


class WireUserFills(msgspec.Struct):
    """``userFills`` and ``user``: an account's own fills."""

    fills: list[WireFill] = []
    user: str | None = None
