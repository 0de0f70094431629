"""Presence, reactions and lifetimes by their definitions: one nanosecond, one message, one quote at a time."""

from fractions import Fraction


def slow_presence(lives, reference, sessions, *, width, rules, stress):
    """Sums by bucket for one maker on one instrument, looking at every ns of every session.

    ``lives``: dicts of ``intervals``; ``reference``: (time, twice_price); ``sessions``, ``stress``: (start, end).
    """
    buckets, gaps = {}, []
    for start, end in sessions:
        was_two = was_stale = False
        lost = None
        for t in range(start, end):
            row = buckets.setdefault(t // width, dict.fromkeys(NAMES, 0))
            seen = [twice for at, twice in reference if start <= at <= t]
            resting = [
                o for o in lives
                if o["size"] >= rules.min_size and max(o["start"], o["born"] + rules.min_rest) <= t < o["end"]
            ]  # fmt: skip
            if rules.max_distance is not None and not seen:
                row["ns_unknown"] += 1
                continue
            kept = resting
            if rules.max_distance is not None:
                fair = Fraction(seen[-1], 2)
                kept = [o for o in resting if abs(o["price"] - fair) <= Fraction(rules.max_distance) * fair / 10_000]
            bids, asks = ([o for o in kept if o["side"] == side] for side in (1, -1))
            stressed = any(since <= t < until for since, until in stress)
            stale = bool(seen) and any(o["side"] * (2 * o["price"] - seen[-1]) > 0 for o in resting)
            two = bool(bids and asks)
            row["ns"] += 1
            row["ns_bid"] += bool(bids)
            row["ns_ask"] += bool(asks)
            row["ns_two_sided"] += two
            row["ns_stress"] += stressed
            row["ns_stress_two_sided"] += stressed and two
            row["ns_stale"] += stale
            row["stale_episodes"] += stale and not was_stale
            row["bid_lots_ns"] += sum(o["size"] for o in bids)
            row["ask_lots_ns"] += sum(o["size"] for o in asks)
            if two:
                best_bid, best_ask = max(o["price"] for o in bids), min(o["price"] for o in asks)
                row["spread_ns"] += best_ask - best_bid
                row["twice_mid_ns"] += best_ask + best_bid
            if was_two and not two:
                lost = t
            if two and lost is not None:
                gaps.append((lost, t, True))
                lost = None
            was_two, was_stale = two, stale
        if lost is not None:
            gaps.append((lost, end, False))
    return buckets, gaps


NAMES = (
    "ns", "ns_bid", "ns_ask", "ns_two_sided", "ns_unknown", "ns_stress", "ns_stress_two_sided", "ns_stale",
    "stale_episodes", "spread_ns", "twice_mid_ns", "bid_lots_ns", "ask_lots_ns",
)  # fmt: skip


def slow_kaplan_meier(lives, share):
    """First duration by which the estimated share of ended quotes reaches ``share``; ``lives``: (duration, ended)."""
    alive = Fraction(1)
    for duration in sorted({d for d, _ in lives}):
        at_risk = sum(1 for d, _ in lives if d >= duration)
        ended = sum(1 for d, over in lives if d == duration and over)
        alive *= 1 - Fraction(ended, at_risk)
        if ended and 1 - alive >= share:
            return duration
    return None


def slow_depth(lives, instant, fair, distance):
    """Lots within ``distance`` bps of ``fair`` (doubled) at one instant."""
    return sum(
        o["size"] for o in lives
        if o["start"] <= instant < o["end"]
        and abs(o["price"] - Fraction(fair, 2)) <= Fraction(distance) * fair / 20_000
    )  # fmt: skip


def slow_reactions(steps, reference, start, stop, *, ticks, patience):
    """Waits of one maker; ``steps``: (time, resting after it). The definition as a state machine, price by price."""
    out, anchor, blind = [], None, start
    for place, (t, twice) in enumerate(reference):
        if not start <= t < stop:
            continue
        so_far = [s for s in steps if s[0] <= t]
        before = reference[place - 1][0] if place and reference[place - 1][0] >= start else None
        new = [s for s in so_far if s[0] >= start and (before is None or s[0] > before)]
        for at, _ in new:
            anchor = twice if at == t or before is None else reference[place - 1][1]
        if anchor is None or not so_far or not so_far[-1][1] or t < blind or abs(twice - anchor) < 2 * ticks:
            continue
        limit = min(t + patience, stop)
        answer = next((s[0] for s in steps if s[0] > t), None)
        if answer is not None and answer < limit:
            out.append((t, answer - t, True))
            blind = answer
        else:
            out.append((t, limit - t, False))
            blind, anchor = limit, twice
    return out
