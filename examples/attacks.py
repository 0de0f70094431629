"""What cheating earns under which rule: a market small enough to read, in which makers try every trick.

python -m examples.attacks [PROGRAM ...]

Each second the makers look at the middle and say what they want to show; takers come at random instants in between and
take what is best, first come first served. What happened is an ordinary tape, and every rule scores the same one. A
PROGRAM is a name or a TOML file, with parameters after a colon, and may be taken apart: makerscope_perp:per=5 bps or
makerscope_perp:without=fade. By default dydx_v3, a rule like Polymarket's, and makerscope_perp are compared.
"""

import atexit
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from makerscope.programs.evidence import Evidence, evidence
from makerscope.programs.gaming import merge_gain, split_gain, turns_gain, without
from makerscope.programs.program import Program
from makerscope.programs.program_file import find_program
from makerscope.programs.scoring import score_evidence
from makerscope.programs.usefulness import Use, pay_per_takeable, usefulness
from makerscope.tape.events import Instrument, Token
from makerscope.tape.read import Tape
from makerscope.tape.write import TapeWriter

HERE = Path(__file__).parent
RULES = ("dydx_v3", f"{HERE}/polymarket_like.toml", "makerscope_perp")
SECOND = 1_000_000_000
START = 1_767_225_600 * SECOND
MARKET = "small:BTC"
MIDDLE = 600_000  # ticks of 0.1 USD
USD = 1 / 60  # lots in one USD
BPS = MIDDLE / 10_000  # ticks in one bps
MINUTES = 40
CRASH = 1200  # s: the middle falls by 2 % in 20 s, and moves four times as much for five minutes
FEES = 6e-4  # what a taker and a maker pay together, of what they trade

Wish = dict[str, tuple[int, int, int]]  # slot: side, price in ticks, size in lots


@dataclass(frozen=True, kw_only=True)
class Now:
    """What a maker sees: ``t`` s, the middle (ticks), how far it moved within 30 s (bps), and whether a taker comes."""

    t: float
    middle: float
    moved: float
    others: bool
    taker: int = 0


Maker = Callable[[Now], Wish]


@dataclass
class Order:
    """An order at rest."""

    name: str
    maker: str
    slot: str
    side: int
    price: int
    size: int
    since: float


@dataclass
class Floor:
    """All that happens, written down."""

    orders: list[dict] = field(default_factory=list)
    fills: list[dict] = field(default_factory=list)
    trades: list[dict] = field(default_factory=list)
    book: dict[tuple[str, str], Order] = field(default_factory=dict)
    serial: int = 0

    def step(self, t: float, order: Order, action: str, size: int) -> None:
        """One row of table ``orders``."""
        self.serial += 1
        at = START + round(t * SECOND)
        self.orders.append(
            {
                "exchange_time": at, "local_time": at, "serial": self.serial, "instrument": MARKET,
                "maker": order.maker, "order": order.name, "action": action, "side": order.side,
                "price": order.price, "size": size,
            }
        )  # fmt: skip

    def show(self, t: float, maker: str, wish: Wish) -> None:
        """Bring what a maker shows to what it wants to show."""
        for key in [key for key in self.book if key[0] == maker]:
            order = self.book[key]
            if wish.get(key[1]) != (order.side, order.price, order.size):
                self.step(t, self.book.pop(key), "cancelled", 0)
        for slot, (side, price, size) in wish.items():
            if (maker, slot) not in self.book and size > 0:
                order = Order(f"{maker}.{slot}.{self.serial}", maker, slot, side, price, size, t)
                self.book[maker, slot] = order
                self.step(t, order, "placed", size)

    def take(self, t: float, taker: str, buys: int, lots: int, worst: float) -> None:
        """A taker sweeps the best orders first, of equal ones the older."""
        at = START + round(t * SECOND)
        there = sorted((o for o in self.book.values() if o.side == -buys), key=lambda o: (buys * o.price, o.since))
        done: list[tuple[Order, int]] = []
        for order in there:
            if lots <= 0 or buys * (order.price - worst) > 0:
                break
            got = min(lots, order.size)
            lots -= got
            order.size -= got
            done.append((order, got))
            self.step(t, order, "filled", order.size)
            if order.size == 0:
                del self.book[order.maker, order.slot]
        if not done:
            return
        first = len(self.fills)
        for order, got in done:
            self.fills.append(
                {
                    "exchange_time": at, "local_time": at, "instrument": MARKET, "fill": str(len(self.fills)),
                    "maker": order.maker, "taker": taker, "side": order.side, "price": order.price, "size": got,
                    "maker_order": order.name, "sweep": first, "taker_fee": 1, "taker_fee_token": "USDC",
                }
            )  # fmt: skip
        self.trades.append(
            {
                "exchange_time": at, "local_time": at, "instrument": MARKET, "taker": taker, "aggressor": buys,
                "first_price": done[0][0].price, "last_price": done[-1][0].price, "size": sum(got for _, got in done),
                "cash": sum(got * order.price for order, got in done), "fills": len(done),
                "makers": len({order.maker for order, _ in done}),
            }
        )  # fmt: skip

    def wash(self, t: float, middle: float, lots: int) -> None:
        """``attacker`` shows the best ask for a ms, and its other account takes it."""
        bid = max((o.price for o in self.book.values() if o.side == 1), default=0)
        self.book["attacker", "wash"] = order = Order(
            f"attacker.wash.{self.serial}", "attacker", "wash", -1, max(round(middle), bid + 1), lots, t
        )
        self.step(t, order, "placed", lots)
        self.take(t + 0.001, "attacker-too", 1, lots, order.price)


