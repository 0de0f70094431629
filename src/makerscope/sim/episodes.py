"""What happens in a scenario, and when: crashes, congestion, outages, as spans of time on the simulated clock."""

from dataclasses import dataclass
from math import sqrt

from makerscope.errors import DomainError, InputError
from makerscope.kernels.dice import normal, streams
from makerscope.market.layout import PPM
from makerscope.market.oracle import FROZEN, SILENT, Episode
from makerscope.market.reference_terms import YEAR_NS, Shock, exponential_of, flash_crash, logarithm
from makerscope.sim.keys import place_of
from makerscope.sim.scenario import EpisodeTable, Scenario

MINUTE = 60 * 10**9
EPISODES = (
    "crash", "macro", "volatility", "congestion", "oracle-frozen", "oracle-silent", "halt", "leader-outage", "bridge",
    "reorg",
)  # fmt: skip
PIECES = 240  # of the walk of a macro episode
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happenings:
    """Spans in ns: ``halts`` of the chain, ``outages`` of the leader, ``closures`` of the bridge to it, ``congestion``.

    The last with others' demand (ppm).
    """

    shocks: tuple[Shock, ...]
    halts: tuple[Span, ...]
    congestion: tuple[tuple[int, int, int], ...]
    oracle: tuple[Episode, ...]
    outages: tuple[Span, ...]
    closures: tuple[Span, ...]


def happenings_of(scenario: Scenario, start: int, end: int) -> Happenings:
    """All episodes of a scenario.

    Raises:
        InputError: a kind is not known, or an episode lies outside the scenario or on no underlying.
    """
    shocks: list[Shock] = []
    spans: dict[str, list[tuple[Span, EpisodeTable]]] = {name: [] for name in EPISODES}
    for n, item in enumerate(scenario.episode):
        where = place_of("episode", n, item.kind)
        if item.kind not in EPISODES:
            raise InputError(f"{where}: kind", f"is {item.kind!r}", "one of " + ", ".join(EPISODES))
        span = span_of(item, start)
        if span[1] > end:
            minutes, last = item.after_minutes + item.minutes, (end - start) / MINUTE
            raise InputError(
                f"{where}: minutes", f"ends it after {minutes:g} minutes", f"an end within the {last:g} of the scenario"
            )
        spans[item.kind].append((span, item))
        try:
            shocks += _shocks(scenario, item, span, where)
        except DomainError as error:
            raise InputError(where, str(error)) from error
    frozen, silent = ([span for span, _ in spans[name]] for name in ("oracle-frozen", "oracle-silent"))
    return Happenings(
        shocks=tuple(shocks),
        halts=tuple(sorted(span for span, _ in spans["halt"])),
        congestion=tuple((*span, round(item.times * PPM)) for span, item in spans["congestion"]),
        oracle=tuple(
            Episode(start=first, end=last, kind=kind)
            for kind, found in ((FROZEN, frozen), (SILENT, silent))
            for first, last in found
        ),
        outages=tuple(span for span, _ in spans["leader-outage"]),
        closures=tuple(span for span, _ in spans["bridge"]),
    )


def span_of(item: EpisodeTable, start: int) -> Span:
    """Start and end of an episode, ns."""
    first = start + round(item.after_minutes * MINUTE)
    return first, first + round(item.minutes * MINUTE)


def _shocks(scenario: Scenario, item: EpisodeTable, span: Span, where: str) -> list[Shock]:
    """What an episode does to the price, on one underlying or on all."""
    symbols = [one.symbol for one in scenario.underlying]
    if item.underlying is not None and item.underlying not in symbols:
        raise InputError(f"{where}: underlying", f"is {item.underlying!r}", "one of " + ", ".join(symbols))
    if item.kind == "crash" and item.fall == 0:
        raise InputError(f"{where}: fall", "is missing", "a fraction of the price, such as 0.05")
    if item.kind == "macro" and item.volatility == 0:
        raise InputError(f"{where}: volatility", "is missing", "an annual volatility, such as 1.5")
    out: list[Shock] = []
    for u, symbol in enumerate(symbols):
        if item.underlying not in {None, symbol}:
            continue
        if item.kind == "crash":
            out += flash_crash(
                underlying=u, start=span[0], fall=_fall(item, scenario.underlying[u].beta),
                within=span[1] - span[0], recovery=item.recovery,
                over=round(item.over_minutes * MINUTE),
            )  # fmt: skip
        if item.kind == "volatility":
            out.append(Shock(underlying=u, start=span[0], end=span[1], volatility=item.times))
    return out


def _fall(item: EpisodeTable, beta: float) -> float:
    """What an underlying falls by: a fall of all prices moves it ``beta`` times as far, in logarithms."""
    if item.underlying is not None or beta == 1.0:
        return item.fall
    return 1.0 - exponential_of(beta * logarithm(1.0 - item.fall))


def macro_shocks(scenario: Scenario, seed: int, start: int) -> tuple[Shock, ...]:
    """One driver of all prices: in each ``macro`` episode a walk that is common to them, each by its beta.

    Its own dice decide where it goes, so that a seed's other prices stay what they are without it.
    """
    found: list[Shock] = []
    for n, item in enumerate(scenario.episode):
        if item.kind != "macro":
            continue
        dice = streams(seed, [f"macro {n + 1}"])
        first, last = span_of(item, start)
        pieces = min(PIECES, max(1, (last - first) // round(scenario.grid_ms * 10**6)))
        deviation = item.volatility * sqrt((last - first) / pieces / YEAR_NS)
        for k in range(pieces):
            begin, end = (first + (last - first) * place // pieces for place in (k, k + 1))
            move = deviation * normal(dice, 0)
            found += [
                Shock(underlying=u, start=begin, end=end, log_move=one.beta * (move - 0.5 * one.beta * deviation**2))
                for u, one in enumerate(scenario.underlying)
                if item.underlying in {None, one.symbol}
            ]
    return tuple(found)
