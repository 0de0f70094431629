"""One run told in order: what happened, when, with which numbers, and what came before it.

A sentence is made of one event's own numbers and of what had happened by then. What did not happen has no sentence.
"""

from collections.abc import Callable, Mapping, Sequence

from makerscope.lab.outcome import Event
from makerscope.report.document import Tone
from makerscope.report.numbers import bps, compact, duration, fixed, percent

Seen = Mapping[str, Event]
CHAIN = ("price-low", "depth-gone", "spread-wide", "first-liquidation", "insurance", "deleveraged")


def told(events: Sequence[Event]) -> list[tuple[float, Tone, str]]:
    """Every event of a run as ``(seconds, tone, sentence)``, in order of time."""
    seen: dict[str, Event] = {}
    out = []
    for event in sorted(events, key=lambda item: item.at_s):
        words = SENTENCES.get(event.kind)
        if words is not None:
            sentence = words(event, seen)
            out.append((event.at_s, TONES.get(event.kind, ""), sentence))
        seen.setdefault(event.kind, event)
    return out


def _usd(value: float) -> str:
    return f"{compact(value)} USD"


def _move(value: float) -> str:
    return percent(value, signed=True)


def _later(event: Event, seen: Seen, kind: str, words: str) -> str:
    """How long after an earlier event, if that happened."""
    earlier = seen.get(kind)
    if earlier is None:
        return ""
    apart = event.at_s - earlier.at_s
    return f"{duration(apart * 1e9)} after {words}" if apart >= 1 else f"within a second of {words}"


def _because(event: Event, seen: Seen) -> str:
    """The latest cause that happened before."""
    causes = {
        "depth-gone": "the withdrawal of depth", "first-liquidation": "the first liquidation",
        "insurance": "the first payment of insurance",
    }  # fmt: skip
    found = [(seen[kind].at_s, kind) for kind in causes if kind in seen]
    if not found:
        return ""
    return ", " + _later(event, seen, max(found)[1], causes[max(found)[1]])


def _episode_crash(event: Event, _seen: Seen) -> str:
    n = event.numbers
    lasts = duration((n["ends_s"] - event.at_s) * 1e9)
    prices = f"{fixed(n['from'])} to {fixed(n['to'])} ({_move(n['move'])})"
    return f"The shock: in {lasts} the reference price goes from {prices}."


def _episode(what: str) -> Callable[[Event, Seen], str]:
    def sentence(event: Event, _seen: Seen) -> str:
        n = event.numbers
        times = f" ({n['times']:g} times the usual)" if "times" in n else ""
        lasts = duration((n["ends_s"] - event.at_s) * 1e9)
        return f"{what}{times} for {lasts}; the reference price moves {_move(n['move'])} meanwhile."

    return sentence


def _price_low(event: Event, _seen: Seen) -> str:
    n = event.numbers
    lasts = duration((event.at_s - n["since_s"]) * 1e9)
    below = f"{percent(n['fall'])} below the {fixed(n['from'])} of {lasts} before"
    return f"The reference price is at its lowest against an earlier high: {fixed(n['to'])}, {below}."


def _mark_off(event: Event, seen: Seen) -> str:
    gap = event.numbers["gap"]
    side = "below" if gap < 0 else "above"
    away = bps(abs(gap) * 1e4, signed=False)
    return f"The venue's mark is furthest from its index: {away} {side}{_because(event, seen)}."


def _depth_gone(event: Event, seen: Seen) -> str:
    n, words = event.numbers, event.words
    share = percent(n["share"])
    text = f"Depth is withdrawn: {_usd(n['depth'])} is left near the middle, {share} of the {_usd(n['before'])} before"
    text += f"; the price has moved {_move(n['price_move'])} since the crisis began"
    if words.get("absent"):
        text += f". Not quoting both sides as they used to: {words['absent']}"
        text += f"; still there: {words['present']}" if words.get("present") else "; nobody else is there"
    after = _later(event, seen, "first-liquidation", "the first liquidation")
    return text + (f". It is {after}." if after else ".")


def _depth_trough(event: Event, seen: Seen) -> str:
    n = event.numbers
    after = _later(event, seen, "depth-gone", "its withdrawal")
    return (
        f"Depth is at its trough, {_usd(n['depth'])} or {percent(n['share'])} of before{', ' + after if after else ''}."
    )


def _depth_back(event: Event, _seen: Seen) -> str:
    n = event.numbers
    return f"Half of the lost depth is back ({_usd(n['depth'])}), {duration(n['after_s'] * 1e9)} after the trough."


def _depth_not_back(event: Event, _seen: Seen) -> str:
    n = event.numbers
    return f"Depth has not come back by the end: {_usd(n['depth'])}, {percent(n['share'])} of before."


def _one_sided(event: Event, seen: Seen) -> str:
    total = duration(event.numbers["seconds"] * 1e9)
    return f"One side of the book is empty for the first time{_because(event, seen)}; in all it is so for {total}."


def _spread_wide(event: Event, seen: Seen) -> str:
    n = event.numbers
    after = _later(event, seen, "depth-gone", "the withdrawal of depth")
    text = f"The half spread is {bps(n['half_bps'], signed=False)}, usually {bps(n['usual'], signed=False)}"
    worst = f"; at its widest {bps(n['worst'], signed=False)}" if n["worst"] > n["half_bps"] else ""
    return text + (f", {after}" if after else "") + worst + "."