def path(seed: int, seconds: int) -> list[float]:
    """The middle at each second: a walk, with a fall in the middle after which it moves more."""
    dice = random.Random(seed)  # noqa: S311 - a seed, so that everybody sees the same market
    out = [float(MIDDLE)]
    for t in range(1, seconds):
        wild = 4 if CRASH <= t < CRASH + 300 else 1
        fall = -0.001 if CRASH <= t < CRASH + 20 else 0.0
        out.append(out[-1] * (1 + fall + dice.gauss(0, 0.00004 * wild)))
    return out


def play(folder: Path, makers: Mapping[str, Maker], *, seed: int = 7, minutes: int = MINUTES, wash: float = 0) -> Tape:
    """The tape of a market in which these makers quote.

    ``wash``: every ten seconds account ``attacker`` sells so much (USD) to ``attacker-too``, which is its own.
    """
    middle = path(seed, 60 * minutes)
    dice = random.Random(seed + 1)  # noqa: S311 - likewise
    floor = Floor()
    for t, now in enumerate(middle):
        moved = 10_000 * abs(now / middle[max(t - 30, 0)] - 1)
        for name, maker in makers.items():
            others = any(key[0] != name for key in floor.book)
            floor.show(t, name, maker(Now(t=t, middle=now, moved=moved, others=others)))
        if wash and t % 10 == 5:
            floor.wash(t + 0.1, now, round(wash * USD))
        if dice.random() < (0.6 if CRASH <= t < CRASH + 300 else 0.2):
            when, buys = t + 0.2 + 0.6 * dice.random(), dice.choice([1, -1])
            lots = round(dice.choice([3_000, 10_000, 30_000, 100_000]) * USD)
            for name, maker in makers.items():  # who watches the mempool knows 50 ms before
                warned = Now(t=when - 0.05, middle=now, moved=moved, others=True, taker=buys)
                floor.show(when - 0.05, name, maker(warned)) if getattr(maker, "watches", False) else None
            floor.take(when, f"taker-{dice.randrange(50)}", buys, lots, now * (1 + buys * 0.004))
    at = [START + t * SECOND for t in range(len(middle))]
    index = [round(price) for price in middle]
    marks = pl.DataFrame({"exchange_time": at, "local_time": at, "instrument": MARKET, "mark": index, "index": index})
    with TapeWriter(folder, source="examples/attacks.py") as tape:
        tape.add_token(Token(token="USDC", decimals=6))  # noqa: S106 - a coin
        tape.add_instrument(
            Instrument(
                instrument=MARKET, venue="small", symbol="BTC", kind="perp", base="BTC", quote="USD", settle="USDC",
                inverse=False, tick_size="0.1", lot_size="0.001", multiplier="1", facts="invented",
            )
        )  # fmt: skip
        tape.listen("small", {})
        for table, rows in (("orders", floor.orders), ("fills", floor.fills), ("trades", floor.trades)):
            tape.write(table, pl.DataFrame(rows))
        tape.write("marks", marks)
        tape.write(
            "blocks", pl.DataFrame({"exchange_time": at, "local_time": at, "venue": "small", "block": range(len(at))})
        )
    return Tape.open(folder)


def ladder(now: Now, rungs: Iterable[tuple[float, float]], sides: tuple[int, ...] = (1, -1)) -> Wish:
    """Quotes at distances (bps) of sizes (USD), on a grid of a bps so that small moves of the middle move nothing."""
    centre = round(now.middle / BPS)
    return {
        f"{side}{k}": (side, round((centre - side * away) * BPS), round(usd * USD))
        for side in sides
        for k, (away, usd) in enumerate(rungs)
    }


