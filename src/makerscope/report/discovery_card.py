"""Two markets of one underlying, regime by regime: who leads, and by how much, in calm and in crisis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from makerscope.errors import InputError
from makerscope.metrics.discovery_regimes import Regime, Spans, discovery_by_regime, volatility_regimes
from makerscope.metrics.leadlag import lag_grid
from makerscope.metrics.vecm import MAX_LAGS
from makerscope.metrics.view import EXCHANGE, View
from makerscope.report.pair_card import FEWEST_QUOTES, FINE, HOUR, SECOND, common_clock, mids_of

LEAD = ".lead:"  # in the name of the leading venue of a simulated market
NO_TIME = "a start before its end, both within the tape"
STALE = 5 * SECOND
KEPT = 300 * SECOND  # on a tape that writes quotes only when they change


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Regimes of a pair; ``step`` in ns; ``notes`` on how to read them."""

    regimes: list[Regime]
    step: int
    notes: tuple[str, ...]


def two_markets(view: View, names: Sequence[str] | None, *, fewest: int = FEWEST_QUOTES) -> tuple[str, str]:
    """The pair asked about, or the first of one underlying; a simulated leading venue is the second.

    ``fewest``: quotes of a market that counts.

    Raises:
        InputError: a name is not on the tape, or there is no pair.
    """
    if names is not None:
        for name in names:
            if name not in view.instruments:
                raise InputError("--markets", f"{name!r} is not on the tape", "two of " + ", ".join(view.instruments))
        return names[0], names[1]
    counts = dict(view.quotes.group_by("instrument").len().iter_rows())
    quoted = [
        name
        for name, item in view.instruments.items()
        if counts.get(name, 0) >= fewest and item.kind in {"perp", "spot", "future"}
    ]
    for a, b in combinations(sorted(quoted, key=lambda name: LEAD in name), 2):
        if view.instruments[a].base == view.instruments[b].base:
            return a, b
    raise InputError(view.tape.path, "holds no two quoted markets of one underlying", "such as a venue and its leader")


def regimes_of_pair(
    view: View, first: str, second: str, *, regimes: Mapping[str, Spans] | None, step: int | None, width: int,
    max_age: int | None = None, max_lags: int = MAX_LAGS,
) -> Found:  # fmt: skip
    """Discovery of a pair in each regime.

    Args:
        view: of the tape, both markets in it.
        first: the market asked about.
        second: the other; its volatility makes the regimes where none are given.
        regimes: spans of each regime, or None.
        step: ns of the grid of the shares, or None for what the length of the tape allows.
        width: ns of the blocks that volatility sorts.
        max_age: ns; an older price is none. None: 5 s, and 300 s for simulated markets, whose quotes stand until they
            change.
        max_lags: most lagged changes of the model.

    Raises:
        DomainError: too few blocks for regimes by volatility.
    """
    clock = common_clock(view, first, second)
    series = [mids_of(view, name, clock) for name in (first, second)]
    grid = step if step is not None else FINE if view.until - view.since <= HOUR else SECOND
    kept = max_age if max_age is not None else KEPT if LEAD in second else STALE
    spans = volatility_regimes(series[1], width=width, step=max(grid, SECOND)) if regimes is None else regimes
    reach = max(20 * grid, 2 * SECOND)
    found = discovery_by_regime(
        series, (first, second), spans, step=grid, lags=lag_grid(reach, max(grid // 5, reach // 100)), max_age=kept,
        max_lags=max_lags,
    )  # fmt: skip
    notes = [f"All of {first}; {second} has the rest of each share. A lead above 0 ms: the first market leads."]
    wide = [item.name for item in found if (item.shares.width.value or 0.0) > 0.5]
    if wide:
        notes.append(f"The bounds lie far apart in {', '.join(wide)}: prices move together within a step of the grid.")
    if clock != EXCHANGE:
        notes.append("On the recorder's clock: each venue's delay to the recorder is part of the lead.")
    return Found(regimes=found, step=grid, notes=tuple(notes))
