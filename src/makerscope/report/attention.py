"""What needs action first: facts a reader should not miss, each with its numbers and the page that shows them.

A line is raised only where the interval of the number excludes chance, or where the number is a count. Thresholds
are stated in the text, so that no one has to trust them.
"""

from collections.abc import Iterator
from typing import Literal

from makerscope.metrics.quality import Quality
from makerscope.report.names import anchor_of, many, short
from makerscope.report.numbers import bps, compact, duration, fixed, interval, money, percent, utc
from makerscope.report.scorecard import Attention, InstrumentCard, MakerCard, MarkoutRow, OptionsCard, PairCard
from makerscope.report.study import ADVERSE_HORIZON

Level = Literal["bad", "warn", "info"]
LEVELS: tuple[Level, ...] = ("bad", "warn", "info")
FEW = 30  # fills below which nothing is said about a maker's skill
ONE_SIDED = 0.8
DOMINANT = 0.5
LOW_UPTIME = 0.8
MOST = 14


def attention_of(
    quality: Quality,
    instruments: tuple[InstrumentCard, ...],
    makers: tuple[MakerCard, ...],
    pairs: tuple[PairCard, ...],
    chains: tuple[OptionsCard, ...],
    *,
    liquidations: int,
) -> tuple[Attention, ...]:
    """The most important facts, the worst first; those of small makers and markets last."""
    found = [
        *_data(quality),
        *(item for maker in makers for item in _maker(maker)),
        *(item for card in instruments for item in _market(card)),
        *(item for pair in pairs for item in _pair(pair)),
        *(item for chain in chains for item in _options(chain)),
    ]
    if liquidations:
        text = f"{many(liquidations, 'forced trade')} on this tape, counted once each."
        found.append(Attention(level="info", subject="liquidations", text=text, page="data", weight=0.5))
    found.sort(key=lambda item: (LEVELS.index(item.level), -item.weight, item.subject))
    return tuple(found[:MOST])


def problems_of(maker: MakerCard) -> tuple[Attention, ...]:
    """What is wrong with one maker."""
    return tuple(_maker(maker))


def _data(quality: Quality) -> Iterator[Attention]:
    if quality.verdict != "good":
        level: Level = "warn" if quality.verdict == "usable" else "bad"
        why = "; ".join(quality.reasons[:3])
        yield Attention(level=level, subject=f"data: {quality.verdict}", text=f"{why}.", page="data", weight=9)


def _at(rows: tuple[MarkoutRow, ...], horizon: int = ADVERSE_HORIZON) -> MarkoutRow | None:
    return min(rows, key=lambda row: abs(row.horizon - horizon), default=None)


def _maker(card: MakerCard) -> Iterator[Attention]:
    page, name, weight = anchor_of("maker", card.maker), short(card.maker), card.share.value or 0.0

    def say(level: Level, text: str, extra: float = 0.0) -> Attention:
        return Attention(level=level, subject=name, text=text, page=page, weight=weight + extra)

    at = _at(card.markouts)
    if card.fills >= FEW and at is not None and at.markout.value is not None:
        high = at.markout.high
        if at.markout.value < 0 and high is not None and high < 0:
            between = interval(at.markout.low, high, places=2, unit="bps")
            caught = f" though it captures {bps(at.capture.value)}" if at.capture.value is not None else ""
            yield say(
                "bad",
                f"Picked off: {duration(at.horizon)} after its fills it has lost {bps(-at.markout.value, signed=False)}"
                f"{caught} (95 %: {between}).",
            )
        sides = [row.value for row in (at.buys, at.sells)]
        n = at.buys.n + at.sells.n
        if n >= FEW and max(at.buys.n, at.sells.n) > ONE_SIDED * n and None not in sides:
            more = "buys" if at.buys.n > at.sells.n else "sells"
            yield say("warn", f"One-sided: {percent(max(at.buys.n, at.sells.n) / n)} of its fills are {more}.")
    yield from _money(card, say)
    yield from _quoting(card, say)