def honest(rungs: tuple[tuple[float, float], ...] = ((2.5, 50_000), (6.5, 100_000))) -> Maker:
    """Always there, on both sides."""
    return lambda now: ladder(now, rungs)


def flash(fraction: float, at: float = 0.0) -> Maker:
    """There for a fraction of each minute, from ``at`` s on: with large size."""
    return lambda now: ladder(now, ((2.5, 250_000),)) if at <= now.t % 60 < at + 60 * fraction else {}


def far(away: float) -> Maker:
    """A great deal where hardly anybody goes."""
    return lambda now: ladder(now, ((away, 1_000_000),))


def one_sided() -> Maker:
    """Bids for all it has, and a token ask."""
    return lambda now: ladder(now, ((2.5, 300_000),), (1,)) | {"ask": (-1, round(now.middle * 1.0015), 2)}


def fading(limit: float = 15.0) -> Maker:
    """Generous in fair weather: away while the price has moved by more than ``limit`` bps within 30 s."""
    return lambda now: {} if now.moved > limit else ladder(now, ((2.5, 100_000), (6.5, 200_000)))


class Watcher:
    """Sees every taker come, and is not there when it arrives."""

    watches = True

    def __call__(self, now: Now) -> Wish:
        """What it shows."""
        return {} if now.taker else ladder(now, ((1.5, 100_000), (6.5, 200_000)))


def behind(away: float = 12.0, usd: float = 500_000, *, dust: bool = False) -> Maker:
    """A great deal behind the others; with ``dust`` also one lot above their bid, which moves the middle by half."""

    def wish(now: Now) -> Wish:
        speck = {"dust": (-1, round((round(now.middle / BPS) - 2.4) * BPS), 1)} if dust else {}
        return ladder(now, ((away, usd),)) | speck

    return wish


def parked() -> Maker:
    """At the touch, always last in the queue: it comes again each second."""
    state = {"n": 0}

    def wish(now: Now) -> Wish:
        state["n"] += 1
        again = state["n"] % 2  # another size is another order, at the end of the queue
        return ladder(now, ((2.5, 300_000 + 60 * again),))

    return wish


def alone() -> Maker:
    """Only there when nobody else is, with hardly anything and far away."""
    return lambda now: {} if now.others else ladder(now, ((15.0, 2_000),))


TWO = {"one": honest(), "two": honest(((3.5, 50_000), (8.5, 100_000)))}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A trick: ``does`` in words, what ``attacker`` shows, how much it washes every ten seconds, and the others."""

    does: str
    shows: Maker
    wash: float = 0
    others: Mapping[str, Maker] = field(default_factory=lambda: TWO)


CASES = {
    "honest": Case(does="the same as maker one", shows=honest()),
    "flash": Case(does="five times as much, in the first second of each minute", shows=flash(1 / 60)),
    "far": Case(does="a million a side 19 bps away", shows=far(19)),
    "very far": Case(does="a million a side 45 bps away", shows=far(45)),
    "one side": Case(does="300,000 of bids, a token ask", shows=one_sided()),
    "fading": Case(does="twice as much as maker one, gone when the price has moved by 15 bps", shows=fading()),
    "watcher": Case(does="the best price, gone when a taker comes", shows=Watcher()),
    "behind": Case(does="half a million a side 12 bps away", shows=behind()),
    "dust": Case(does="the same, and one lot inside the spread that moves the middle", shows=behind(dust=True)),
    "parked": Case(does="300,000 a side at the touch, always last in the queue", shows=parked()),
    "alone": Case(
        does="2,000 a side 15 bps away, only while the others are gone", shows=alone(),
        others={"one": fading(), "two": fading()},
    ),
    "far, washed": Case(does="far, and 10,000 every ten seconds with its own account", shows=far(19), wash=10_000),
    "watcher, washed": Case(does="watcher, and 10,000 every ten seconds likewise", shows=Watcher(), wash=10_000),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one case gave ``attacker``.

    ``points``: its share of what is paid, by rule; ``of_pool``: its part of the whole pool; ``takeable`` and ``saved``:
    its share of what takers could have hit and of what was saved them; ``cost``: fees of its wash trades, USD.
    ``per_takeable``: its pay for each unit that takers could have hit, by what maker ``one`` gets for it; None where it
    is paid for none.
    """

    points: dict[str, float]
    of_pool: dict[str, float]
    takeable: float
    saved: float
    per_takeable: dict[str, float | None]
    cost: float