def _first_liquidation(event: Event, seen: Seen) -> str:
    n, words = event.numbers, event.words
    side = "sold" if n["side"] < 0 else "bought"
    lots = f"{fixed(n['size'], 4)} {words['symbol']} of {words['account']} ({_usd(n['usd'])})"
    text = f"First liquidation: {lots} are {side}"
    text += f" into the book at {fixed(n['price'])}, the mark being {fixed(n['mark'])}"
    if "move" in n:
        text += f", {_move(n['move'])} from where the run began"
    after = _because(event, {kind: item for kind, item in seen.items() if kind == "depth-gone"})
    return text + after + f". All such trades come to {_usd(n['all'])}."


def _cascade(event: Event, seen: Seen) -> str:
    n = event.numbers
    lasts = duration(max(n["seconds"], 1.0) * 1e9)
    text = f"The largest cascade begins: {_usd(n['forced'])} of forced trades within {lasts}"
    if n["depth"] > 0:
        text += f" against {_usd(n['depth'])} of depth, {n['forced'] / n['depth']:.1f} times what rests near the middle"
    else:
        text += " against no depth at all near the middle"
    accounts = "1 account" if n["accounts"] == 1 else f"{int(n['accounts'])} accounts"
    whole = f" ({accounts} and {_usd(n['all'])} in the whole run)"
    return f"{text}; the mark moves {_move(n['move'])} meanwhile{whole}{_because(event, seen)}."


def _deleveraged(event: Event, seen: Seen) -> str:
    n, words = event.numbers, event.words
    text = (
        f"Auto-deleveraging: {words['account']} cannot be closed in the book and insurance cannot carry it, so winners "
    )
    text += f"are closed against it at {fixed(n['price'])}, the mark being {fixed(n['mark'])}"
    return f"{text}{_because(event, seen)}. In all {_usd(n['all'])} are closed that way."


def _taken_over(event: Event, seen: Seen) -> str:
    n, words = event.numbers, event.words
    text = f"The backstop vault takes over {words['account']}, which the book could not close in time: "
    return f"{text}{_usd(n['usd'])} of {words['symbol']} at the mark{_because(event, seen)}. In all {_usd(n['all'])}."


def _insurance(event: Event, seen: Seen) -> str:
    n = event.numbers
    share = f", {percent(n['all'] / n['had'])} of its {_usd(n['had'])}" if n["had"] > 0 else ""
    after = _later(event, seen, "first-liquidation", "the first liquidation")
    text = f"Insurance pays for the first time, {_usd(n['usd'])}{', ' + after if after else ''}"
    return f"{text}; {_usd(n['all'])} in all{share}."


def _insurance_empty(event: Event, _seen: Seen) -> str:
    return f"Insurance is empty: its {_usd(event.numbers['had'])} and all that came in since are paid out."


def _unpaid(event: Event, seen: Seen) -> str:
    why = " after insurance was empty" if "insurance-empty" in seen else ""
    return f"Losses of {_usd(event.numbers['usd'])} are left that nobody can pay{why}."


def _haircut(event: Event, _seen: Seen) -> str:
    return f"Gains have been cut by {_usd(event.numbers['usd'])} for losses that nobody could pay."


def _maker_lost(event: Event, seen: Seen) -> str:
    n, words = event.numbers, event.words
    text = f"{words['maker']} does not survive: {words['fate']}"
    if n["liquidated"] > 0:
        text += f", {_usd(n['liquidated'])} of its position closed by force"
    return f"{text}{_because(event, seen)}. It ends with {_usd(n['equity'])} of {_usd(n['capital'])}."


def _maker_low(event: Event, _seen: Seen) -> str:
    n, words = event.numbers, event.words
    lasts = duration((event.at_s - n["since_s"]) * 1e9)
    lost = f"{_usd(n['usd'])} ({percent(n['share'])} of its capital)"
    text = f"{words['maker']} is furthest below an earlier high: {lost} in {lasts}, while the price moved "
    return f"{text}{_move(n['price_move'])}. It ends the run with {compact(n['end'], signed=True)} USD."


SENTENCES: Mapping[str, Callable[[Event, Seen], str]] = {
    "episode-crash": _episode_crash,
    "episode-macro": _episode("One driver moves all prices"),
    "episode-bridge": _episode("No money gets from or to the leading venue"),
    "episode-volatility": _episode("Volatility is higher"),
    "episode-congestion": _episode("The chain is congested"),
    "episode-oracle-frozen": _episode("The oracle freezes"),
    "episode-oracle-silent": _episode("The oracle falls silent"),
    "episode-halt": _episode("The chain makes no blocks"),
    "episode-leader-outage": _episode("The leading venue is down, so nobody can hedge there,"),
    "episode-reorg": _episode("Blocks are orphaned"),
    "price-low": _price_low,
    "mark-off": _mark_off,
    "depth-gone": _depth_gone,
    "depth-trough": _depth_trough,
    "depth-back": _depth_back,
    "depth-not-back": _depth_not_back,
    "one-sided": _one_sided,
    "spread-wide": _spread_wide,
    "first-liquidation": _first_liquidation,
    "cascade": _cascade,
    "deleveraged": _deleveraged,
    "taken-over": _taken_over,
    "insurance": _insurance,
    "insurance-empty": _insurance_empty,
    "unpaid": _unpaid,
    "haircut": _haircut,
    "maker-lost": _maker_lost,
    "maker-low": _maker_low,
}
TONES: Mapping[str, Tone] = {
    "depth-gone": "warn", "depth-not-back": "warn", "one-sided": "warn", "first-liquidation": "warn", "cascade": "warn",
    "deleveraged": "bad", "insurance": "warn", "insurance-empty": "bad", "unpaid": "bad", "haircut": "bad",
    "maker-lost": "bad", "depth-back": "good",
}  # fmt: skip
