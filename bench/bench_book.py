"""How fast are the import of Binance messages and the rebuilding of books, against the plain Python that does the same?

On the shared recordings where they are, else on invented messages of the same kind (sizes of messages, distances from
the best price, shares of changes and removals). Every comparison happens in one process, in processor seconds, and
checks that both sides got the same result; the ratio counts, not the seconds.
"""

import gc
import json
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from tests.binance_lines import depth, snapshot, ticker, trade
from tests.reference.book import ladders

from bench.common import Row, pin
from makerscope.kernels.book import FULL, apply_messages, count_messages, larger_book, new_book
from makerscope.metrics.book import levels_after_each
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter
from makerscope.venues import binance
from makerscope.venues.binance_scan import Symbols, scan_block
from makerscope.venues.binance_units import instrument_of
from makerscope.venues.files import Recording, blocks, head_of

SHARED = Path(os.environ.get("MAKERSCOPE_SHARED", Path(__file__).resolve().parents[2] / "shared"))
FILES = ("spot/btcusdt_20240808.gz", "usdm/btcusdt_20240808.gz", "cm/btcusd_perp_20240808.gz")
DEPTH = 20


def best_of(work, times):
    """Least CPU seconds of some runs, and the last result."""
    least, result = float("inf"), None
    for _ in range(times):
        gc.collect()
        start = time.process_time()
        result = work()
        least = min(least, time.process_time() - start)
    return least, result


def invented(folder):
    """A recording of invented messages: 5,000 changes of about 60 levels, and tops and trades between them."""
    rng = np.random.default_rng(2024)
    middle, number, lines = 600_000, 1_000, []
    size = lambda n: [f"{x / 1000:.3f}" for x in rng.integers(1, 5_000, n)]  # noqa: E731
    price = lambda ticks: [f"{x / 10:.1f}" for x in ticks]  # noqa: E731
    away = lambda n: np.unique(np.minimum(rng.lognormal(5, 1.5, n).astype(int) + 1, 300_000))  # noqa: E731
    first = np.arange(1, 1_001)
    lines.append(
        snapshot(
            number,
            list(zip(price(middle - first), size(1000), strict=True)),
            list(zip(price(middle + first), size(1000), strict=True)),
        )
    )
    for i in range(5_000):
        middle += int(rng.integers(-3, 4))
        sides = []
        for sign in (-1, 1):
            ticks = middle + sign * away(34)
            gone = rng.random(len(ticks)) < 0.3
            sides.append(
                [(p, "0.000" if g else s) for p, s, g in zip(price(ticks), size(len(ticks)), gone, strict=True)]
            )
        lines.append(depth(number + 1, number + 9, *sides, before=number, at=i * 50))
        number += 9
        lines += [
            ticker(number, *price([middle - 1]), *size(1), *price([middle + 1]), *size(1), at=i * 50) for _ in range(10)
        ]
        lines += [trade(i * 3 + j, *price([middle]), *size(1), at=i * 50) for j in range(3)]
    path = folder / "invented"
    path.write_bytes(b"".join(lines))
    return path


def plain_import(data, scale):
    """What anyone writes first: json to dictionaries, one dictionary a row, then tables; prices as exact integers."""
    price_scale, size_scale = scale
    book, quotes, fills = [], [], []

    def units(text, places):
        whole, _, part = text.partition(".")
        return int(whole + part[:places].ljust(places, "0"))

    for line in data.split(b"\n")[:-1]:
        local, text = line.split(b" ", 1)
        local = int(local)
        message = json.loads(text)
        inner = message.get("data", message)
        if "lastUpdateId" in inner or inner.get("e") == "depthUpdate":
            whole = "lastUpdateId" in inner
            head = {
                "exchange_time": inner.get("T", inner.get("E")),
                "local_time": local,
                "sequence": inner["lastUpdateId" if whole else "u"],
                "snapshot": whole,
            }
            for side, key in ((1, "bids" if whole else "b"), (-1, "asks" if whole else "a")):
                book += [
                    {**head, "side": side, "price": units(p, price_scale), "size": units(s, size_scale)}
                    for p, s in inner[key]
                ]
        elif "B" in inner:
            quotes.append(
                {
                    "exchange_time": inner.get("T"),
                    "local_time": local,
                    "sequence": inner["u"],
                    "bid": units(inner["b"], price_scale),
                    "bid_size": units(inner["B"], size_scale),
                    "ask": units(inner["a"], price_scale),
                    "ask_size": units(inner["A"], size_scale),
                }
            )
        elif inner.get("e") == "trade":
            fills.append(
                {
                    "exchange_time": inner["T"],
                    "local_time": local,
                    "fill": str(inner["t"]),
                    "side": 1 if inner["m"] else -1,
                    "price": units(inner["p"], price_scale),
                    "size": units(inner["q"], size_scale),
                }
            )
    return tuple(pl.DataFrame(rows, infer_schema_length=None) for rows in (book, quotes, fills))