def rule_of(text: str) -> Program:
    """A rule by name or file, with parameters after a colon, without the parts so named."""
    name, _, rest = text.partition(":")
    given = [item.split("=", 1) for item in rest.split(",") if item]
    rule = find_program(name, {key: value for key, value in given if key != "without"})
    for key, value in given:
        rule = without(rule, value) if key == "without" else rule
    return rule


def programs(names: Sequence[str] = RULES) -> dict[str, Program]:
    """The rules to compare, by short name."""
    return {name.rpartition("/")[2].replace(".toml", ""): rule_of(name) for name in names}


def told(makers: Mapping[str, Maker], *, wash: float = 0, seed: int = 7) -> Evidence:
    """Evidence of one market, on a tape that is deleted when the process ends."""
    folder = tempfile.mkdtemp(prefix="attacks-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return evidence(play(Path(folder) / "tape", makers, wash=wash, seed=seed))


def outcome(case: Case, rules: Mapping[str, Program]) -> Outcome:
    """Play a case and score it under each rule."""
    ev = told({**case.others, "attacker": case.shows}, wash=case.wash)
    uses = {item.maker: item for item in usefulness(ev, MARKET, without=["attacker-too"])}
    points = {name: score_evidence(ev, rule).points() for name, rule in rules.items()}
    washed = ev.fills.filter(pl.col("taker") == "attacker-too")
    return Outcome(
        points={name: _share(got.get("attacker", 0), sum(got.values())) for name, got in points.items()},
        of_pool={name: got.get("attacker", 0) / 1e18 for name, got in points.items()},
        takeable=_share(uses["attacker"].takeable, sum(item.takeable for item in uses.values())),
        saved=_share(uses["attacker"].saved, sum(item.saved for item in uses.values())),
        per_takeable={name: _against_one(got, list(uses.values())) for name, got in points.items()},
        cost=float((washed["price"] * washed["size"]).sum()) * 1e-4 * FEES,
    )


def collusion(rules: Mapping[str, Program], part: float = 0.5) -> dict[str, float]:
    """What all makers together are paid when they agree to show only a part, by what they were paid before."""
    full = told({"one": honest(), "two": honest()})
    less = told({name: honest(((2.5, 50_000 * part), (6.5, 100_000 * part))) for name in ("one", "two")})
    return {
        name: _share(
            sum(score_evidence(less, rule).points().values()), sum(score_evidence(full, rule).points().values())
        )
        for name, rule in rules.items()
    }


def regrouped(rules: Mapping[str, Program]) -> dict[str, dict[str, float]]:
    """What accounts gain by other names, by trick and rule."""
    ev = told({**TWO, "three": fading()})
    minute = 60 * SECOND
    tricks = {
        "split in two": partial(split_gain, maker="one", parts=2),
        "split in ten": partial(split_gain, maker="one", parts=10),
        "a new account each minute": partial(turns_gain, maker="three", accounts=MINUTES, every=minute),
        "merge of one and two": partial(merge_gain, makers=["one", "two"]),
        "merge of one and three": partial(merge_gain, makers=["one", "three"]),
    }
    return {
        trick: {name: float(gain(ev, rule).ratio or 0) for name, rule in rules.items()}
        for trick, gain in tricks.items()
    }


def _against_one(points: Mapping[str, int], uses: Sequence[Use]) -> float | None:
    each = pay_per_takeable(points, uses)
    own, one = each["attacker"], each["one"]
    return None if own is None or one is None else _share(own, one)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def main(names: Sequence[str]) -> None:
    """Print what every trick earns."""
    rules = programs(names or RULES)
    found = {name: outcome(case, rules) for name, case in CASES.items()}
    print("| attack | takeable | saved | " + " | ".join(rules) + " |")
    for name, case in CASES.items():
        out = found[name]
        cells = [f"{100 * part:.1f}" for part in (out.takeable, out.saved, *out.points.values())]
        print(
            f"| {name}: {case.does} | " + " | ".join(cells) + " |" + (f" fees {out.cost:.0f} USD" if out.cost else "")
        )
    print("\npay for each unit that a taker could have hit, by what maker one gets for it")
    for name, out in found.items():
        cells = ["paid for none" if each is None else f"{each:.2f}" for each in out.per_takeable.values()]
        print(f"| {name} | " + " | ".join(cells) + " |")
    print("\npay by what it was before")
    for trick, gains in (regrouped(rules) | {"all agree to show half": collusion(rules)}).items():
        print(f"| {trick} | " + " | ".join(f"{gain:.3f}" for gain in gains.values()) + " |")


if __name__ == "__main__":
    main(sys.argv[1:])
