"""Stylised facts of one market: what almost all markets have in common, measured so that tapes can be compared.

Returns are of the mid on a regular grid inside the sessions of the quotes. Trades are aggressor orders, so a sweep
counts once. Nothing spans an outage.
"""

import msgspec
import numpy as np
import polars as pl

from makerscope.metrics.measure import Measure, missing
from makerscope.metrics.memory import autocorrelation, decay_exponent, fano_factor, lags_until_gone
from makerscope.metrics.mid_path import MidPath, mid_path, spans_of
from makerscope.metrics.resiliency import resiliency_half_life
from makerscope.metrics.response import (
    Aggressions,
    depth_after,
    impact_exponent,
    response,
    spread_after,
)
from makerscope.metrics.states import BookStates
from makerscope.metrics.tails import excess_kurtosis, tail_index
from makerscope.metrics.view import View, unit_price, unit_size

SECOND = 1_000_000_000
HORIZONS = {"1s": SECOND, "10s": 10 * SECOND, "1m": 60 * SECOND, "5m": 300 * SECOND}
CLUSTER_LAGS = (1, 10, 30)  # s
MOST_CLUSTER, MOST_SIGN = 300, 512
SIGN_LAGS = (1, 10, 50)
LAGS = {"100ms": SECOND // 10, "1s": SECOND, "10s": 10 * SECOND}
QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The stylised facts of one instrument on one tape.

    Args:
        instrument: its name.
        seconds: how long its quotes were heard.
        trades: aggressor orders with a known side.
        measures: by name; see ``docs/stylised-facts.md``.
    """

    instrument: str
    seconds: float
    trades: int
    measures: dict[str, Measure]


def facts_of(view: View, instrument: str) -> Facts:
    """All stylised facts of one instrument of a view."""
    path = mid_path(view, instrument)
    spans = spans_of(view, instrument, "fills", "quotes", "book", "orders")
    trades = aggressions(view, instrument)
    measures = _return_facts(path) | _flow_facts(trades, spans) | _book_facts(view, instrument, path)
    measures |= _response_facts(trades, path)
    return Facts(
        instrument=instrument,
        seconds=sum(end - start for start, end in path.spans) / SECOND,
        trades=int(trades.time.size),
        measures=measures,
    )


def aggressions(view: View, instrument: str) -> Aggressions:
    """Aggressor orders of one instrument whose side is known, in order of time."""
    rows = view.trades.filter((pl.col("instrument") == instrument) & (pl.col("aggressor") != 0)).sort(
        "time", "serial", maintain_order=True
    )
    time, side, size = (rows[name].cast(pl.Int64).to_numpy() for name in ("time", "aggressor", "size"))
    return Aggressions(time=time, side=side, size=size)


def _return_facts(path: MidPath) -> dict[str, Measure]:
    out: dict[str, Measure] = {}
    for name, step in HORIZONS.items():
        pieces = path.returns(step)
        out[f"kurtosis_{name}"] = excess_kurtosis(np.concatenate(pieces) if pieces else [])
    seconds = path.returns(SECOND)
    whole = np.concatenate(seconds) if seconds else np.empty(0)
    out["tail_index_1s"] = tail_index(whole)
    out["volatility"] = _volatility(whole)
    out["return_acf_1s"] = autocorrelation(seconds, 1, mean=0.0)
    sizes = [np.abs(piece) for piece in seconds]
    for lag in CLUSTER_LAGS:
        out[f"abs_return_acf_{lag}s"] = autocorrelation(sizes, lag)
    out["clustering_dies"] = msgspec.structs.replace(lags_until_gone(sizes, most=MOST_CLUSTER), unit="s")
    return out


def _volatility(returns: np.ndarray) -> Measure:
    if returns.size < 20:
        return missing("1", f"{returns.size} returns of 1 s; want at least 20", n=returns.size)
    value = float(np.sqrt((returns**2).mean() * 365 * 86_400))
    return Measure(value=value, unit="1", n=returns.size)


def _flow_facts(trades: Aggressions, spans: tuple[tuple[int, int], ...]) -> dict[str, Measure]:
    cuts = np.searchsorted(trades.time, [start for start, _ in spans[1:]])
    signs = [piece.astype(np.float64) for piece in np.split(trades.side, cuts)]
    seconds = sum(end - start for start, end in spans) / SECOND
    out = {
        "trades_per_s": Measure(value=trades.time.size / seconds, unit="1/s", n=trades.time.size)
        if seconds > 0
        else missing("1/s", "no time was heard"),
        "size_tail_index": tail_index(trades.size),
    }
    for name, window in (("1s", SECOND), ("10s", 10 * SECOND), ("1m", 60 * SECOND)):
        out[f"fano_{name}"] = fano_factor(trades.time, spans, window=window)
    for lag in SIGN_LAGS:
        out[f"sign_acf_{lag}"] = autocorrelation(signs, lag, mean=0.0)
    out["sign_memory_exponent"] = decay_exponent(signs, most=MOST_SIGN)
    return out


def _response_facts(trades: Aggressions, path: MidPath) -> dict[str, Measure]:
    out = {f"response_{name}": response(trades, path, lag=lag) for name, lag in LAGS.items()}
    out["impact_exponent_1s"] = impact_exponent(trades, path, lag=SECOND)
    out |= {f"spread_after_{name}": spread_after(trades, path, lag=lag) for name, lag in LAGS.items()}
    out |= {f"depth_after_{name}": depth_after(trades, path, lag=lag) for name, lag in LAGS.items()}
    known = np.isfinite(path.mid) & np.isfinite(path.bid_size) & np.isfinite(path.ask_size)
    if not known.any():
        return out | {"depth_half_life": missing("ns", "no sizes are quoted")}
    bid, ask = path.mid - path.spread / 2, path.mid + path.spread / 2
    touch = [values[known].astype(np.int64)[:, None] for values in (bid, path.bid_size, ask, path.ask_size)]
    states = BookStates(time=path.time[known], bid=touch[0], bid_size=touch[1], ask=touch[2], ask_size=touch[3])
    frame = pl.DataFrame({"time": trades.time, "aggressor": trades.side, "size": trades.size})
    sessions = pl.DataFrame({"start": [s for s, _ in path.spans], "end": [e for _, e in path.spans]})
    return out | {"depth_half_life": resiliency_half_life(states, frame, sessions)}


def _book_facts(view: View, instrument: str, path: MidPath) -> dict[str, Measure]:
    """Quantiles over time of the spread and of what stands at the smaller best price, looked at once a second."""
    item = view.instruments[instrument]
    when = path.looks(SECOND)
    mid, spread = path.at(path.mid, when), path.at(path.spread, when)
    lots = np.minimum(path.at(path.bid_size, when), path.at(path.ask_size, when))
    worth = unit_size(item) * (1.0 if item.inverse else unit_price(item) * mid)
    return _quantiles("spread", 1e4 * spread / mid, "bps") | _quantiles("depth", lots * worth, item.quote)


def _quantiles(what: str, values: np.ndarray, unit: str) -> dict[str, Measure]:
    known = values[np.isfinite(values)]
    if not known.size:
        return {f"{what}_{name}": missing(unit, "no quote with both sides") for name in QUANTILES}
    return {
        f"{what}_{name}": Measure(value=float(np.quantile(known, q)), unit=unit, n=known.size)
        for name, q in QUANTILES.items()
    }
