"""The replay of hftbacktest, in a Python of its own.

``python bench/replay_hft.py FEED.npz hashmap|roi`` answers one line of JSON.
"""

import json
import sys
import time
from importlib.metadata import version
from typing import Any

import numpy as np
from hftbacktest import (  # pyright: ignore[reportMissingImports] - in a Python of its own
    BUY,
    BUY_EVENT,
    DEPTH_EVENT,
    EXCH_EVENT,
    GTX,
    LIMIT,
    LOCAL_EVENT,
    SELL,
    SELL_EVENT,
    TRADE_EVENT,
    BacktestAsset,
    HashMapMarketDepthBacktest,
    ROIVectorMarketDepthBacktest,
)
from hftbacktest.types import event_dtype  # pyright: ignore[reportMissingImports]
from numba import njit, types
from numba.typed import Dict

TICK, LOT, LATENCY = 0.1, 0.001, 10_000_000


@njit
def grid(hbt, levels, size, limit, skew, counts):  # noqa: C901, PLR0912, PLR0917 - one compiled loop, as its peers have it
    """A 2 x 10 grid that leans against its inventory, each 100 ms: the package's own example, in ticks."""
    tick = hbt.depth(0).tick_size
    while hbt.elapse(100_000_000) == 0:
        counts[0] += 1
        hbt.clear_inactive_orders(0)
        depth, position, orders = hbt.depth(0), hbt.position(0), hbt.orders(0)
        if not (depth.best_bid_tick > 0 and depth.best_ask_tick < 2**31 - 2):
            continue
        middle = (depth.best_bid_tick + depth.best_ask_tick) / 2.0 - skew * position / size
        bids, asks = Dict.empty(types.uint64, types.float64), Dict.empty(types.uint64, types.float64)
        first_bid = min(int(np.floor(middle - 0.5)), depth.best_bid_tick)
        first_ask = max(int(np.ceil(middle + 0.5)), depth.best_ask_tick)
        if position < limit:
            for k in range(levels):
                bids[types.uint64(first_bid - k)] = (first_bid - k) * tick
        if position > -limit:
            for k in range(levels):
                asks[types.uint64(first_ask + k)] = (first_ask + k) * tick
        values = orders.values()
        while values.has_next():
            order = values.get()
            if order.cancellable:
                gone = (order.side == BUY and order.order_id not in bids) or (
                    order.side == SELL and order.order_id not in asks
                )
                if gone:
                    hbt.cancel(0, order.order_id, False)
                    counts[2] += 1
        for number, price in bids.items():
            if number not in orders:
                hbt.submit_buy_order(0, number, price, size, GTX, LIMIT, False)
                counts[1] += 1
        for number, price in asks.items():
            if number not in orders:
                hbt.submit_sell_order(0, number, price, size, GTX, LIMIT, False)
                counts[1] += 1


def main() -> None:
    """Replay once to compile, then three times; the least processor time counts."""
    feed, depth = np.load(sys.argv[1]), sys.argv[2]
    rows: Any = np.zeros(len(feed["time"]), event_dtype)
    kind = np.where(feed["kind"] == 1, TRADE_EVENT, DEPTH_EVENT)
    rows["ev"] = kind | np.where(feed["side"] > 0, BUY_EVENT, SELL_EVENT) | EXCH_EVENT | LOCAL_EVENT
    rows["exch_ts"], rows["local_ts"] = feed["time"], feed["time"] + LATENCY
    rows["px"], rows["qty"] = feed["price"] * TICK, feed["size"] * LOT
    least, counts, position = float("inf"), np.zeros(3, np.int64), 0.0
    for turn in range(4):
        asset = (
            BacktestAsset().data(rows[:20_000] if turn == 0 else rows).linear_asset(1.0)
            .constant_order_latency(LATENCY, LATENCY).power_prob_queue_model(3.0).no_partial_fill_exchange()
            .trading_value_fee_model(0.0, 0.0).tick_size(TICK).lot_size(LOT)
        )  # fmt: skip
        if depth == "roi":
            middle = float(rows["px"][0])
            asset = asset.roi_lb(middle - 500).roi_ub(middle + 500)
        hbt = (ROIVectorMarketDepthBacktest if depth == "roi" else HashMapMarketDepthBacktest)([asset])
        counts[:] = 0
        start = time.process_time()
        grid(hbt, 10, 10 * LOT, 500 * LOT, 0.05, counts)
        if turn:
            least = min(least, time.process_time() - start)
        position = float(hbt.position(0))
        hbt.close()
    facts = dict(zip(("decisions", "submits", "cancels"), counts.tolist(), strict=True))
    print(
        json.dumps({"seconds": least, "peer": f"hftbacktest {version('hftbacktest')}", "lots": position / LOT, **facts})
    )


if __name__ == "__main__":
    main()
