"""Numbers that are known of real recordings, by way of the same path a user takes: import, study, scorecard."""

from decimal import Decimal

import polars as pl
import pytest

from makerscope.metrics.markout import effective_spread, with_mids
from makerscope.metrics.view import load
from makerscope.report.build import build
from makerscope.report.pages import document_of
from makerscope.venues.registry import import_recordings

FIVE_SECONDS, NO_LIMIT = 5 * 10**9, 9 * 365 * 86_400 * 10**9
NODE = "data/hyperliquid/node_fills_777010829-777011328.jsonl.gz"


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """Import once a module: the tape of some recordings."""
    tapes = {}

    def tape(*paths):
        if paths not in tapes:
            tapes[paths] = import_recordings(list(paths), tmp_path_factory.mktemp("tape") / "tape")
        return tapes[paths]

    return tape


def known(measure):
    assert measure.value is not None, measure.reason
    return measure.value


def test_hyperliquid_fills_have_a_maker_and_a_taker_each(shared_file, imported):
    fills = imported(shared_file(NODE)).read("fills")
    assert fills.height == 1795  # 3,590 fills of the venue, two a trade
    assert fills["maker"].null_count() == fills["taker"].null_count() == 0
    assert (fills["maker"].n_unique(), fills["taker"].n_unique()) == (303, 386)
    assert (fills["maker"] != fills["taker"]).all()


def test_the_hyperliquid_scorecard_adds_up(shared_file, imported):
    tape = imported(shared_file(NODE))
    card = build(tape, top=1000)
    assert card.liquidations == 1
    assert card.makers_in_all == len(card.makers) == 303
    assert sum(known(maker.share) for maker in card.makers) == pytest.approx(1, abs=1e-12)
    assert card.concentration["USD"].value == pytest.approx(0.03071, abs=5e-6)
    assert sum(maker.notional for maker in card.makers) == pytest.approx(3_624_641, abs=1)
    usdc = {row.role: row for row in card.fees if row.token == "USDC"}
    assert usdc["maker"].bps.value == pytest.approx(0.136, abs=5e-4)
    assert usdc["taker"].bps.value == pytest.approx(3.674, abs=5e-4)
    assert Decimal(usdc["maker"].net) == pytest.approx(Decimal("48.36"), abs=Decimal("0.005"))
    assert Decimal(usdc["taker"].net) == pytest.approx(Decimal("1280.47"), abs=Decimal("0.005"))
    assert len({row.token for row in card.fees}) == 12
    for maker in card.makers:
        for statement in maker.statements:
            assert Decimal(statement.residual) == 0
            legs = [Decimal(leg.amount) for leg in statement.legs if leg.amount is not None]
            assert sum(legs) == Decimal(statement.equity_change), maker.maker
    assert document_of(card).pages


def test_fees_are_never_added_over_tokens(shared_file, imported):
    card = build(imported(shared_file(NODE)), top=1000)
    fills = imported(shared_file(NODE)).read("fills")
    for role in ("maker", "taker"):
        for (token,), part in fills.partition_by(f"{role}_fee_token", as_dict=True).items():
            row = next(row for row in card.fees if row.role == role and row.token == token)
            decimals = imported(shared_file(NODE)).tokens[token].decimals
            assert Decimal(row.net) == Decimal(int(part[f"{role}_fee"].sum())).scaleb(-decimals)


def test_effective_spread_depends_on_the_age_of_the_quote_as_stated(shared_file, imported):
    names = [f"data/hyperliquid/btc_20250901-0907_{what}.csv.gz" for what in ("trades", "prices")]
    view = load(imported(*(shared_file(name) for name in names)), halo=NO_LIMIT)

    def spread(quotes, age):
        return effective_spread(with_mids(view.fills, quotes, horizons=[10**9], max_age=age))

    fresh, any_age = spread(view.quotes, FIVE_SECONDS), spread(view.quotes, NO_LIMIT)
    same_instant = spread(view.quotes.with_columns(pl.col("time") - 1), FIVE_SECONDS)
    for weighting in ("ratio", "by_size"):
        assert 1.28 <= fresh[weighting] <= 1.29
        assert 4.6 <= any_age[weighting] <= 4.7
        assert same_instant[weighting] == pytest.approx(0.43, abs=0.01)


