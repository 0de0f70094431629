"""How measures, makers and pages are named in a report: the plain words, once."""

import hashlib
import re
from collections.abc import Sequence

from makerscope.metrics.measure import Measure
from makerscope.report.document import Stat, Tone
from makerscope.report.numbers import bps, compact, duration, fixed, interval, number, percent

LABELS = {
    "full_quoted_spread": ("Full quoted spread", "ask minus bid over the mid, time-weighted"),
    "full_quoted_spread_ticks": ("Full quoted spread in ticks", "ask minus bid, time-weighted"),
    "full_effective_spread": ("Full effective spread", "what takers paid: twice the distance of price and mid"),
    "full_realized_spread": ("Full realised spread", "what makers kept 10 s later"),
    "effective_over_quoted": ("Effective over quoted", "above 1 orders walk the book, below 1 they are improved"),
    "two_sided_share": ("Two-sided", "share of time with a bid and an ask"),
    "one_sided_share": ("One-sided", "share of time with one side missing"),
    "crossed_share": ("Locked or crossed", "share of time with bid at or above ask"),
    "hours_listened": ("Recorded", "time the recorder heard the quotes"),
    "touch_bid_size": ("Size at the bid", "time-weighted"),
    "touch_ask_size": ("Size at the ask", "time-weighted"),
    "orders_without_a_mid": ("Orders without a mid", "no fresh quote stood before them"),
    "orders_per_hour": ("Taker orders", "sweeps count once"),
    "volatility": ("Realised volatility", "of the mid, a year of 365 days"),
    "volatility_without_jumps": ("Volatility without jumps", "bipower variation"),
    "jump_share": ("Share of jumps", "of the realised variance"),
    "kyle_lambda": ("Kyle's lambda", "rise of the price per base unit bought"),
    "amihud": ("Amihud's illiquidity", "absolute return per unit of volume"),
    "vpin_signed": ("VPIN, signed", "imbalance of volume in the last 50 volume buckets"),
    "vpin_floor": ("VPIN of a fair coin", "what the same trades would show without information"),
    "xlm": ("XLM of 100,000", "round-trip cost, sampled each minute"),
    "order_book_imbalance": ("Book imbalance", "five best levels, above 0 more is bid"),
    "resiliency_half_life": ("Resiliency half-life", "how fast the touch fills up after it was taken"),
    "bid_uptime": ("Bid uptime", "share of time with a qualifying bid"),
    "ask_uptime": ("Ask uptime", "share of time with a qualifying ask"),
    "two_sided_uptime": ("Two-sided uptime", "a qualifying bid and ask at the same instant"),
    "uptime_in_stress": ("Uptime in stress", "the same in the wildest tenth of the time"),
    "twa_full_spread": ("Own quoted spread", "time-weighted while two-sided"),
    "twa_depth_bid": ("Own size bid", "time-weighted over the whole time, largest market"),
    "twa_depth_ask": ("Own size offered", "time-weighted over the whole time, largest market"),
    "stale_share": ("Time stale", "share of time with the mid outside the own quotes"),
    "one_sided_after_fill": ("Left one-sided by a fill", "share of its fill times"),
    "reactions_censored": ("Moves not answered", "within the patience of the measure"),
    "maker_share_of_depth": ("Share of the depth", "own size over all size near the mid"),
    "quote_lifetime": ("Quote lifetime", "median, orders still alive counted as such (Kaplan-Meier)"),
    "quote_to_trade": ("Messages per fill", "a replace counts as two"),
    "fill_ratio": ("Fill ratio", "filled over placed"),
    "flicker": ("Flicker", "share of orders cancelled within 250 ms"),
    "staleness": ("Stale quotes", "time with fair value beyond the own quote"),
    "reaction_latency_median": ("Reaction", "median from a move of the reference to the own new quote"),
    "reaction_latency_p99": ("Reaction, slowest 1 %", "99th percentile"),
    "requote_gap": ("Gap after a fill", "median until both sides rest again"),
    "time_to_fill": ("Time to fill", "median from placing to the first fill, of orders that were filled"),
    "pick_off_rate": ("Pick-offs", "fills that lost more than the half spread within 1 s"),
    "stale_fill_rate": ("Fills behind the leader", "the leading price was already beyond the quote when it filled"),
    "thinking_median": ("Thinking", "from the decision until the message was sent, median"),
    "thinking_p99": ("Thinking, slowest 1 %", "99th percentile"),
    "on_the_wire_median": ("On the wire", "from there until the venue or its mempool had seen it, median"),
    "on_the_wire_p99": ("On the wire, slowest 1 %", "99th percentile"),
    "waiting_median": ("Waiting", "from there until it took effect: mempool, block, place inside it, median"),
    "waiting_p99": ("Waiting, slowest 1 %", "99th percentile"),
    "to_effect_median": ("Decision to effect", "all of it, message by message, median"),
    "to_effect_p99": ("Decision to effect, slowest 1 %", "99th percentile"),
    "gas_paid": ("Gas paid", "for all messages, priority fees included"),
    "gas_per_fill": ("Gas per fill", "gas of all messages over the fills they led to"),
    "hedge_slippage": ("Hedge slippage", "price beyond the mid at the hedge venue, above 0 is a cost"),
    "hedge_fees": ("Hedge fees", "charged by the hedge venue"),
    "failed_hedges": ("Failed hedges", "orders that the hedge venue did not fill"),
    "hedge_cost_per_unit": ("Cost of a hedge", "slippage and fees of one unit hedged"),
    "rms_net_delta": ("Net delta", "root mean square over time, hedges and options included"),
    "hedge_band": ("Hedges from", "net delta just before its hedges, 10th percentile"),
    "time_outside_band": ("Unhedged", "share of time with a larger net delta than that"),
    "longest_outside_band": ("Longest unhedged", "longest time with a larger net delta than that"),
    "hedge_error": ("Hedge error", "deviation of the P&L that prices made, hedges included"),
    "hedge_effect": ("Variance hedged away", "share of that P&L's variance which the hedges took"),
    "withdrawal_rate": ("Withdrawals", "share of jumps after which the depth went away"),
    "turnover": ("Turnover", "traded over mean position held"),
    "mean_abs_net_position": ("Mean net position", "all markets of the base added up: what was hedged cancels"),
    "max_abs_net_position": ("Largest net position", "all markets of the base added up"),
    "mean_abs_position": ("Mean position", "absolute, time-weighted, largest market"),
    "max_abs_position": ("Largest position", "absolute, largest market"),
    "p95_abs_position": ("Position, 95th percentile", "absolute, time-weighted, largest market"),
    "inv_autocorr": ("Autocorrelation of the position", "over 10 s"),
    "inv_half_life": ("Inventory half-life", "from a local extreme to half of it, median"),
    "lead_lag": ("Lead", "above 0 the first market moves first"),
    "lead_lag_ratio": ("Lead-lag ratio", "above 1 the first market leads more often"),
    "correlation": ("Correlation at that lag", "Hayashi-Yoshida, on the raw ticks"),
    "information_share_low": ("Information share, low", "Hasbrouck bound of the first market"),
    "information_share_high": ("Information share, high", "Hasbrouck bound of the first market"),
    "information_share": ("Information share", "middle of the bounds, first market"),
    "component_share": ("Component share", "Gonzalo-Granger, first market"),
    "information_leadership": ("Information leadership", "first market, from both shares"),
    "lvr": ("Loss versus rebalancing", "what arbitrageurs took, estimated from the pool's own moves"),
    "lp_edge": ("Provider edge", "fees minus loss versus rebalancing"),
    "realised_volatility": ("Realised volatility", "of the pool's price, a year of 365 days"),
    "fees_over_lvr": ("Fees over loss", "above 1 providers gain"),
    "fee_bps_per_day": ("Fees a day", "bps of full-range value"),
    "lvr_bps_per_day": ("Loss a day", "bps of full-range value"),
    "lp_edge_bps_per_day": ("Provider edge a day", "bps of full-range value"),
    "listed_options": ("Options listed", "seen in any snapshot"),
    "full_width_points": ("Quoted width", "ask minus bid over vega, vega-weighted"),
    "full_width_bps": ("Quoted width", "ask minus bid over the underlying"),
    "coverage": ("Coverage", "listed options with a bid and an ask"),
    "coverage_vega": ("Coverage by vega", "the same, weighted by vega"),
    "stale_marks": ("Marks outside the quotes", "stale marks or stale quotes"),
    "at_the_money_1w": ("Volatility, 1 week", "at the money"),
    "at_the_money_1m": ("Volatility, 30 days", "at the money"),
    "at_the_money_3m": ("Volatility, 3 months", "at the money"),
    "risk_reversal_1m": ("Risk reversal, 30 days", "25-delta call minus put, below 0 puts are dearer"),
    "butterfly_1m": ("Butterfly, 30 days", "25-delta wings above the money"),
    "two_sided_quotes": ("With a bid and an ask", "share of options and snapshots"),
    "no_bid": ("Without a bid", "share of options and snapshots"),
    "no_ask": ("Without an ask", "share of options and snapshots"),
    "quoted_width": ("Quoted width", "median, ask minus bid over the mark"),
    "marks_outside_the_quotes": ("Marks outside the quotes", "stale marks or stale quotes"),
}


