"""Generated fills with planted wash traders of known kinds, for the precision and recall of the screens."""

import numpy as np
import polars as pl

from tests.tapes import DAY, SECOND, START

HONEST = tuple(f"maker-{n}" for n in range(8))
PUPPETS = tuple(f"puppet-{n}" for n in range(4))
PLANTED = {
    "self_trade": {"selfish"},
    "same_funder": {"funder"},
    "pair": {"ping", "pong", "slow-a", "slow-b"},
    "riskless": {"ping", "pong", "hub", *PUPPETS, "mild", "helper"},  # of mild's volume a third
}
RING = {"ring-1", "ring-2", "ring-3"}
ROWS = ("time", "maker", "taker", "side", "price", "size")


def honest(dice, rows, *, takers=60, makers=HONEST):
    """Makers of unequal size; takers of very unequal size (Zipf), each with a leaning of its own."""
    weight = np.arange(1, len(makers) + 1, dtype=float)
    often = 1 / np.arange(1, takers + 1)
    lean = dice.uniform(0.25, 0.75, takers)
    taker = dice.choice(takers, rows, p=often / often.sum())
    return [
        (int(time), makers[m], f"taker-{t}", 1 if dice.random() < lean[t] else -1, int(price), int(size))
        for time, m, t, price, size in zip(
            np.sort(dice.integers(0, DAY, rows)),
            dice.choice(len(makers), rows, p=weight / weight.sum()),
            taker,
            100_000 + np.cumsum(dice.integers(-3, 4, rows)),
            dice.geometric(0.05, rows),
            strict=True,
        )
    ]


def there_and_back(dice, one, other, rows, *, pause):
    """``one`` and ``other`` sell each other the same lots, ``pause`` ns between the legs; they take turns to rest."""
    out = []
    for time in np.sort(dice.integers(0, DAY - pause, rows // 2)):
        size, price = int(dice.integers(20, 60)), 100_000 + int(dice.integers(-50, 50))
        back = int(time) + int(pause * dice.uniform(0.2, 1.0))
        out += [(int(time), one, other, 1, price, size), (back, other, one, 1, price + 1, size)]
    return out


def alone(dice, who, rows):
    """``who`` meets its own orders."""
    return [(int(time), who, who, 1, 100_000, int(dice.integers(20, 60))) for time in dice.integers(0, DAY, rows)]


def ring(dice, members, rows, *, pause):
    """Lots that go round: each member sells to the next, the last to the first."""
    out = []
    for time in dice.integers(0, DAY - pause * len(members), rows // len(members)):
        size = int(dice.integers(20, 60))
        for place, seller in enumerate(members):
            buyer = members[(place + 1) % len(members)]
            out.append((int(time) + place * pause, buyer, seller, 1, 100_000, size))
    return out


def fills_of(rows):
    """A frame of fills as a tape gives it, in order of time."""
    ordered = sorted(rows)
    columns = {name: [row[place] for row in ordered] for place, name in enumerate(ROWS)}
    return pl.DataFrame(columns).with_columns(
        time=pl.col("time") + START,
        serial=pl.int_range(pl.len()),
        instrument=pl.lit("test:BTC"),
        purpose=pl.lit(None, dtype=pl.String),
    )


def market(seed=7):
    """Fills with every kind of planted account, and the transfers by which one funder paid its puppets."""
    dice = np.random.default_rng(seed)
    rows = honest(dice, 20_000)
    rows += honest(dice, 300, makers=("selfish",)) + alone(dice, "selfish", 400)
    rows += there_and_back(dice, "ping", "pong", 400, pause=20 * SECOND)
    rows += there_and_back(dice, "slow-a", "slow-b", 300, pause=7_200 * SECOND)
    for puppet in PUPPETS:
        rows += there_and_back(dice, "hub", puppet, 200, pause=40 * SECOND)
    rows += honest(dice, 200, makers=("hub",))
    rows += there_and_back(dice, "mild", "helper", 300, pause=30 * SECOND) + honest(dice, 1_100, makers=("mild",))
    for place, puppet in enumerate(("paid-1", "paid-2", "paid-3")):  # takers only, far apart in time, one way each
        rows += [
            (int(time), "funder", puppet, 1 if place % 2 else -1, 100_000, 40) for time in dice.integers(0, DAY, 100)
        ]
    rows += honest(dice, 300, makers=("funder",))
    rows += ring(dice, ("ring-1", "ring-2", "ring-3"), 600, pause=900 * SECOND)
    transfers = pl.DataFrame(
        [
            (START - 900 * SECOND + place * 60 * SECOND, account, kind, amount, "USDC")
            for place in range(3)
            for account, kind, amount in (
                ("funder", "withdrawal", -(5_000 + place)),
                (f"paid-{place + 1}", "deposit", 5_000 + place),
            )
        ],
        schema=["time", "account", "kind", "amount", "token"],
        orient="row",
    )
    return fills_of(rows), transfers