def test_an_outage_is_outside_every_time_weighted_measure(shared_file, imported):
    names = [f"data/hyperliquid/btc_20250903_{what}.csv.gz" for what in ("trades", "prices", "orderbooks")]
    tape = imported(*(shared_file(name) for name in names))
    sent_again = {item.instrument: item.count for item in tape.manifest.findings if item.table == "fills"}
    assert sent_again == {"hyperliquid:BTC": 30}
    card = build(tape, horizons=[10**9]).instruments[0]
    outage = max(card.outages, key=lambda pair: pair[1] - pair[0])
    assert 245 < (outage[1] - outage[0]) / 1e9 < 256
    listened = known(card.measures["hours_listened"]) * 3600
    sessions = tape.read("sessions").filter(pl.col("channel") == "quotes")
    heard = ((sessions["end_exchange"] - sessions["start_exchange"]).sum()) / 1e9
    assert listened == pytest.approx(heard, abs=1e-6)
    assert sum(seconds for _, _, seconds in card.by_hour) <= heard
    spread = next(path for path in card.paths if path.name == "full quoted spread")
    inside = [
        value
        for time, value in zip(spread.times, spread.values, strict=True)
        if outage[0] < time and time + card_bucket(spread) < outage[1]
    ]
    assert inside
    assert set(inside) == {None}


def card_bucket(path):
    return path.times[1] - path.times[0]


def test_one_resent_trade_of_sol_is_dropped(shared_file, imported):
    names = [f"data/hyperliquid/sol_20250903_{what}.csv.gz" for what in ("trades", "prices", "orderbooks")]
    tape = imported(*(shared_file(name) for name in names))
    assert [item.count for item in tape.manifest.findings if item.table == "fills"] == [1]


def test_a_sweep_is_one_order(shared_file, imported):
    names = [f"data/hyperliquid/btc_20250903_{what}.csv.gz" for what in ("trades", "prices", "orderbooks")]
    tape = imported(*(shared_file(name) for name in names))
    fills, trades = tape.read("fills"), tape.read("trades")
    assert trades.height == fills.select("exchange_time", "side").unique().height < fills.height
    assert trades["size"].sum() == fills["size"].sum()
    assert trades["cash"].sum() == (fills["price"] * fills["size"]).sum()


RECORDINGS = {
    "binance": (
        "data/binance/usdm/btcusdt_20240808.gz",
        "data/binance/spot/btcusdt_20240808.gz",
        "data/binance/cm/btcusd_perp_20240808.gz",
    ),
    "bitstamp": ("data/bitstamp/orders_20150501_0000-0200.csv.gz",),
    "aster": tuple(f"data/aster/btcusdt_20250924_{what}.csv.gz" for what in ("trades", "prices", "orderbook")),
    "lighter": tuple(f"data/lighter/btc_20250915_{what}.csv.gz" for what in ("trades", "prices")),
    "uniswap": ("data/uniswap_v3/polygon-0x45dda9cb7c25131df268515131f647d726f50608-2023-08-17.minute.csv.gz",),
    "deribit": ("data/deribit/option_chain_snapshots_2025-12.parquet",),
    "deribit books": ("data/deribit/btc_option_books_20210211.csv.gz",),
    "hyperliquid messages": ("data/hyperliquid/btc_l2book_ws_20250126.gz",),
}


@pytest.mark.parametrize("venue", RECORDINGS)
def test_every_kind_of_recording_gets_a_report(venue, shared_file, imported):
    card = build(imported(*(shared_file(name) for name in RECORDINGS[venue])))
    assert card.quality.verdict in ("good", "usable")
    assert card.instruments or card.pools or card.chains
    document = document_of(card)
    assert all(page.sections for page in document.pages)