def _money(card: MakerCard, say) -> Iterator[Attention]:  # noqa: ANN001 - a closure over the maker
    if not card.statements or card.fills < FEW:
        return
    first = card.statements[0]
    legs = {leg.name: leg.value for leg in first.legs if leg.value is not None}
    net, capture = float(first.equity_change), legs.get("spread_capture", 0.0)
    if capture > 0 and legs.get("fees", 0.0) < -capture:
        yield say(
            "warn",
            f"Fees of {money(-legs['fees'], first.token)} are more than the {money(capture, first.token)} it captured.",
        )
    moved = abs(legs.get("inventory", 0.0))
    if capture > 0 and moved > 3 * capture and net:
        what = "gain" if legs["inventory"] > 0 else "loss"
        yield say(
            "info",
            f"Its result is a position, not a spread: an inventory {what} of {money(moved, first.token)} against "
            f"{money(capture, first.token)} captured.",
        )


def _quoting(card: MakerCard, say) -> Iterator[Attention]:  # noqa: ANN001 - a closure over the maker
    uptime, stress = card.measures.get("two_sided_uptime"), card.measures.get("uptime_in_stress")
    if uptime is not None and uptime.value is not None and uptime.value < LOW_UPTIME:
        yield say("warn", f"Two-sided only {percent(uptime.value)} of the time.")
    if (
        uptime is not None
        and uptime.value
        and stress is not None
        and stress.value is not None
        and stress.value < 0.75 * uptime.value
    ):
        yield say(
            "bad",
            f"Leaves in stress: two-sided {percent(stress.value)} of the wildest time, "
            f"{percent(uptime.value)} overall.",
        )
    flicker = card.measures.get("flicker")
    if flicker is not None and flicker.value is not None and flicker.value > 0.5:
        yield say("warn", f"Flickers: {percent(flicker.value)} of its orders are gone within 250 ms.")


def _market(card: InstrumentCard) -> Iterator[Attention]:
    page, name = anchor_of("market", card.instrument), card.instrument

    def say(level: Level, text: str) -> Attention:
        return Attention(level=level, subject=name, text=text, page=page, weight=0.4)

    realised, effective = card.measures.get("full_realized_spread"), card.measures.get("full_effective_spread")
    if realised is not None and realised.high is not None and realised.high < 0 and effective is not None:
        yield say(
            "bad",
            f"Makers lose here: of {bps(effective.value, signed=False)} paid by takers {bps(realised.value)} "
            f"is left after 10 s (95 %: {interval(realised.low, realised.high, places=2)}).",
        )
    crossed = card.measures.get("crossed_share")
    if crossed is not None and crossed.value is not None and crossed.value > 0.01:
        yield say("warn", f"Locked or crossed {percent(crossed.value)} of the time.")
    ratio = card.measures.get("effective_over_quoted")
    if ratio is not None and ratio.value is not None and ratio.value > 1.5:
        yield say(
            "warn",
            f"Orders pay {fixed(ratio.value, 1)} times the quoted spread: they walk the book, "
            "or the quotes lag the trades.",
        )
    thin = next((row for row in card.slippage if row.notional >= 1e5 and row.filled < 0.9), None)
    if thin is not None:
        yield say(
            "info",
            f"Thin: the recorded levels fill {percent(thin.filled)} of an order of "
            f"{compact(thin.notional)} {card.quote}.",
        )


def _pair(card: PairCard) -> Iterator[Attention]:
    lead = card.measures["lead_lag"]
    if lead.value and lead.low is not None and lead.high is not None and lead.low * lead.high > 0:
        ahead, behind = (card.first, card.second) if lead.value > 0 else (card.second, card.first)
        yield Attention(
            level="info",
            subject=f"{card.first} / {card.second}",
            text=f"{ahead} moves {duration(abs(lead.value))} before {behind}: "
            "quotes that do not follow are picked off.",
            page=anchor_of("pair", f"{card.first}|{card.second}"),
            weight=0.6,
        )


def _options(card: OptionsCard) -> Iterator[Attention]:
    page, name = anchor_of("options", card.underlying), f"{card.underlying} options"
    for when, why in card.alarm.named[:3] if card.alarm is not None else ():
        yield Attention(level="bad", subject=name, text=f"Liquidity left at {utc(when)}: {why}.", page=page, weight=1.0)
    if card.surface is not None and card.surface.executable:
        text = f"Arbitrage on bid and ask: {'; '.join(card.surface.executable[:3])}."
        yield Attention(level="warn", subject=name, text=text, page=page, weight=0.8)
    stale = card.measures.get("stale_marks")
    if stale is not None and stale.value is not None and stale.value > 0.05:
        text = f"{percent(stale.value)} of the marks stand outside bid and ask."
        yield Attention(level="warn", subject=name, text=text, page=page, weight=0.5)
