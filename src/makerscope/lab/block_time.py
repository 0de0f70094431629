"""What would block time change? One scenario at several block times, with the same seeds: where the price is made.

Prices, takers and everybody's dice are the same at each block time of a seed, so differences are paired. The grid of
the shares is the same too: of one second, on which blocks of 0.1 s and of 12 s can be compared.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from makerscope.errors import DomainError
from makerscope.lab.statistics import Estimate, difference, estimate
from makerscope.metrics.view import load
from makerscope.report.discovery_card import regimes_of_pair, two_markets
from makerscope.sim.run import simulate
from makerscope.sim.scenario import RecordTable, Scenario
from makerscope.tape.read import Tape

SECOND = 10**9
LAGS = 15  # of the model: longer than the longest block asked about by default
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


def means(shares: Sequence[Share], name: str, block: float) -> Estimate:
    """A number at one block time over all seeds."""
    return estimate([getattr(row, name) for row in shares if row.block_s == block])


def paired(shares: Sequence[Share], name: str, block: float, against: float) -> Estimate:
    """How much a number differs between two block times, seed by seed."""
    by = {(row.block_s, row.seed): getattr(row, name) for row in shares}
    seeds = sorted({row.seed for row in shares})
    return difference([by.get((block, seed)) for seed in seeds], [by.get((against, seed)) for seed in seeds])
