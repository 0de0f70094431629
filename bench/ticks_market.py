"""A made-up market for the tick benchmark: quotes and fills of many instruments in one feed, as Arrow IPC files."""

from pathlib import Path

import numba
import numpy as np
import pyarrow as pa

INSTRUMENTS = 50
START = 1_760_000_000_000_000_000
NS_A_QUOTE = 1_728_000  # 50 million quotes a day


@numba.njit
def _walk(code, chance, mid, bid, ask, bid_size, ask_size):  # noqa: PLR0917 - compiled
    """Mids that walk by a tick, spreads of 2 to 8 ticks, sizes of 1 to 1024 lots."""
    for i in range(code.shape[0]):
        c, r = code[i], chance[i]
        mid[c] += (r & 3 == 0) - (r & 3 == 1)
        half = 1 + ((r >> 2) & 3)
        bid[i], ask[i] = mid[c] - half, mid[c] + half - ((r >> 4) & 1)
        bid_size[i], ask_size[i] = 1 + ((r >> 5) & 1023), 1 + ((r >> 15) & 1023)


@numba.njit
def _hit(time, code, bid, ask, fill_time, fill_code, side, price):  # noqa: PLR0917 - compiled
    """Each fill at the best price of the maker's side just before it."""
    low, high = np.zeros(256, np.int32), np.zeros(256, np.int32)
    at = 0
    for i in range(fill_time.shape[0]):
        while at < time.shape[0] and time[at] < fill_time[i]:
            low[code[at]], high[code[at]] = bid[at], ask[at]
            at += 1
        price[i] = low[fill_code[i]] if side[i] > 0 else high[fill_code[i]]


def _times(rng, n, span):
    gaps = rng.standard_exponential(n)
    return START + np.cumsum(1 + (gaps * (span / gaps.sum())).astype(np.int64))  # strictly ascending: no ties to break


def _write(path: Path, columns: dict[str, np.ndarray]) -> None:
    table = pa.table(columns)
    part = path.with_suffix(".part")
    with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    part.rename(path)  # a run that is stopped leaves no half file that the next one would read


def make(folder: Path, quotes: int, fills: int) -> None:
    """Write ``quotes.arrow`` and ``fills.arrow``. Activity falls as 1 / rank; two outages of two minutes have no quote.

    Prices are int32 ticks, sizes int32 lots, instruments uint8 codes, times int64 ns: 25 bytes a quote.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.Generator(np.random.PCG64(7))
    share = 1 / np.arange(1, INSTRUMENTS + 1)
    share = np.cumsum(share / share.sum())
    span = quotes * NS_A_QUOTE
    time, fill_time = _times(rng, quotes, span), _times(rng, fills, span)
    code, fill_code = (
        np.minimum(np.searchsorted(share, rng.random(n, np.float32)), INSTRUMENTS - 1).astype(np.uint8)
        for n in (quotes, fills)
    )
    outage = np.zeros(quotes, bool)
    for part in (1, 2):
        outage |= np.abs(time - START - span * part // 3) < 60 * 10**9
    time, code = time[~outage], code[~outage]
    bid, ask, bid_size, ask_size = (np.empty(len(time), np.int32) for _ in range(4))
    mid = rng.integers(10_000, 1_000_000, INSTRUMENTS).astype(np.int32)
    _walk(code, rng.integers(0, 2**31, len(time), np.int32), mid, bid, ask, bid_size, ask_size)
    side = np.where(rng.random(fills, np.float32) < 0.5, 1, -1).astype(np.int8)
    price = np.empty(fills, np.int32)
    _hit(time, code, bid, ask, fill_time, fill_code, side, price)
    size = rng.integers(1, 500, fills, np.int32)
    _write(folder / "fills.arrow", {"time": fill_time, "code": fill_code, "price": price, "size": size, "side": side})
    columns = {"time": time, "code": code, "bid": bid, "ask": ask, "bid_size": bid_size, "ask_size": ask_size}
    _write(folder / "quotes.arrow", columns)


def arrays(path: Path) -> dict[str, np.ndarray]:
    """The columns of an IPC file as arrays over the mapped file: nothing is copied."""
    table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    return {name: table[name].chunk(0).to_numpy() for name in table.column_names}
