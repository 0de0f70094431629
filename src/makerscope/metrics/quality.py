"""Can this recording be trusted? What the tape is, what was wrong with it, and a verdict.

``not usable`` is said of a tape on which a check fails for instruments that carry 5 % or more of its notional, or for
the tape as a whole; ``usable`` where something calls for care; else ``good``. Limits are choices of the project and
stand beside each value.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

import msgspec

from makerscope.metrics.census import Census, census
from makerscope.metrics.census_touch import distances_from_touch, rebuilt_books
from makerscope.metrics.quality_grounds import Check, Grounds, names_of
from makerscope.metrics.quality_times import (
    check_clocks,
    check_order,
    check_outages,
    check_overlap,
    check_resolution,
)
from makerscope.metrics.quality_values import (
    check_book,
    check_duplicates,
    check_far_trades,
    check_findings,
    check_flat_prices,
    check_funding,
    check_how_much,
    check_missing_quotes,
    check_quarantine,
    check_sides,
    check_sizes,
)
from makerscope.tape.events import SCHEMAS, TIMED, Instrument
from makerscope.tape.manifest import Finding
from makerscope.tape.read import Tape

FAR = 0.005  # of the mid; a trade further beyond the quotes is suspect
MINOR = 0.05  # share of the notional below which failing instruments do not condemn a tape
CHECKS: tuple[Callable[[Grounds], list[Check]], ...] = (
    check_how_much,
    check_quarantine,
    check_duplicates,
    check_sides,
    check_book,
    check_missing_quotes,
    check_far_trades,
    check_sizes,
    check_flat_prices,
    check_outages,
    check_overlap,
    check_clocks,
    check_order,
    check_resolution,
    check_funding,
    check_findings,
)


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """What a tape is and whether it can be trusted.

    Args:
        verdict: ``good``, ``usable`` or ``not usable``.
        reasons: why it is not ``good``, the worst first, one sentence each.
        checks: every check that was made, with its value and limit.
        failing: instruments for which a check failed.
        source: where the tape came from.
        venues: in order of name.
        instruments: how many.
        first: ns, the first event; None on an empty tape.
        last: ns, the last event.
        rows: by table.
        findings: what the reader found, added up over instruments.
    """

    verdict: Literal["good", "usable", "not usable"]
    reasons: tuple[str, ...]
    checks: tuple[Check, ...]
    failing: tuple[str, ...]
    source: str
    venues: tuple[str, ...]
    instruments: int
    first: int | None
    last: int | None
    rows: dict[str, int]
    findings: tuple[Finding, ...]


def assess(tape: Tape) -> Quality:
    """Judge the data of a tape.

    Args:
        tape: an open tape. It is read once, in batches.

    Raises:
        TapeError: a file is missing or damaged.
    """
    grounds = gather(tape)
    checks = tuple(check for make in CHECKS for check in make(grounds))
    fails = [check for check in checks if check.outcome == "fail"]
    warns = [check for check in checks if check.outcome == "warn"]
    failing = tuple(sorted({name for check in fails for name in check.instruments}))
    share = share_of(failing, grounds.worth)
    reasons = [check.text for check in fails + warns]
    if any(not check.instruments for check in fails) or (failing and share >= MINOR):
        verdict = "not usable"
    elif failing:
        verdict = "usable"
        reasons.insert(0, f"{names_of(failing)} cannot be trusted ({share:.1%} of the notional); the rest can")
    else:
        verdict = "usable" if warns else "good"
    span = tape.span or (None, None)
    return Quality(
        verdict=verdict,
        reasons=tuple(reasons),
        checks=checks,
        failing=failing,
        source=tape.manifest.source,
        venues=tuple(sorted({item.venue for item in tape.instruments.values()})),
        instruments=len(tape.instruments),
        first=span[0],
        last=span[1],
        rows=dict(tape.manifest.rows),
        findings=_added(tape.manifest.findings),
    )


def gather(tape: Tape) -> Grounds:
    """All that the checks look at, in one pass over the tape."""
    tables = [table for table in TIMED if tape.has(table) and "instrument" in SCHEMAS[table].names]
    counted: dict[str, Census] = {table: census(tape, table) for table in tables}
    quoted = set(counted["quotes"].counts["instrument"]) if "quotes" in counted else set()
    books = rebuilt_books(tape, counted["book"].counts if "book" in counted else None, quoted)
    return Grounds(
        tape=tape,
        census=counted,
        books=books.counts,
        broken_books=books.broken,
        far=distances_from_touch(tape, books.tops, FAR) if tape.has("trades") else None,
        worth=worth(tape, counted),
    )


def worth(tape: Tape, counted: dict[str, Census]) -> dict[str, float]:
    """Rough weight of each instrument: notional traded in quote currency; rows where nothing traded at all."""
    out = dict.fromkeys(tape.instruments, 0.0)
    if "trades" in counted:
        for name, lots, cash in counted["trades"].counts.select("instrument", "n_lots", "n_cash").iter_rows():
            if name in tape.instruments:
                out[name] = _notional(tape.instruments[name], lots, cash)
    if not any(out.values()):
        for part in counted.values():
            for name, n in part.counts.select("instrument", "n").iter_rows():
                out[name] = out.get(name, 0.0) + n
    return out


def share_of(names: tuple[str, ...], weights: dict[str, float]) -> float:
    """Share of the weight that some names carry; 1 where nothing has any.

    Examples:
        >>> share_of(("a",), {"a": 1.0, "b": 3.0})
        0.25
    """
    total = sum(weights.values())
    return sum(weights.get(name, 0.0) for name in names) / total if total > 0 else 1.0


def _notional(item: Instrument, lots: float, cash: float) -> float:
    contracts = float(Decimal(item.lot_size) * Decimal(item.multiplier))
    return abs(lots * contracts if item.inverse else cash * contracts * float(Decimal(item.tick_size)))


def _added(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings added up over instruments, the gravest level and then the most frequent first."""
    sums: dict[tuple[str, str, str, str], int] = {}
    for item in findings:
        key = (item.level, item.code, item.text, item.table)
        sums[key] = sums.get(key, 0) + item.count
    order = ("quarantined", "warning", "dropped", "info")
    ranked = sorted(
        sums.items(), key=lambda pair: (order.index(pair[0][0]) if pair[0][0] in order else 9, -pair[1], pair[0])
    )
    return tuple(
        Finding(level=level, code=code, text=text, table=table, count=count)
        for (level, code, text, table), count in ranked
    )
