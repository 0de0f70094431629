"""A program in plain words: what it looks at, what an order is worth, how a score and a payment follow."""

from collections.abc import Iterator
from typing import TypeAlias

from makerscope.programs.program import Group, Program, Sampling
from makerscope.programs.terms import Clause, Obligation
from makerscope.report.rule_words import formula_words, measure_words, plain

Line: TypeAlias = tuple[str, str]  # what it is about, and what the program says about it
_PRICES = {
    "mid": "the middle of the market",
    "cutoff_mid": "the middle of the prices where enough rests",
    "deep_mid": "the middle of the prices down to which enough rests",
    "best": "the best price of the order's own side",
    "mark": "the mark price",
    "index": "the index",
    "last": "the last trade",
}
_PER = {"reference": "", "index": ", as a part of the index", "volatility": ", in points of volatility"}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SPLITS = {
    "equal": "in equal parts a market",
    "volume": "in parts by volume",
    "total": "one pot, scores of all markets added",
    "pooled": "one pot, all markets added up before they are scored",
}
_SHARES = {
    "epoch": "by scores of the whole epoch",
    "sample": "each look by itself",
    "sample_side": "each side of each look by itself",
    "larger_side": "each look, as a part of the larger side of the market",
    "deficit": "each look, as a part of what others leave open of each side",
}


def describe(program: Program) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """Headings with lines: first of the whole program, then of each group.

    Examples:
        >>> from makerscope.programs.program_file import find_program
        >>> [heading for heading, _ in describe(find_program("dydx_v3"))]
        ['The program', 'Group BTC and ETH', 'Group others']
        >>> describe(find_program("dydx_v3"))[0][1][1]
        ('looks', 'at one random instant in each 60 s, drawn from a seed')
    """
    groups = [(f"Group {group.name}", tuple(_of_group(group, program))) for group in program.group]
    return (("The program", tuple(_of_program(program))), *groups)


def _of_program(program: Program) -> Iterator[Line]:
    until = f" to {program.valid_to}" if program.valid_to else ""
    yield "is", f"{program.title}; version {program.version}, {program.status}, from {program.valid_from}{until}"
    yield "looks", _looks(program.sampling)
    if program.epoch_days is not None:
        yield "epoch", f"{plain(program.epoch_days)} days"
    if program.makers:
        yield "makers", f"{', '.join(program.makers)}; others' orders stand in the book and earn nothing"
    for clause in program.clause:
        yield f"clause {clause.name}", _clause(clause)
    for text in program.unknown:
        yield "not published", text
    for text in program.notes:
        yield "note", text.rstrip(".")


def _looks(sampling: Sampling) -> str:
    period = f"{sampling.period_s:f} s"
    return {
        "integral": "all the time: sums over time are exact, and nothing is sampled",
        "stratified": f"at one random instant in each {period}, drawn from a seed",
        "independent": f"at {sampling.samples:,} random instants, drawn from a seed",
        "grid": f"every {period}, at times that everybody knows",
        "blocks": f"every {sampling.blocks_low} to {sampling.blocks_high} blocks, drawn from a seed",
        "block_minimum": "all the time, and a block counts with its worst moment",
    }[sampling.mode]


def _of_group(group: Group, program: Program) -> Iterator[Line]:
    whole = sum(each.weight for each in program.group)
    share = f"{plain(100 * group.weight / whole)} % of the pool" if whole else "no weight"
    kinds = f" ({', '.join(group.kinds)})" if group.kinds else ""
    yield "markets", f"{', '.join(group.instruments)}{kinds}; {share}, {_SPLITS[group.split]}"
    if group.abs_delta is not None:
        deepest = ", calls and puts up to the first in the money" if group.deepest == "first_itm" else ""
        yield "options", f"while their absolute delta is {group.abs_delta[0]} to {group.abs_delta[1]}{deepest}"
    days = ", ".join(_DAYS[day] for day in group.weekdays)
    if group.max_days is not None or days:
        within = "" if group.max_days is None else f"within {plain(group.max_days)} days"
        yield "expiries", " ".join(part for part in (within, days) if part)
    if group.outside is not None:
        yield "outside", f"while group {group.outside} does not ask for the instrument"
    yield "distance", f"from {_PRICES[group.reference.price]}{_PER[group.reference.per]}"
    for item in group.measure:
        yield item.name, measure_words(item)
    yield "score", formula_words(group.formula)
    if group.period_s is not None:
        yield "periods", f"each {plain(group.period_s)} s is scored by itself, and the scores are added"
    yield from _conditions(group)
    left = "goes to the others" if group.leftover == "share" else "is kept"
    yield "shares", f"{_SHARES[group.normalise]}; what nobody earns {left}"