class Sink:
    """Takes what a reader writes and keeps it in memory."""

    def __init__(self):
        self.parts = {"book": [], "quotes": [], "fills": []}

    def write(self, table, rows):
        if rows.height:
            self.parts[table].append(rows)

    def add_instrument(self, item):
        """Nothing to keep."""


def our_import(data, market, symbol):
    """The same tables by the reader of the package, without writing them."""
    item = instrument_of(market, symbol, at=1_723_161_256_000_000_000, tick_size="0.1", lot_size="0.001")
    symbols = Symbols(names=[symbol], instruments=[item])
    kept = []
    for first in range(0, len(data), 1 << 22):
        end = data.rfind(b"\n", 0, first + (1 << 22)) + 1
        start = data.rfind(b"\n", 0, first) + 1 if first else 0
        kept.append(data[start:end])

    sink = Sink()
    reader = binance.Reader(market=market, tape=sink, paths=[], symbols=symbols)
    for block in kept:
        reader._write(scan_block(block, symbols, 0)[0])  # noqa: SLF001
    return tuple(pl.concat(sink.parts[name]) for name in ("book", "quotes", "fills"))


def rebuild(columns):
    """Twenty levels after every message, from columns in memory."""
    sequence, whole, side, price, size = columns
    total = int(count_messages(sequence, whole))
    ends, out = np.zeros(total, np.int64), [np.zeros((total, DEPTH), np.int64) for _ in range(4)]
    book, status, row, done = new_book(), FULL, 0, 0
    while status == FULL:
        status, row, done, _ = apply_messages(sequence, whole, side, price, size, row, done, book, ends, *out)
        book = larger_book(book, 4096) if status == FULL else book
    return out


def measure(path, repeats):
    """The rows of one recording: its import and its books, against plain Python, answers compared."""
    market = binance.kind_of(head_of(path))
    with tempfile.TemporaryDirectory() as folder:

        def whole():
            with TapeWriter(Path(folder) / "tape", source="bench") as tape:
                binance.read([Recording(path=path, kind=market)], tape, lambda _bytes: None)

        whole()  # compile
        to_tape, _ = best_of(whole, repeats)
        tape = Tape.open(Path(folder) / "tape")
        book = tape.read("book")
        item = next(iter(tape.instruments.values()))
    data = b"".join(blocks(path))
    places = tuple(len(unit.partition(".")[2]) for unit in (item.tick_size, item.lot_size))
    our_import(data, market, item.symbol)
    ours, mine = best_of(lambda: our_import(data, market, item.symbol), repeats)
    plain, theirs = best_of(lambda: plain_import(data, places), 1)
    waiting = theirs[0].height - mine[0].height  # changes older than the snapshot, which only the reader drops
    assert waiting >= 0
    for a, b, names in (
        (mine[1], theirs[1], ("bid", "ask", "sequence")),
        (mine[2], theirs[2], ("price", "size", "side")),
    ):
        assert a.select(pl.col(names).cast(pl.Int64)).equals(b.select(pl.col(names).cast(pl.Int64)))

    rows = book.select("sequence", "snapshot", "side", "price", "size")
    columns = [np.ascontiguousarray(rows[name].to_numpy()) for name in rows.columns]
    kernel, out = best_of(lambda: rebuild(columns), max(repeats, 5))
    table, _ = best_of(lambda: levels_after_each(book, DEPTH), repeats)
    listed = list(zip(*[column.tolist() for column in columns], strict=True))
    slow, want = best_of(lambda: ladders(listed, DEPTH), 1)
    got = [
        [(p, s) for p, s in zip(ps, ss, strict=True) if s]
        for ps, ss in zip(out[0].tolist(), out[1].tolist(), strict=True)
    ]
    assert got == [bids for bids, _ in want]

    def row(what, ours_s, peer, peer_s, target=None):
        return Row(area=f"book, {market}", what=what, ours_s=ours_s, peer=peer, peer_s=peer_s, target=target)

    size = f"{len(data) / 1e6:.1f} MB"
    books = f"{len(want):,} books of {DEPTH} levels"
    return [
        row(f"import of {size} to tables", ours, "json + dicts", plain, 3),
        row(f"import of {size} to a tape on disk", to_tape, "json + dicts, no disk", plain),
        row(f"{books}, kernel", kernel, "dict + sort", slow, 20),
        row(f"{books}, from the table", table, "dict + sort", slow, 20),
    ]


def run(small: bool) -> list[Row]:
    """Rows of the shared recordings where they are and time allows, else of invented messages of the same kind."""
    pin()
    paths = [SHARED / "data/binance" / name for name in FILES]
    with tempfile.TemporaryDirectory() as folder:
        if small or not all(path.exists() for path in paths):
            paths = [invented(Path(folder))]
        return [row for path in paths for row in measure(path, 2 if small else 3)]
