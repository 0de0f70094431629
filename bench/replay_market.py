"""A synthetic L2 feed for replays: 90 % depth, 8 % trades, 2 % moves of the best price by a tick; 20 levels a side."""

import numpy as np

START, MEAN_NS = 1_700_000_000 * 10**9, 4_300_000  # three million events last about 12,900 s
LEVELS, MIDDLE = 20, 600_000
DEPTH, TRADE = 0, 1


def make(events: int, seed: int = 7) -> dict[str, np.ndarray]:
    """Columns ``time`` ns, ``kind``, ``side`` (+1 bid or buyer), ``price`` ticks, ``size`` lots (0: the level went)."""
    dice = np.random.default_rng(seed)
    kind = dice.choice(3, events, p=[0.9, 0.08, 0.02])
    step = np.where(kind == 2, dice.choice([-1, 1], events), 0)
    bid = MIDDLE + np.cumsum(step)
    ask, side = bid + 1, dice.choice([1, -1], events)
    away, size, traded = (dice.integers(low, high, events) for low, high in ((0, LEVELS), (1, 100), (1, 20)))
    price = np.where(side > 0, bid - away, ask + away)
    price = np.where(kind == TRADE, np.where(side > 0, ask, bid), price)
    # a move up takes the ask away that the new bid would meet, a move down the bid
    price = np.where(step > 0, bid, np.where(step < 0, ask, price))
    side = np.where(step != 0, -step, side)
    size = np.where(kind == TRADE, traded, np.where(step != 0, 0, size))
    first = np.arange(LEVELS)
    rows = {
        "time": np.concatenate([np.full(2 * LEVELS, START), START + np.cumsum(dice.integers(1, 2 * MEAN_NS, events))]),
        "kind": np.concatenate([np.zeros(2 * LEVELS, np.int64), np.where(kind == TRADE, TRADE, DEPTH)]),
        "side": np.concatenate([np.ones(LEVELS, np.int64), -np.ones(LEVELS, np.int64), side]),
        "price": np.concatenate([MIDDLE - first, MIDDLE + 1 + first, price]),
        "size": np.concatenate([np.full(2 * LEVELS, 50), size]),
    }
    return {name: np.ascontiguousarray(column, np.int64) for name, column in rows.items()}
