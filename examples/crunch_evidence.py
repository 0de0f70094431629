"""What the recordings say about a crunch: every number of docs/crunch.md, from files that are read and never copied.

python examples/crunch_evidence.py ../shared/data
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from makerscope.metrics.book import levels_after_each
from makerscope.metrics.depth import depth_within
from makerscope.metrics.option_alarm import alarm_buckets, withdrawal_alarm
from makerscope.metrics.option_chain import option_rows, with_snapshots
from makerscope.metrics.resiliency import resiliency_half_life
from makerscope.metrics.share import concentration, volume_share
from makerscope.metrics.states import book_states, sample_states
from makerscope.metrics.view import EXCHANGE, LOCAL, load
from makerscope.tape.read import Tape
from makerscope.venues.registry import import_recordings

SECOND = 1_000_000_000
HOUR = 3600 * SECOND
ADL = "hyperliquid_oct10/adlpaper_"
CHAINS = ("option_chain_snapshots_2026-03", "option_chain_snapshots_2026-04")
CLOCKS = {EXCHANGE: "exchange_time", LOCAL: "local_time"}
Facts = dict[str, float]


def deleveraging(data: Path) -> Facts:
    """2025-10-10: how much was closed by force, how fast, how bunched, on how many coins at once, against whom."""
    shocks = pl.read_csv(data / f"{ADL}per_shock_metrics_queue.csv").with_columns(
        pl.col("t_start", "t_end").str.to_datetime(time_zone="UTC")
    )
    begin, usd = shocks["t_start"].min(), shocks["budget_queue_usd"].sum()
    minute = shocks.group_by((pl.col("t_start") - begin).dt.total_minutes().alias("minute")).agg(
        pl.len(), pl.col("budget_queue_usd").sum()
    )
    length = (shocks["t_end"].max() - begin).total_seconds()
    five = np.bincount((shocks["t_start"] - begin).dt.total_seconds().to_numpy() // 5, minlength=int(length // 5) + 1)
    waves = shocks.group_by("t_start").agg(coins=pl.col("coin").n_unique()).sort("t_start")
    big = waves.filter(pl.col("coins") >= 20)["t_start"]
    by_coin = shocks.group_by("coin").agg(pl.col("budget_queue_usd").sum())["budget_queue_usd"].sort(descending=True)
    losers = pl.read_csv(data / f"{ADL}bad_debt_loser_waves.csv").sort("wave")
    users = pl.read_csv(data / f"{ADL}per_user_reaction_metrics.csv.gz")
    events = users["n_adl_events"].sort(descending=True)
    return {
        "minutes from the first to the last": length / 60,
        "coins": shocks["coin"].n_unique(),
        "coins in the largest instant": waves["coins"].max(),
        "share of shocks that hit 20 coins or more in one instant": _part(waves, 20),
        "instants that hit 20 coins or more": big.len(),
        "median seconds between those instants": big.diff().dt.total_milliseconds().median() / 1000,
        "budget of the largest minute, share": minute["budget_queue_usd"].max() / usd,
        "budget of the first five minutes, share": minute.filter(pl.col("minute") < 5)["budget_queue_usd"].sum() / usd,
        "Fano factor of shocks in 5 s": float(five.var() / five.mean()),
        "budget on the largest coin, share": by_coin[0] / usd,
        "budget on the ten largest coins, share": by_coin[:10].sum() / usd,
        "losers in the first wave": losers["unique_losers"][0],
        "deficit of the first wave, m USD": losers["deficit_usd"][0] / 1e6,
        "winners deleveraged": users.height,
        "deleveraging events": int(events.sum()),
        "share of events on the 1 % most hit": events[: users.height // 100].sum() / events.sum(),
        "share of the deleveraged seen trading again within 5 min": users["share_any_nonadl_fill_300000ms"].mean(),
        "median minutes to the first trade of those seen": users["median_latency_ms"].median() / 60_000,
    }


def _part(waves: pl.DataFrame, least: int) -> float:
    return waves.filter(pl.col("coins") >= least)["coins"].sum() / waves["coins"].sum()


def chains(data: Path) -> Facts:
    """Two months of option chains: moves of the index together, and how far and how long liquidity fell."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [data / "deribit" / f"{name}.parquet" for name in CHAINS]
        import_recordings(paths, Path(folder) / "tape")
        rows = with_snapshots(option_rows(Tape.open(Path(folder) / "tape")))
    alarm = withdrawal_alarm(alarm_buckets(rows))
    index = (
        rows.group_by("snapshot", "base").agg(pl.col("index").median()).pivot("base", index="snapshot", values="index")
    )
    index = index.sort("snapshot").with_columns(hours=pl.col("snapshot").diff() / HOUR)
    moves = index.with_columns(pl.col("BTC", "ETH").log().diff()).drop_nulls().filter(pl.col("hours") <= 12)
    size = moves["BTC"].abs()
    wild, calm = (moves.filter(size > size.quantile(0.9)), moves.filter(size <= size.median()))
    both = alarm.pivot("base", index="snapshot", values=["liquidity", "missing"]).sort("snapshot")
    low = both.filter(pl.min_horizontal("liquidity_BTC", "liquidity_ETH") < 0.8)
    joined = moves.join(both, on="snapshot")
    apart = joined.filter(pl.col("BTC").abs() > 0.03)
    return {
        "looks": both.height,
        "median hours between looks": float(moves["hours"].median()),
        "largest move of BTC between two looks, %": 100 * float(size.max()),
        "largest move of ETH between two looks, %": 100 * float(moves["ETH"].abs().max()),
        "correlation of BTC and ETH": _corr(moves, "BTC", "ETH"),
        "correlation in the largest tenth of moves": _corr(wild, "BTC", "ETH"),
        "what a constant correlation shows there": _constant(moves, wild),
        "correlation in the smaller half of moves": _corr(calm, "BTC", "ETH"),
        "what a constant correlation shows in that": _constant(moves, calm),
        "beta of ETH on BTC in the largest tenth": float(np.polyfit(wild["BTC"], wild["ETH"], 1)[0]),
        "looks named by the alarm at one in a hundred": alarm.filter("alarm")["snapshot"].n_unique(),
        "lowest liquidity of a look, share of the usual, BTC": float(both["liquidity_BTC"].min()),
        "lowest liquidity of a look, share of the usual, ETH": float(both["liquidity_ETH"].min()),
        "most options without a bid or ask in a look, %": 100 * float(alarm["missing"].max()),
        "looks below 0.8 of the usual liquidity": low.height,
        "hours that liquidity stayed below 0.9 after those, median": _away(both),
        "correlation of liquidity of BTC and ETH": _corr(both.drop_nulls(), "liquidity_BTC", "liquidity_ETH"),
        "liquidity of BTC after a move beyond 3 %, mean": float(apart["liquidity_BTC"].mean()),
        "moves beyond 3 %": apart.height,
    }


