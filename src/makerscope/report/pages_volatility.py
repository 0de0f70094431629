"""Sections of the options page: implied against realised volatility, and forecasts of what will be realised."""

from makerscope.metrics.measure import Measure
from makerscope.report.document import (
    Block,
    Cell,
    Column,
    Lines,
    Missing,
    Note,
    Section,
    Series,
    Stat,
    Stats,
    Table,
)
from makerscope.report.names import many
from makerscope.report.numbers import count, duration, fixed, interval
from makerscope.report.scorecard import ForecastCard, PremiumRow, VolatilityCard
from makerscope.report.volatility_card import forecast_words, garch_words

OVER = {"after": "realised after", "before": "realised before"}


def volatility_sections(card: VolatilityCard | None) -> tuple[Section, ...]:
    """Implied against realised, then the forecasts; nothing for a scorecard from before there were such."""
    return () if card is None else (_compared(card), _forecasts(card.forecast))


def _compared(card: VolatilityCard) -> Section:
    title = "Implied against realised volatility"
    known = any(value is not None for name in (card.after, card.before) for value in name)
    if card.horizon is None or not known:
        why = card.reason or f"no snapshot has {duration(card.horizon)} of prices behind it or before it"
        return Section(title, "", (Missing(title.lower(), why),))
    days = duration(card.horizon)
    chart = Lines(
        f"{days} volatility",
        card.times,
        (
            Series("implied", card.implied),
            Series(f"realised in the {days} after", card.after),
            Series(f"realised in the {days} before", card.before),
        ),
        "% a year",
    )
    blocks: list[Block] = [_stats(card), chart, _premiums(card.premiums)]
    blocks += [Note(text, "muted") for text in card.notes]
    sentence = (
        f"What the chain says of the next {days}, and what the index then did in the same {days} (after) or had done "
        "in as many before. A premium above 0 paid the sellers of options; rms is how far quotes stood from the market."
    )
    return Section(title, sentence, tuple(blocks))


def _stats(card: VolatilityCard) -> Stats:
    items = []
    for row in card.premiums:
        value, between = row.premium.value, _between(row.premium)
        sub = f"95 %: {between}" if between else row.premium.reason
        read = "—" if value is None else f"{fixed(value, 2, signed=True)} points"
        items.append(Stat(f"Premium over {OVER[row.over]}", read, sub, "muted" if value is None else ""))
    first = next((row for row in card.premiums if row.size.value is not None), None)
    if first is not None:
        items.append(Stat("Divergence, rms", f"{fixed(first.size.value, 2)} points", f"from {OVER[first.over]}"))
    return Stats(tuple(items))


def _premiums(rows: tuple[PremiumRow, ...]) -> Table:
    columns = (
        Column("against", "left"),
        Column("snapshots"),
        Column("implied", help="mean, % a year"),
        Column("realised", help="mean, % a year"),
        Column("premium", help="implied less realised, volatility points"),
        Column("95 % interval", help="knows that neighbouring snapshots share their days"),
        Column("rms", help="root mean square of the difference, volatility points"),
    )
    cells = tuple(
        (
            Cell(OVER[row.over]),
            Cell(count(row.snapshots), float(row.snapshots)),
            Cell(fixed(row.implied, 2), row.implied),
            Cell(fixed(row.realised, 2), row.realised),
            Cell(fixed(row.premium.value, 2, signed=True), row.premium.value),
            Cell(_between(row.premium) or row.premium.reason),
            Cell(fixed(row.size.value, 2), row.size.value),
        )
        for row in rows
    )
    return Table(columns, cells, sortable=False)


def _forecasts(card: ForecastCard) -> Section:
    title = "Forecast of realised volatility"
    if not card.rows or card.period is None:
        return Section(title, "", (Missing(title.lower(), card.reason or card.gain.reason),))
    period = duration(card.period)
    columns = (
        Column("forecaster", "left"),
        Column("QLIKE", help="mean loss out of sample, 0 is always right"),
        Column("95 % interval"),
        Column(f"next {period}", help="volatility it says, % a year"),
    )
    rows = tuple(
        (
            Cell(row.name + (" (baseline)" if row.name == card.baseline else "")),
            Cell(fixed(row.loss.value, 3), row.loss.value, "good" if row.name == card.best else ""),
            Cell(_range(row.loss) or row.loss.reason),
            Cell(fixed(row.following, 2), row.following),
        )
        for row in card.rows
    )
    sentence = (
        f"Each forecaster said the realised variance of the next {period} from the past of this tape's index alone; "
        f"{many(card.periods, 'period')} of {period} are known."
    )
    garch = garch_words(card, asked=False)
    notes = (Note(forecast_words(card)), *((Note(garch, "muted"),) if garch else ()))
    return Section(title, sentence, (Table(columns, rows, sortable=False), *notes))


def _between(measure: Measure) -> str:
    return "" if measure.low is None else interval(measure.low, measure.high, places=2)


def _range(measure: Measure) -> str:
    return "" if measure.low is None else f"{fixed(measure.low, 3)} to {fixed(measure.high, 3)}"
