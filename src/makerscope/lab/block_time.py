"""What would block time change? One scenario at several block times, with the same seeds: where the price is made.

Prices, takers and everybody's dice are the same at each block time of a seed, so differences are paired. The grid of
the shares is the same too: of one second, on which blocks of 0.1 s and of 12 s can be compared.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from scipy.special import stdtrit

from makerscope.errors import DomainError
from makerscope.metrics.view import load
from makerscope.report.discovery_card import regimes_of_pair, two_markets
from makerscope.sim.run import simulate
from makerscope.sim.scenario import RecordTable, Scenario
from makerscope.tape.read import Tape

SECOND = 10**9
LAGS = 15  # of the model: longer than the longest block asked about by default
LEAST_HOURS = 0.1
QUOTES_ONLY = RecordTable(orders=False, book_s=0, marks_s=0, chain_s=0, accounts_s=0)


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one run says of the venue. Shares are fractions, ``lead_ms`` above 0: it leads. None: unknown."""

    block_s: float
    seed: int
    information: float | None
    low: float | None
    high: float | None
    component: float | None
    lead_ms: float | None
    touch: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """Mean over ``n`` seeds with its 95 % interval (Student's), None from fewer than 2."""

    n: int
    value: float | None
    low: float | None
    high: float | None


def shares_by_block(
    scenario: Scenario,
    blocks: Sequence[float],
    seeds: Sequence[int],
    folder: Path,
    *,
    progress: Callable[[float], None] | None = None,
) -> list[Share]:
    """Play a scenario at each block time with each seed, and measure the venue against its leader.

    Args:
        scenario: with one underlying or more; the first one's perpetual is measured.
        blocks: block times, s, each above 0.
        seeds: of the runs.
        folder: of tapes that are overwritten run by run.
        progress: called with 1 after each run.

    Raises:
        DomainError: no block time or no seed, or a block time that is not above 0.
    """
    if not blocks or not seeds or min(blocks) <= 0:
        raise DomainError(f"block times {list(blocks)} s, {len(seeds)} seeds; want both, block times above 0")
    out: list[Share] = []
    for seed in seeds:
        for block in blocks:
            chain = msgspec.structs.replace(scenario.chain, block_ms=1000.0 * block)
            played = msgspec.structs.replace(scenario, chain=chain, record=QUOTES_ONLY)
            simulate(played, folder / "tape", seed=seed)
            out.append(_share(folder / "tape", block, seed))
            if progress is not None:
                progress(1.0)
    return out


def _share(tape: Path, block: float, seed: int) -> Share:
    view = load(Tape.open(tape))
    first, second = two_markets(view, None, fewest=2)
    whole = {"all": ((view.since, view.until),)}
    found = regimes_of_pair(view, first, second, regimes=whole, step=SECOND, width=SECOND, max_lags=LAGS).regimes[0]
    lead = found.lead.lead_lag_ns.value
    return Share(
        block_s=block, seed=seed, information=found.shares.information_share[0].value,
        low=found.shares.information_share_low[0].value, high=found.shares.information_share_high[0].value,
        component=found.shares.component_share[0].value, lead_ms=None if lead is None else lead / 1e6,
        touch=found.touch_ratio.value,
    )  # fmt: skip


def mean_of(values: Sequence[float | None]) -> Mean:
    """Mean of what is known, with its interval.

    Examples:
        >>> found = mean_of([1.0, 2.0, 3.0, None])
        >>> found.n, found.value, round(found.low, 3), round(found.high, 3)
        (3, 2.0, -0.484, 4.484)
    """
    known = np.array([value for value in values if value is not None])
    if known.size < 2:
        return Mean(n=known.size, value=float(known[0]) if known.size else None, low=None, high=None)
    half = float(stdtrit(known.size - 1, 0.975) * known.std(ddof=1) / np.sqrt(known.size))
    return Mean(
        n=known.size, value=float(known.mean()), low=float(known.mean()) - half, high=float(known.mean()) + half
    )


def paired(shares: Sequence[Share], name: str, block: float, against: float) -> Mean:
    """Mean difference of a number between two block times, seed by seed."""
    by = {(row.block_s, row.seed): getattr(row, name) for row in shares}
    apart = [
        by[block, seed] - by[against, seed]
        for seed in sorted({row.seed for row in shares})
        if by.get((block, seed)) is not None and by.get((against, seed)) is not None
    ]
    return mean_of(apart)