VERDICT_TONES: dict[str, Tone] = {"good": "good", "usable": "warn", "not usable": "bad"}


def tone_of(value: float | None) -> Tone:
    """Good above zero, bad below, nothing where it is zero or unknown."""
    return "" if not value else "good" if value > 0 else "bad"


def many(n: int, noun: str) -> str:
    """A count with its noun.

    Examples:
        >>> many(1, "market"), many(1200, "market")
        ('1 market', '1,200 markets')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def first_of(items: Sequence[str], most: int = 8) -> tuple[str, ...]:
    """The first of a list, and how many more there are.

    Examples:
        >>> first_of(["a", "b", "c"], 2), first_of(["a"], 2)
        (('a', 'b', '1 more'), ('a',))
    """
    rest = len(items) - most
    return (*items[:most], *([f"{rest:,} more"] if rest > 0 else []))


def label_of(name: str) -> str:
    """The plain name of a measure."""
    return LABELS[name][0] if name in LABELS else name.replace("_", " ").capitalize()


def help_of(name: str) -> str:
    """One plain phrase that says what a measure is."""
    return LABELS[name][1] if name in LABELS else ""


def value_of(measure: Measure, *, signed: bool = False) -> str:
    """A measure as it is read, with its unit; a dash where it is unknown.

    Examples:
        >>> value_of(Measure(value=0.75, unit="fraction of time")), value_of(Measure(value=1.5, unit="bps"))
        ('75.0%', '1.50 bps')
    """
    value, unit = measure.value, measure.unit
    if value is None:
        text = "—"
    elif unit == "bps":
        text = bps(value, signed=signed)
    elif unit.startswith("fraction"):
        text = percent(value, signed=signed)
    elif unit.startswith("annualised"):
        text = percent(value, signed=signed) + " a year"
    elif unit == "ns":
        text = duration(value)
    elif unit == "hours":
        text = duration(value * 3.6e12)
    elif unit in ("orders", "fills", "messages", "options"):
        text = fixed(value, 0, signed=signed)
    elif unit in ("1", "ratio", "index", "correlation"):
        text = fixed(value, 3, signed=signed)
    else:
        text = f"{compact(value, signed=signed)} {unit}"
    return text


def bounds_of(measure: Measure) -> str:
    """The 95 % interval of a measure in the words of its unit, or nothing."""
    low, high, unit = measure.low, measure.high, measure.unit
    if low is None or high is None:
        return ""
    if unit == "bps":
        return interval(low, high, places=3 if max(abs(low), abs(high)) < 1 else 2)
    if unit == "ns":
        return f"{duration(low)} to {duration(high)}"
    if unit.startswith(("fraction", "annualised")):
        return f"{percent(low)} to {percent(high)}"
    return f"{number(low)} to {number(high)}"


def stat_of(name: str, measure: Measure, *, signed: bool = False, tone: Tone = "") -> Stat:
    """A card for a measure: its value, its interval or what it is, and why where it is missing."""
    if measure.value is None:
        return Stat(label=label_of(name), value="—", sub=measure.reason, tone="muted")
    between = bounds_of(measure)
    sub = f"95 %: {between}" if between else help_of(name)
    return Stat(label=label_of(name), value=value_of(measure, signed=signed), sub=sub, tone=tone)


def anchor_of(kind: str, name: str) -> str:
    """An anchor that is safe in a link and different for different names."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    return f"{kind}-{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def short(name: str) -> str:
    """An account as it is shown: long addresses keep their beginning and end.

    Examples:
        >>> short("0xa59f55114ccb120487c4fb5766cb89b123c13563"), short("steady")
        ('0xa59f…3563', 'steady')
    """
    return f"{name[:6]}…{name[-4:]}" if name.startswith("0x") and len(name) > 20 else name
