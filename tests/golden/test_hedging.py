"""A delta-hedged option book against the published law of its hedging error, through the whole attribution."""

from math import erfc, pi, sqrt

import numpy as np
import polars as pl
import pytest

from makerscope.metrics.greeks_arrays import Contracts, States, Trades
from makerscope.metrics.greeks_pnl import LEGS, TAYLOR, greeks_attribution
from makerscope.models.hedge_error import discrete_hedge_error

YEAR = 365 * 86_400 * 10**9
MONEY = 10**8  # units of 1e-8 USD
LOT = 1e-4  # underlying, of the hedge
_erfc = np.vectorize(erfc, otypes=[float])


def black(F, K, vol, T):
    s = vol * np.sqrt(T)
    d1 = np.log(F / K) / s + s / 2
    below = _erfc(-np.stack([d1, d1 - s]) / sqrt(2)) / 2
    return F * below[0] - K * below[1], below[0]


def hedged_books(S, K, vol, expiry, hedges, *, fee=0):
    """Each path is an account that sold a call at its worth and held Black's delta, changed right after each mark."""
    paths, steps = S.shape[0], S.shape[1] - 1
    time = np.linspace(0, expiry, steps + 1).astype(np.int64)
    price, delta = black(S[:, :-1], K, vol, (expiry - time[:-1]) / YEAR)
    value = np.concatenate([price, np.maximum(S[:, -1:] - K, 0)], axis=1)
    lots = np.rint(delta / LOT).astype(np.int64)[:, :: steps // hedges]
    bought = np.diff(lots, axis=1, prepend=0)
    option, hedge = np.arange(paths), paths + np.arange(paths)
    blank = np.zeros(paths)
    contracts = Contracts(
        name=[f"C{i}" for i in range(paths)] + [f"F{i}" for i in range(paths)],
        token=["USD"] * (2 * paths),
        option=np.repeat([True, False], paths),
        strike=np.concatenate([blank + K, blank]),
        expiry=np.repeat([expiry, 0], paths).astype(np.int64),
        is_call=np.ones(2 * paths, bool),
        coin=np.zeros(2 * paths, bool),
        unit=np.repeat([float(MONEY), MONEY * LOT], paths),
    )
    whole = np.broadcast_to(time, S.shape).ravel()
    volatility = np.full(S.shape, vol)
    volatility[:, -1] = np.nan
    states = States(
        contract=np.concatenate([np.repeat(option, steps + 1), np.repeat(hedge, steps + 1)]),
        time=np.concatenate([whole, whole]),
        value=np.rint(np.concatenate([value.ravel() * MONEY, S.ravel() * MONEY * LOT])).astype(np.int64),
        forward=np.concatenate([S.ravel(), S.ravel()]),
        volatility=np.concatenate([volatility.ravel(), volatility.ravel()]),
        rate=np.zeros(2 * S.size),
        slope=np.zeros(2 * S.size),
    )
    names = np.array([f"m{i}" for i in range(paths)])
    traded = S[:, : -1 : steps // hedges]
    trades = Trades(
        account=np.concatenate([names, np.repeat(names, hedges)]).tolist(),
        contract=np.concatenate([option, np.repeat(hedge, hedges)]),
        time=np.concatenate([np.full(paths, time[0] + 1), np.tile(time[: -1 : steps // hedges] + 1, paths)]),
        lots=np.concatenate([np.full(paths, -1), bought.ravel()]),
        value=np.rint(np.concatenate([price[:, 0] * MONEY, traded.ravel() * MONEY * LOT])).astype(np.int64),
        fee=np.concatenate([np.zeros(paths), np.abs(bought.ravel()) * fee]).astype(np.int64),
    )
    return contracts, states, trades, int(expiry) + 1


def paths_of(S0, vol, T, steps, paths, *, seed):
    rng = np.random.Generator(np.random.PCG64(seed))
    moves = vol * sqrt(T / steps) * rng.standard_normal((paths, steps)) - vol**2 * T / steps / 2
    return S0 * np.exp(np.concatenate([np.zeros((paths, 1)), np.cumsum(moves, axis=1)], axis=1))


def test_the_hedging_error_has_the_published_spread(vectors):
    cases = [case for case in vectors("models/hedging.json") if case["case"].startswith("discrete-hedge")]
    assert len(cases) == 2
    for case in cases:
        x, N = case["inputs"], case["inputs"]["N"]
        vega = x["S0"] * np.exp(-((x["sigma"] * sqrt(x["T"]) / 2) ** 2) / 2) / sqrt(2 * pi) * sqrt(x["T"])
        law = discrete_hedge_error(vega, x["sigma"], N)
        assert law == pytest.approx(case["expected"]["std_formula"], rel=1e-9)

        some = 3000 if N < 100 else 600  # the tolerance is 5 %
        S = paths_of(x["S0"], x["sigma"], x["T"], N, some, seed=N)
        contracts, states, trades, until = hedged_books(S, x["K"], x["sigma"], round(x["T"] * YEAR), N)
        out = greeks_attribution(contracts, states, trades, since=0, until=until)
        error = out.totals["equity_change"].cast(pl.Float64).to_numpy() / MONEY
        spread = error.std(ddof=1)
        print(f"N={N}: std {spread:.4f}, simulated {case['expected']['std_mc']:.4f}, law {law:.4f}")
        assert spread == pytest.approx(case["expected"]["std_mc"], rel=case["tolerance"]["std_mc"]["rel"])
        assert abs(error.mean()) < 4 * spread / sqrt(some)
        assert sum(out.totals[leg].sum() for leg in LEGS) == out.totals["equity_change"].sum()
        assert out.totals["unexplained"].sum() == 0


def test_a_hedged_book_of_thirty_days_is_explained_and_its_sum_is_exact():
    steps, days = 30 * 96, 30  # a mark each quarter of an hour, a hedge each hour
    S = paths_of(100.0, 0.6, days / 365, steps, 3, seed=11)
    contracts, states, trades, until = hedged_books(S, 100.0, 0.6, days * YEAR // 365, 24 * days, fee=40)
    out = greeks_attribution(contracts, states, trades, since=0, until=until, width=YEAR // 365)
    for row in out.totals.iter_rows(named=True):
        legs = {leg: row[leg] for leg in LEGS}
        print({leg: round(money / MONEY, 4) for leg, money in legs.items()}, f"share {row['residual_share']:.2e}")
        assert sum(legs.values()) == row["equity_change"]
        assert row["residual_share"] < 0.005
        assert row["unexplained"] == 0
    held = trades.lots * trades.value
    for place, account in enumerate(out.totals["account"]):
        mine = np.array([name == account for name in trades.account])
        final = states.value[(states.contract == place) & (states.time == until - 1)][0]
        hedge = states.value[(states.contract == 3 + place) & (states.time == until - 1)][0]
        lots = trades.lots[mine & (trades.contract >= 3)].sum()
        worth = -int(held[mine].sum()) - int(trades.fee[mine].sum()) - int(final) + int(lots * hedge)
        assert out.totals["equity_change"][place] == worth
    assert out.cells["bucket"].n_unique() in {days, days + 1}
    assert set(out.by("tenor_bucket")["tenor_bucket"].drop_nulls()) == {"<=1d", "1d-1w", "1w-1m"}
    explained = out.totals.select(pl.col(TAYLOR).cast(pl.Float64).abs().sum())
    assert explained["gamma"][0] > 0
    assert explained["theta"][0] > 0
