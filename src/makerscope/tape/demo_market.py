"""A small generated market: six makers of distinct character, noise and informed takers, one book.

One call of ``simulate`` plays one instrument in steps of 100 ms. Prices are ticks, sizes lots, times ns; distances are
given in ``points`` of 0.1 bps of the opening price, so that makers behave alike on every instrument. Matching is by
price, then by time at the price; nobody trades with himself; quotes are post-only. This generates data to show and to
test with. It knows one fair price and no strategy beyond "quote around what I saw".
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

STEP = 100_000_000  # ns
MS = 1_000_000  # ns
NO_ASK = 1 << 60
SETTLE, SECOND = "USDC", "DEMO"


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """How one maker quotes. ``half``, ``gap``, ``move``: points; ``every``, ``lag``: steps; ``fee``: ppm of cash."""

    name: str
    levels: int
    half: int
    gap: int
    size: int
    every: int
    lag: int
    move: int
    skew: int
    fee: int
    stress: int = 2
    fee_token: str = SETTLE
    bids_only: bool = False
    flickers: bool = False
    vanishes: bool = False


MAKERS = (
    Maker(name="swift", levels=3, half=14, gap=6, size=400, every=3, lag=2, move=7, skew=6, fee=-20, stress=3),
    Maker(name="steady", levels=4, half=22, gap=9, size=700, every=10, lag=3, move=12, skew=5, fee=10),
    Maker(name="sluggish", levels=5, half=34, gap=14, size=900, every=45, lag=9, move=25, skew=3, fee=10, stress=1),
    Maker(name="bidder", levels=3, half=20, gap=10, size=500, every=12, lag=3, move=12, skew=0, fee=10, bids_only=True),
    Maker(name="flicker", levels=1, half=12, gap=1, size=1500, every=5, lag=2, move=1, skew=4, fee=10, flickers=True),
    Maker(
        name="fairweather", levels=4, half=18, gap=7, size=800, every=8, lag=3, move=9, skew=5, fee=5,
        fee_token=SECOND, vanishes=True,
    ),
)  # fmt: skip
OWNER = tuple(maker for maker in MAKERS for _ in range(maker.levels))  # of each place in the book
TAKER_FEE = 300
SECOND_PER_SETTLE = 200  # base units of SECOND (8 decimals) for one of SETTLE (6 decimals): 1 DEMO is worth 0.5 USDC
NOISE = tuple(f"trader-{number:02d}" for number in range(1, 13))
INFORMED = ("sniper", "oracle")
BORROWER = "overstretched"  # buys on leverage and is liquidated in the stress episode


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One instrument's fair price and what happens when. ``fair``: ticks a step; ``stress``: first step, last step."""

    name: str
    start: int
    fair: NDArray[np.int64]
    stress: tuple[int, int]
    cash_unit: int  # base units of SETTLE in one tick times one lot
    noise: float  # chance of a noise taker in a step
    leverage: int  # lots the borrower may hold


@dataclass(frozen=True, slots=True)
class Side:
    """The resting orders of one side, one place a maker and level. An empty place has size 0."""

    price: list[int]
    size: list[int]
    since: list[int]
    order: list[str]


@dataclass(frozen=True, slots=True)
class Played:
    """What happened: rows of the tables, in order of time."""

    orders: list[tuple[int, str, str, str, int, int, int]] = field(default_factory=list)
    fills: list[tuple[object, ...]] = field(default_factory=list)
    quotes: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)
    book: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    position: dict[str, int] = field(default_factory=dict)
    count: list[int] = field(default_factory=lambda: [0, 0, 0])  # orders, fills and changes so far


@dataclass(frozen=True, slots=True)
class Game:
    """All that the actors share: what is given, the two sides of the book, and what happened so far."""

    scene: Scene
    fair: list[int]
    bids: Side
    asks: Side
    out: Played


@dataclass(frozen=True, slots=True)
class Reach:
    """A maker's places in the book, and its distances in ticks: level by level, in calm and in stress."""

    first: int
    last: int
    move: int
    calm: tuple[int, ...]
    stressed: tuple[int, ...]