def _corr(rows: pl.DataFrame, first: str, second: str) -> float:
    return float(np.corrcoef(rows[first], rows[second])[0, 1])


def _constant(moves: pl.DataFrame, part: pl.DataFrame) -> float:
    """The correlation that a part chosen by the size of BTC's move has if that of all moves never changes.

    Source: K. Forbes and R. Rigobon (2002), J. Finance 57, 2223-2261, eq. (11).
    """
    rho = _corr(moves, "BTC", "ETH")
    wider = float(part["BTC"].var() / moves["BTC"].var())
    return rho * float(np.sqrt(wider / (1 + (wider - 1) * rho**2)))


def _away(both: pl.DataFrame) -> float:
    """Hours from a look below 0.8 to the first later look at 0.9 or above: an upper bound, as looks are hours apart."""
    time = both["snapshot"].to_numpy()
    out = []
    for base in ("BTC", "ETH"):
        there = both[f"liquidity_{base}"].to_numpy()
        start = None
        for at, level in zip(time, there, strict=True):
            if start is None and level < 0.8:
                start = at
            elif start is not None and level >= 0.9:
                out.append((at - start) / HOUR)
                start = None
    return float(np.median(out))


def book(data: Path) -> Facts:
    """Binance, six minutes of 2024-08-08: depth and width of the book when the price moves, and how dents fill."""
    with tempfile.TemporaryDirectory() as folder:
        import_recordings([data / "binance/usdm/btcusdt_20240808.gz"], Path(folder) / "tape")
        tape = Tape.open(Path(folder) / "tape")
        view = load(tape)
        levels = tape.read("book")
        sessions = view.sessions.filter(pl.col("channel") == "book").select("start", "end")
        states = book_states(levels_after_each(levels, 50), CLOCKS.get(next(iter(view.clock.values())), "time"))
        dent = resiliency_half_life(states, view.trades, sessions)
        samples = sample_states(states, sessions, every=SECOND)
    mid = (samples.bid[:, 0] + samples.ask[:, 0]) / 2
    full = 1e4 * (samples.ask[:, 0] - samples.bid[:, 0]) / mid
    depth = depth_within(samples, [1])["least_lots"].to_numpy().astype(float)
    moved = np.abs(np.diff(np.log(mid), prepend=np.log(mid[0]))) * 1e4
    recent = np.convolve(moved, np.ones(5), "full")[: moved.shape[0]]
    wild, calm = recent > np.quantile(recent, 0.9), recent <= np.median(recent)
    return {
        "seconds": samples.time.shape[0],
        "depth within 1 bp in the wildest tenth of seconds, of that in the calmer half": depth[wild].mean()
        / depth[calm].mean(),
        "full spread in the wildest tenth, of that in the calmer half": full[wild].mean() / full[calm].mean(),
        "half-life of a dent at the touch, s": (dent.value or np.nan) / SECOND,
    }


def makers(data: Path) -> Facts:
    """Hyperliquid, 500 calm blocks of 2025-10-27: how much of the making leaves with each maker that leaves."""
    with tempfile.TemporaryDirectory() as folder:
        import_recordings([data / "hyperliquid/node_fills_777010829-777011328.jsonl.gz"], Path(folder) / "tape")
        tape = Tape.open(Path(folder) / "tape")
        rows = volume_share(tape.read("fills"), tape.instruments, at_par={"USDT0": "USDC", "USDH": "USDC"})
    perps = rows.filter(pl.col("quote") == rows.group_by("quote").len().sort("len")["quote"][-1])
    shares = perps["share"].cast(pl.Float64).sort(descending=True)
    return {
        "makers": perps.height,
        "share of the largest": float(shares[0]),
        "share of the ten largest": float(shares[:10].sum()),
        "effective makers": concentration(perps)["effective_makers"].value or np.nan,
    }


PARTS = {"deleveraging": deleveraging, "chains": chains, "book": book, "makers": makers}


def main(data: Path) -> None:
    """Print every number, part by part."""
    for name, part in PARTS.items():
        print(f"{name}: {(part.__doc__ or '').splitlines()[0]}")
        for what, value in part(data).items():
            print(f"  {value:10.4g}  {what}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/data"))
