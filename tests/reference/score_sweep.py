"""Scores by their definition: at every moment between two events each maker's orders are listed and scored anew."""
# ruff: noqa: PLR0917, C901, PLR0912 - a definition, written out in one piece

import itertools

from makerscope.programs.sample_rule import UNIT, SampleRule, sample_score, side_sum


def scores_at(orders, track, t, rule: SampleRule, makers: int, width: int, narrow: int, floor):
    """Sample score and side scores of each maker at ``t``; None where there is no reference."""
    past = [row for row in track if row[0] <= t]
    if not past or past[-1][1] <= 0 or past[-1][2] <= 0 or past[-1][3] < 0:
        return None
    _, bid_from, ask_from, base = past[-1]
    assert bid_from == ask_from  # the definition knows one reference
    if base > 0:
        rule = SampleRule(**{name: getattr(rule, name) for name in rule.__dataclass_fields__} | {"absolute": base})
    out = []
    for m in range(makers):
        own = [o for o in orders if o[2] == m and o[0] <= t < o[1]]
        bids = [(o[4], o[5]) for o in own if o[3] > 0]
        asks = [(o[4], o[5]) for o in own if o[3] < 0]
        bids, asks = (
            side if side_sum(rule, way, side, bid_from)[1] >= floor[m] else [] for way, side in ((1, bids), (-1, asks))
        )
        b, a = side_sum(rule, 1, bids, bid_from)[0], side_sum(rule, -1, asks, ask_from)[0]
        sample = sample_score(rule, bid_from, bids, asks)
        if width or narrow:
            good_bids = [p for p, s in bids if side_sum(rule, 1, [(p, s)], bid_from)[0] > 0]
            good_asks = [p for p, s in asks if side_sum(rule, -1, [(p, s)], ask_from)[0] > 0]
            whole = rule.absolute or bid_from
            apart = max(2 * (min(good_asks) - max(good_bids)), 0) if good_bids and good_asks else None
            if apart is None or (apart > narrow and apart * UNIT // whole > width):
                b = a = sample = 0
        out.append((sample, b, a))
    return out


def swept(
    orders, track, segments, instants, mode, rule, makers, *, width=0, narrow=0, floor=None, enrolled=None,
    how="epoch", target=(0, 0), least=0,
):  # fmt: skip
    """Sums as the kernel gives them: quality, bid, ask, share, present by maker and stress; looked, blind, paid."""
    floor, enrolled = floor or [0] * makers, enrolled or [True] * makers
    zero = lambda: [[0, 0] for _ in range(makers)]  # noqa: E731
    out = {name: zero() for name in ("quality", "bid", "ask", "share", "present")}
    out |= {name: [0, 0] for name in ("looked", "blind", "paid")}
    for start, end, stressed in segments:
        marks = {start, end}
        for o in orders:
            marks |= {o[0], o[1]}
        marks |= {row[0] for row in track} | set(instants if mode != "instants" else [])
        cuts = sorted(t for t in marks if start <= t <= end)
        looks = []
        if mode == "instants":
            looks = [([t], 1) for t in instants if start <= t < end]
        elif mode == "integral":
            looks = [([a], b - a) for a, b in itertools.pairwise(cuts)]
        else:
            borders = [start, *[t for t in instants if start < t < end], end]
            for a, b in itertools.pairwise(borders):
                looks.append(([t for t in cuts if a <= t < b], b - a))
        for times, long in looks:
            weight = long
            found = [scores_at(orders, track, t, rule, makers, width, narrow, floor) for t in times]
            if len(times) > 1 or mode == "block_minimum":  # of a block only the time with a reference counts
                ends = [*times[1:], times[0] + weight]
                weight = sum(b - a for a, b, row in zip(times, ends, found, strict=True) if row is not None)
                out["blind"][stressed] += ends[-1] - times[0] - weight
                found = [row for row in found if row is not None]
                if not found:
                    continue
            elif found[0] is None:
                out["blind"][stressed] += weight
                continue
            worst = [tuple(min(values) for values in zip(*rows, strict=True)) for rows in zip(*found, strict=True)]
            out["looked"][stressed] += weight
            for m, (sample, b, a) in enumerate(worst):
                out["quality"][m][stressed] += sample * weight
                out["present"][m][stressed] += weight if sample > 0 else 0
                out["bid"][m][stressed] += b * weight
                out["ask"][m][stressed] += a * weight
            low, high = target
            for shares, paid in shares_of(worst, how, enrolled, low, high, least):
                out["paid"][stressed] += paid * weight
                for m, share in enumerate(shares):
                    out["share"][m][stressed] += share * weight
    return out


def shares_of(rows, how, enrolled, low, high, least):
    """Shares of one look in pico, and what part of it was paid: once, or once for each side."""
    columns = {"epoch": [], "sample": [0], "larger_side": [0], "sample_side": [1, 2], "deficit": [1, 2]}[how]
    for column in columns:
        own = [row[column] if takes_part else 0 for row, takes_part in zip(rows, enrolled, strict=True)]
        if how == "deficit":
            natural = sum(row[column] for row, takes_part in zip(rows, enrolled, strict=True) if not takes_part)
            own = [min(each, max(high - natural, 0)) for each in own]
        total = sum(own)
        if not total:
            continue
        paid = UNIT
        if how in ("sample", "sample_side") and total < high:
            paid = (total - low) * UNIT // (high - low) if total > low else 0
        paid //= len(columns)
        whole = max(sum(row[1] for row in rows), sum(row[2] for row in rows)) if how == "larger_side" else total
        yield [each * paid // max(whole, least) for each in own], paid