def reaches(opening: int) -> tuple[Reach, ...]:
    """Each maker's points turned into ticks."""
    out: list[Reach] = []
    first = 0
    for maker in MAKERS:
        ladders = (
            tuple(
                max(1, (maker.half * wider + level * maker.gap) * opening // 100_000) for level in range(maker.levels)
            )
            for wider in (1, maker.stress)
        )
        out.append(Reach(first, first + maker.levels, max(1, maker.move * opening // 100_000), *ladders))
        first += maker.levels
    return tuple(out)


def fair_price(
    steps: int, opening: int, stress: tuple[int, int], rng: np.random.Generator, common: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Ticks a step: a walk with changing volatility, a fall of 1.2 % at the stress, and half of it back.

    ``common`` are unit shocks shared by all instruments. No transcendental function is used, so that every machine
    makes the same integers.
    """
    minutes = steps // 600 + 1
    level = np.empty(minutes)
    state = 1.0
    for minute, shock in enumerate(rng.standard_normal(minutes)):
        state = min(2.2, max(0.45, 1.0 + 0.9 * (state - 1.0) + 0.17 * shock))
        level[minute] = state
    vol = np.repeat(level, 600)[:steps]
    first, last = stress
    vol[first:last] *= 3.0
    shocks = 0.85 * common + 0.53 * rng.standard_normal(steps)
    drift = np.zeros(steps)
    fall = max(1, (last - first) // 12)
    drift[first : first + fall] = -0.012 * opening / fall
    drift[first + 3 * fall : last] = 0.006 * opening / max(1, last - first - 3 * fall)
    ticks = np.rint(shocks * vol * (opening * 2.6e-5) + drift).astype(np.int64)
    return opening + np.cumsum(ticks)


def simulate(scene: Scene, rng: np.random.Generator) -> Played:
    """Play one instrument from the first step to the last."""
    reach = reaches(int(scene.fair[0]))
    places = reach[-1].last
    bids = Side([0] * places, [0] * places, [0] * places, [""] * places)
    asks = Side([NO_ASK] * places, [0] * places, [0] * places, [""] * places)
    game = Game(scene, scene.fair.tolist(), bids, asks, Played())
    agenda = _agenda(scene, rng)
    for (at, actor), late in zip(agenda, rng.integers(0, 8, len(agenda)).tolist(), strict=True):
        now = scene.start + at * STEP + (3 + 9 * actor + late) * MS
        if actor < len(MAKERS):
            _look(game, MAKERS[actor], reach[actor], at, now)
        elif actor == len(MAKERS):
            _take_noise(game, at, now, rng)
        elif actor == len(MAKERS) + 1:
            _take_informed(game, at, now, rng)
        else:
            _snapshot(game, scene.start + (at + 1) * STEP - MS)
            continue
        _top(game, now)
    return game.out


def _agenda(scene: Scene, rng: np.random.Generator) -> list[tuple[int, int]]:
    """Who acts in which step: makers by number, then noise, then informed takers, then the second's snapshot."""
    steps = len(scene.fair)
    parts: list[NDArray[np.int64]] = []
    for maker in MAKERS:
        gaps = rng.integers(max(1, maker.every // 2), maker.every + maker.every // 2 + 1, 2 * steps // maker.every + 2)
        parts.append(np.cumsum(gaps))
    busy = np.where((np.arange(steps) >= scene.stress[0]) & (np.arange(steps) < scene.stress[1]), 2.5, 1.0)
    parts.append(np.flatnonzero(rng.random(steps) < scene.noise * busy))
    parts.append(np.flatnonzero(rng.random(steps) < 0.3))  # informed takers look three times a second
    parts.append(np.arange(9, steps, 10))
    when = np.concatenate(parts)
    who = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    order = np.lexsort((who, when))
    return [(at, actor) for at, actor in zip(when[order].tolist(), who[order].tolist(), strict=True) if at < steps]


def _look(game: Game, maker: Maker, reach: Reach, at: int, now: int) -> None:
    """One maker looks at the market and moves, places or pulls quotes."""
    bids, asks, first, last = game.bids, game.asks, reach.first, reach.last
    calm_again = game.scene.stress[1]
    stressed = game.scene.stress[0] + 5 <= at < calm_again
    away = maker.vanishes and game.scene.stress[0] + 5 <= at < calm_again + 3000
    if away or (maker.flickers and (bids.size[first] or asks.size[first] or at // 1200 % 3 == 2)):
        for place in range(first, last):
            _pull(game, 1, place, now)
            _pull(game, -1, place, now)
        return
    held = game.out.position.get(maker.name, 0)
    most = reach.calm[0]  # leans against its position, but not through what it believes fair
    lean = max(-most, min(most, held * maker.skew * game.fair[0] // 100_000_000))
    centre = game.fair[max(0, at - maker.lag)] - lean
    if maker.bids_only and held > 6 * maker.size:  # lays off half of what it was sold
        take(game, maker.name, -held // 2, limit=centre - game.fair[0] * 6 // 10_000, now=now)
    full = 10 * maker.size if not maker.bids_only else NO_ASK  # holds no more than this: then only one side is quoted
    ladder = reach.stressed if stressed else reach.calm
    highest_bid = min(min(asks.price[:first], default=NO_ASK), min(asks.price[last:], default=NO_ASK)) - 1
    for place, distance in enumerate(ladder, first):
        if held < full:
            _put(game, place, min(centre - distance, highest_bid), now, sign=1, move=reach.move)
        else:
            _pull(game, 1, place, now)
    if maker.bids_only:
        return
    lowest_ask = max(max(bids.price[:first], default=0), max(bids.price[last:], default=0)) + 1
    for place, distance in enumerate(ladder, first):
        if held > -full:
            _put(game, place, max(centre + distance, lowest_ask), now, sign=-1, move=reach.move)
        else:
            _pull(game, -1, place, now)


def _put(game: Game, place: int, price: int, now: int, *, sign: int, move: int) -> None:
    """An order at ``price``: a new one, or the old one replaced where it is ``move`` away or half eaten."""
    side, out, maker = game.bids if sign > 0 else game.asks, game.out, OWNER[place]
    left = side.size[place]
    if left and abs(price - side.price[place]) < move and 2 * left >= maker.size:
        return
    if not left:
        out.count[0] += 1
        side.order[place] = f"{maker.name}-{out.count[0]}"
    out.count[2] += 1
    side.price[place], side.size[place], side.since[place] = price, maker.size, out.count[2]
    out.orders.append((now, maker.name, side.order[place], "replaced" if left else "placed", sign, price, maker.size))


def _pull(game: Game, sign: int, place: int, now: int) -> None:
    side = game.bids if sign > 0 else game.asks
    if side.size[place]:
        step = (now, OWNER[place].name, side.order[place], "cancelled", sign, side.price[place], 0)
        game.out.orders.append(step)
        side.price[place], side.size[place] = (0 if sign > 0 else NO_ASK), 0


def _take_noise(game: Game, at: int, now: int, rng: np.random.Generator) -> None:
    """Somebody trades for reasons of his own; or, once prices have fallen, the borrower is forced to sell."""
    start, end = game.scene.stress
    debt = game.out.position.get(BORROWER, 0)
    if at > start + (end - start) // 12 and debt > 0:
        take(game, BORROWER, -debt, limit=0, now=now, forced=True)
        return
    who = (NOISE + INFORMED)[int(rng.integers(0, len(NOISE) + len(INFORMED)))]
    size = int(rng.geometric(1 / 180)) * (8 if rng.random() < 0.05 else 1)  # one in twenty sweeps the book
    held = game.out.position.get(who, 0)
    chance = 0.5 if not held else 0.2 if held > 0 else 0.8  # of buying: positions are mostly closed again
    way = 1 if rng.random() < chance else -1
    if at < start and debt < game.scene.leverage and rng.random() < 0.02:
        who, way = BORROWER, 1
    best = min(game.asks.price) if way > 0 else max(game.bids.price)
    take(game, who, way * size, limit=best + way * game.fair[0] // 500, now=now)


def _take_informed(game: Game, at: int, now: int, rng: np.random.Generator) -> None:
    """Snipes quotes that are stale against the fair price, and sometimes trades on the next seconds."""
    fee = game.fair[0] * 32 // 100_000
    foresees = rng.random() < 0.04
    value = game.fair[min(len(game.fair) - 1, at + (60 if foresees else 0))]
    size = int(rng.integers(200, 900))
    for way, best in ((1, min(game.asks.price)), (-1, max(game.bids.price))):
        if 0 < best < NO_ASK and way * (value - best) > fee:
            take(game, INFORMED[int(foresees)], way * size, limit=value - way * fee, now=now)
            return


def take(game: Game, who: str, size: int, *, limit: int, now: int, forced: bool = False) -> None:
    """An aggressor order, ``size > 0`` buys: eats resting orders by price and age up to ``limit``."""
    way = 1 if size > 0 else -1
    side, left = (game.asks if way > 0 else game.bids), abs(size)
    queue = sorted(
        (way * side.price[place], side.since[place], place)
        for place in range(len(OWNER))
        if side.size[place] and OWNER[place].name != who and way * (limit - side.price[place]) >= 0
    )
    game.out.count[2] += 1
    for _, _, place in queue:
        if not left:
            break
        traded = min(left, side.size[place])
        left -= traded
        side.size[place] -= traded
        _book_fill(game, who, -way * traded, place, now, forced=forced)
        if not side.size[place]:
            side.price[place] = 0 if way < 0 else NO_ASK


def _book_fill(game: Game, who: str, traded: int, place: int, now: int, *, forced: bool) -> None:
    """The rows of one fill; ``traded`` is what the maker bought (or sold, below 0)."""
    out, maker, sign = game.out, OWNER[place], 1 if traded > 0 else -1
    side = game.bids if sign > 0 else game.asks
    price, size = side.price[place], abs(traded)
    out.count[1] += 1
    cash = price * size * game.scene.cash_unit
    maker_fee = (cash * maker.fee * (SECOND_PER_SETTLE if maker.fee_token == SECOND else 1) + 500_000) // 1_000_000
    taker_fee = (cash * TAKER_FEE + 500_000) // 1_000_000
    held, other = out.position.get(maker.name, 0), out.position.get(who, 0)
    out.fills.append((
        now, f"{game.scene.name}-{out.count[1]}", maker.name, who, sign, price, size, maker_fee, maker.fee_token,
        taker_fee, side.order[place], f"t{out.count[2]}", held, other, who if forced else None,
    ))  # fmt: skip
    out.position[maker.name], out.position[who] = held + traded, other - traded
    out.orders.append((now, maker.name, side.order[place], "filled", sign, price, side.size[place]))


def _top(game: Game, now: int) -> None:
    """A quote, when the top of the book has changed."""
    out, bid, ask = game.out, max(game.bids.price), min(game.asks.price)
    bid_size, ask_size = _size_at(game.bids, bid), _size_at(game.asks, ask)
    if not out.quotes or out.quotes[-1][1:5] != (bid, bid_size, ask, ask_size):
        out.count[2] += 1
        out.quotes.append((now, bid, bid_size, ask, ask_size, out.count[2]))


def _size_at(side: Side, price: int) -> int:
    at = side.price.index(price)
    size = side.size[at]
    for _ in range(side.price.count(price) - 1):
        at = side.price.index(price, at + 1)
        size += side.size[at]
    return size


def _snapshot(game: Game, now: int) -> None:
    """All levels of the book, best first."""
    out = game.out
    out.count[2] += 1
    for side, sign in ((game.bids, 1), (game.asks, -1)):
        levels: dict[int, int] = {}
        for price, size in zip(side.price, side.size, strict=True):
            if size:
                levels[price] = levels.get(price, 0) + size
        out.book.extend((now, out.count[2], sign, price, levels[price]) for price in sorted(levels, reverse=sign > 0))
