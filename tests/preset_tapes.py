"""Tapes on which every shipped program can score: a perpetual, a prediction market, options; numbers invented."""

import polars as pl

from makerscope.programs.program_file import find_program
from makerscope.programs.scoring import score
from tests.program_tapes import chain, middles, option, order, steps
from tests.tapes import SECOND, START, fills, perp, write_tape

CURVE = '[{below = "5 bps", weight = 1}, {below = "20 bps", weight = 0.5}]'
GIVEN = {
    "deribit_type": {
        "low_delta": "0.1", "high_delta": "0.9", "max_days": "90", "max_width": "4 vol", "min_size": "1",
        "time": "0.8", "series": "0.5", "periods": "0.9",
    },
    "drift": {f"weight_{name}": str(6 - k) for k, name in enumerate("abcdef")},
    "dydx_v3_dip15": {"stakes": '{"*" = 1000}'},
    "dydx_v4": {"bands": "disjoint", "top": '["*BTC*"]'},
    "eurex_type": {
        "max_days": "90", "max_width": "8 %", "or_width": "1.2 price", "min_size": "1", "time": "0.8", "series": "0.5",
        "periods": "0.9",
    },
    "idex": {"alpha": "0.3", "beta": "5", "max_spread": "50 bps", "min_depth": "100"},
    "kalshi": {"discount": "0.9", "target_size": "1"},
    "mango_v3": {"max_depth": "1", "exponent": "2"},
    "mango_v3_price": {"max_depth": "20", "exponent": "2"},
    "mifid_rts8": {"max_width": "20 bps"},
    "paradex": {"k": "0.1", "half_life_days": "7", "tier": "1"},
    "polymarket": {"max_spread": "3 cents", "min_size": "10"},
    "polymarket_us": {"discount": "0.9", "target_size": "1"},
    "powertrade": {"max_spread": "50 bps", "min_depth": "0", "min_share": "0.01"},
    "thalex_mqp": {
        "perp_distance": "2 bps", "perp_min": "0.01", "perp_max": "1", "option_distance": "10 bps", "option_min": "1",
        "option_max": "10",
    },
    "tsx_deficit": {"target_size": "2", "makers": '["*"]'},
    "vega_liquidity_score": {"curve": CURVE, "price_range": "1 %"},
    "vega_sla": {
        "stakes": '{"*" = 100}', "stake_to_ccy_volume": "1", "price_range": "1 %", "curve": CURVE, "min_time": "0.5",
        "competition": "1", "epochs": "1",
    },
    "vertex": {"depth_exponent": "0.5", "uptime_exponent": "2", "fee_exponent": "0.5"},
}  # fmt: skip
SEED = b"\x07" * 32
LONG = 7_200  # seconds
MIDDLE = 1_000_000  # ticks of 0.1: a basis point is 100 ticks
INVENTED = {
    "perp": [perp(lot_size="0.0001")],
    "prediction": [perp("YES", instrument="test:BTC", tick_size="0.001", lot_size="1")],
    "option": [option(100, tick_size="0.1"), option(110, tick_size="0.1")],
}
CENTRE = {"perp": MIDDLE, "prediction": 500, "option": 5_000}


def world(name):
    """Which kind of market a preset is tried on."""
    if name in ("polymarket", "polymarket_us", "kalshi"):
        return "prediction"
    return "option" if name in ("powertrade", "deribit_type", "eurex_type", "makerscope_options") else "perp"


def made(trades, instrument, price):
    """Fills: (second, maker, lots), each of an order of its own that had rested for a minute and more."""
    times, makers, sizes = zip(*trades, strict=True)
    count = len(times)
    return fills(
        times, maker=list(makers), size=list(sizes), price=[price] * count,
        instrument=[instrument] * count, taker=["taker"] * count, maker_order=[f"{each}+" for each in makers],
        taker_fee=[10 * size for size in sizes], taker_fee_token=["USDC"] * count,
    )  # fmt: skip


def tape_of(folder, kind, orders, trades=(), *, long=LONG):
    """A tape of one kind of market: a middle that stands still, an index, blocks, orders and fills."""
    items = INVENTED[kind]
    names = [item.instrument for item in items]
    centre, half = CENTRE[kind], {"perp": 50, "prediction": 5, "option": 5}[kind]
    tables = {
        "orders": steps(orders),
        "quotes": pl.concat([middles([(0, centre), (long, centre)], half=half, instrument=name) for name in names]),
        "blocks": pl.DataFrame(
            {
                "exchange_time": [START + k * SECOND for k in range(long)],
                "local_time": [START + k * SECOND for k in range(long)], "venue": ["test"] * long,
                "block": list(range(long)),
            }
        ),
        "marks": pl.DataFrame(
            {
                "exchange_time": [START] * len(names), "local_time": [START] * len(names), "instrument": names,
                "mark": [centre] * len(names), "index": [centre] * len(names),
            }
        ),
    }  # fmt: skip
    if kind == "option":
        facts = {"delta": 0.5, "vega": 1_000.0, "underlying": 10_000.0, "index": 10_000.0, "mark": centre / 10}
        tables["chain"] = chain([(0, name, facts) for name in names])
    if trades:
        tables["fills"] = pl.concat([made(trades, name, centre) for name in names]).sort(
            "exchange_time", maintain_order=True
        )
    tables["quotes"] = tables["quotes"].sort("exchange_time", maintain_order=True)
    return write_tape(folder / "tape", instruments=items, **tables)


def points_of(folder, name, orders, trades=(), *, parameters=None, long=LONG, previous=None):
    """Scores of a preset on such a tape, over all of it."""
    given = {**GIVEN.get(name, {}), **(parameters or {})}
    return score(
        tape_of(folder, world(name), orders, trades, long=long), find_program(name, given), seed=SEED, since=START,
        until=START + long * SECOND, previous=previous,
    )  # fmt: skip


def quoting(kind, maker, distance, size, **changes):
    """Both sides of one maker in every market of a kind, from the first second to the last."""
    return [each for side in (1, -1) for each in one_sided(kind, maker, side, distance, size, **changes)]


def one_sided(kind, maker, side, distance, size, **changes):
    """One side of a maker in every market of a kind; its orders are called by maker and sign."""
    facts = {"start": 0, "end": LONG - 1, "order": maker + ("+" if side > 0 else "-"), **changes}
    return [
        order(maker, side, CENTRE[kind] - side * distance, size, **{"instrument": item.instrument, **facts})
        for item in INVENTED[kind]
    ]