def _conditions(group: Group) -> Iterator[Line]:
    gates = group.gates
    if gates.min_uptime is not None:
        yield "gate", f"nothing below an uptime of {plain(100 * gates.min_uptime)} %"
    if gates.min_maker_share is not None:
        epoch = {"this": "this epoch", "previous": "the previous epoch", "days": f"{gates.days} days in a row"}
        least = plain(100 * gates.min_maker_share)
        yield "gate", f"nothing below {least} % of the maker volume of {epoch[gates.judged]}"
    if group.obligation:
        yield "obligation", _obligation(group.obligation)
    if group.target and group.normalise == "deficit":
        yield "wanted", f"{plain(group.target.high)} a side"
    elif group.target:
        low = f", not at all up to {plain(group.target.low)}" if group.target.low else ""
        yield (
            "target",
            f"a look is paid in full from a total score of {plain(group.target.high)} on, in part below{low}",
        )
    yield from _charges(group)
    if group.hysteresis:
        worse = group.hysteresis.kind == "penalty"
        yield "memory", "the larger of now and the mean of earlier epochs" if worse else "a mean with earlier epochs"
    if group.commitment:
        least = plain(100 * group.commitment.min_time)
        yield "service", f"all is lost below {least} % of the time on the book, a part above; others get it"
    if group.queue:
        place = "contracts ahead of it" if group.queue.kind == "ahead" else "distance from the best price"
        yield "points", f"of each order by the {place} at its worse end, up to {plain(group.queue.max_depth)}"


def _obligation(rule: Obligation) -> str:
    where = "" if rule.series is None else f" of {plain(100 * rule.series)} % of the series"
    enough = plain(100 * rule.periods)
    return f"there for {plain(100 * rule.time)} % of the time{where} in {enough} % of the periods, else nothing"


def _charges(group: Group) -> Iterator[Line]:
    """Stress and what it weighs, and what is taken off."""
    if group.stress:
        rule = group.stress
        start = f"from a move{_of(rule.price)} of {rule.move} within {plain(rule.within_s)} s"
        yield "stress", f"{start} until {plain(rule.window_s)} s after the last; it counts {plain(rule.weight)} times"
    if group.fade:
        rule = group.fade
        stood = f"what stood {plain(rule.before_s)} s before a move{_of(rule.price)} of {rule.move}"
        gone = f"is gone in the {plain(rule.after_s)} s after it"
        yield "fading", f"{plain(100 * rule.charge)} % is charged of {stood} and {gone}"
    if group.asked:
        text = "at most as far as its orders were there when takers came, by the size of trades"
        yield "asked", f"{plain(100 * group.asked.cap)} % of what is earned counts {text}"
    if group.fills:
        rule = group.fills
        counts = f"a fill counts while its markout after {plain(rule.horizon_s)} s is at most {rule.fair}"
        charged = f"{plain(100 * rule.charge)} % is charged of quality without its share of fills"
        yield "fills", f"{charged}; {counts}, not at all from {rule.rich} on"


def _clause(clause: Clause) -> str:
    markets = "; ".join(f"{', '.join(each.instruments)} {plain(each.depth)}" for each in clause.watched)
    opens = f"after a move of {clause.move} within {plain(clause.within_s)} s"
    short = f"with less than {plain(100 * clause.below)} % of the wanted depth within {clause.within} ({markets})"
    back = f"{plain(clause.restored)} {clause.unit} if it is back within {plain(clause.window_s)} s"
    lost = f"else by {plain(clause.short)} (again: {plain(clause.again)})"
    return f"{opens} {short} the pool changes by {back}, {lost}"


def _of(price: str) -> str:
    return "" if price == "reference" else f" of the {price}"
