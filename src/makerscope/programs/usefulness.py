"""What each maker was worth to takers, whatever a program says: depth they could have hit, and what it saved them.

A measure to hold programs against, not a score: it is computed in floating point and pays nobody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from makerscope.errors import InputError
from makerscope.kernels.takeable import asked
from makerscope.programs.evidence import Evidence
from makerscope.programs.program import Group, Reference
from makerscope.programs.references import track_of
from makerscope.programs.resting import resting
from makerscope.programs.units import distance_of, value_factor

Window = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What one maker was worth in one market.

    ``takeable``: mean depth that a taker could have hit on the side it asked for, quote currency. ``saved``: what
    takers would have paid more without this maker, quote currency (coin, where contracts are inverse). ``askers``: how
    many trades that is about.
    """

    maker: str
    takeable: float
    saved: float
    askers: int


def usefulness(
    ev: Evidence,
    instrument: str,
    *,
    near: str = "25 bps",
    reach: str = "2 %",
    windows: Sequence[Window] | None = None,
    without: Sequence[str] = (),
) -> list[Use]:
    """What each maker was worth to those who traded.

    All aggressor orders of one instant and side ask together for their whole size, of the book just before it. What
    one maker saved is what the same trade costs in the book without its orders, less what it costs with them; where
    the rest of the book lacks liquidity, the missing part costs ``reach``. Of makers that stand in for each other
    none saves anything alone, so the sum over makers is not what all of them together save.

    Args:
        ev: of ``evidence``.
        instrument: its name.
        near: how far from the middle a taker would go; of options also in ``vol``.
        reach: what liquidity costs that is not there, in the unit of ``near``.
        windows: only trades in these times, ns; default all.
        without: takers whose trades are left out (another account of a maker, say).

    Raises:
        InputError: nobody traded, or a distance has another unit.
    """
    item = ev.tape.instruments[instrument]
    orders = resting(ev.lives[instrument], ev.makers)
    trades = ev.view.trades.filter(pl.col("instrument") == instrument, pl.col("aggressor") != 0)
    trades = trades.filter(~pl.col("taker").fill_null("").is_in(list(without)))
    if windows is not None:
        inside = [pl.col("time").is_between(first, last, closed="left") for first, last in windows]
        trades = trades.filter(pl.any_horizontal(*inside) if inside else pl.lit(value=False))
    wanted = trades.group_by("time", "aggressor").agg(pl.col("size").sum()).sort("time", "aggressor")
    kinds = {distance_of(text, name)[0] for text, name in ((near, "near"), (reach, "reach"))}
    if kinds not in ({"relative"}, {"volatility"}):
        raise InputError("near and reach", f"are {near!r} and {reach!r}", "both in bps or %, or both in vol")
    per = "volatility" if kinds == {"volatility"} else "reference"
    group = Group(name="mid", reference=Reference(per=per))
    track = track_of(group, item, ev.prices(instrument), lambda: orders)
    known = (track.twice[:, :2] > 0).all(axis=1) & (track.twice[:, 2] >= 0)
    at = np.searchsorted(track.time[known], wanted["time"].to_numpy(), side="left") - 1
    if not wanted.height or not (at >= 0).any():
        raise InputError(f"{instrument}, usefulness", "nobody traded while there was a middle", "trades on the tape")
    wanted, then = wanted.filter(pl.Series(at >= 0)), track.twice[known][at[at >= 0]]
    middle = then[:, :2].sum(axis=1) / 4
    base = middle if per == "reference" else then[:, 2] / 2
    shape = (wanted.height, len(ev.makers))
    there, cost, alone = np.zeros(shape), np.zeros(wanted.height), np.zeros(shape)
    asked(
        orders.enter, orders.leave, orders.leaving, orders.maker, orders.side, orders.price, orders.size,
        wanted["time"].to_numpy(), wanted["aggressor"].cast(pl.Int64).to_numpy(),
        wanted["size"].cast(pl.Float64).to_numpy(), middle,
        float(distance_of(near, "near")[1]) * base, float(distance_of(reach, "reach")[1]) * base,
        there, cost, alone,
    )  # fmt: skip
    num, den, by_value = value_factor("notional", item)
    unit = num / den / 1e6
    worth = unit * (middle if by_value else np.ones_like(middle))  # of one lot, quote currency
    lost = unit * (np.ones_like(middle) if by_value else 1 / middle)  # of one tick on one lot
    takeable = (there * worth[:, None]).mean(axis=0)
    saved = ((alone - cost[:, None]) * lost[:, None]).sum(axis=0)
    return [
        Use(maker=name, takeable=float(t), saved=float(s), askers=wanted.height)
        for name, t, s in zip(ev.makers, takeable, saved, strict=True)
    ]


def pay_per_takeable(points: Mapping[str, int], uses: Sequence[Use]) -> dict[str, float | None]:
    """Points for each unit of depth that a taker could have hit; None for a maker paid for none, 0 for one not paid.

    Examples:
        >>> uses = [Use(maker=name, takeable=depth, saved=0.0, askers=1) for name, depth in (("a", 4.0), ("b", 0.0))]
        >>> pay_per_takeable({"a": 8, "b": 2}, uses)
        {'a': 2.0, 'b': None}
    """
    out: dict[str, float | None] = {}
    for item in uses:
        own = points.get(item.maker, 0)
        out[item.maker] = own / item.takeable if item.takeable > 0 else None if own else 0.0
    return out
