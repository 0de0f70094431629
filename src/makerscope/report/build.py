"""A tape in, a scorecard out."""

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

import makerscope
from makerscope.errors import InputError, UntrustedRecordingError
from makerscope.metrics.markout import HORIZONS, MAX_AGE
from makerscope.metrics.measure import Measure
from makerscope.metrics.pnl import Pnl, marks_of, pnl
from makerscope.metrics.quality import Quality, assess
from makerscope.metrics.share import concentration, volume_share
from makerscope.metrics.view import LAST_TRADE, MIXED, View, made, transfers_of
from makerscope.report.attention import attention_of
from makerscope.report.fees import fee_rows, fee_rows_of, fee_tables
from makerscope.report.greeks_card import funding_of, greeks_cards
from makerscope.report.instrument_card import instrument_card
from makerscope.report.maker_card import NO_FILLS, fill_qualities, maker_card
from makerscope.report.names import many
from makerscope.report.numbers import duration
from makerscope.report.options_card import options_cards
from makerscope.report.pair_card import pair_cards
from makerscope.report.pool_card import pool_cards
from makerscope.report.quoting_card import Quoting, quoting_of
from makerscope.report.scorecard import SCHEMA, InstrumentCard, MakerCard, Options, Scorecard, SessionFact, TapeFacts
from makerscope.report.study import ADVERSE_HORIZON, AT_PAR, DOLLARS, Study, study
from makerscope.tape.read import Tape

MAKERS = 25  # makers with a page of their own
DEEP = 12  # markets with a page of their own
NOT_USABLE = "not usable"
FORCE = "a recording that can be trusted, or --force to measure it anyway"

Step = Callable[[str], None]  # told what is being done now


def build(
    tape: Tape,
    *,
    since: int | None = None,
    until: int | None = None,
    instruments: Sequence[str] = (),
    makers: Sequence[str] = (),
    horizons: Sequence[int] = HORIZONS,
    max_age: int = MAX_AGE,
    top: int = MAKERS,
    force: bool = False,
    step: Step = lambda _what: None,
) -> Scorecard:
    """Measure a tape.

    Args:
        tape: an open tape.
        since: first ns of the window.
        until: first ns after it.
        instruments: names or symbols, default all.
        makers: accounts to show, default the largest.
        horizons: ns of the markouts.
        max_age: ns, the oldest a quote may be for a trade.
        top: makers with a page where none was named.
        force: measure a recording that fails the quality gate.
        step: told what is being done.

    Raises:
        UntrustedRecordingError: the recording fails the quality gate, with its reasons.
        InputError: an instrument or maker is not on the tape, or the window is empty.
    """
    step("checking the data")
    quality = _trusted(tape, force=force)
    step("joining fills and quotes")
    measured = study(tape, since=since, until=until, instruments=instruments, horizons=horizons, max_age=max_age)
    step("adding up the P&L")
    result = _pnl(measured)
    step("measuring the makers")
    quoting = quoting_of(measured)
    ranked = _ranked(measured, quoting, makers)
    shown = ranked.filter(pl.col("maker").is_in(list(makers))) if makers else ranked.head(top)
    cards = _makers(measured, result, quoting, shown)
    step("measuring the markets")
    markets = _markets(measured, quoting)
    step("comparing markets")
    pairs, chains = pair_cards(measured), options_cards(measured)
    liquidations = tape.read("liquidations", since=measured.view.since, until=measured.view.until).height
    return Scorecard(
        schema=SCHEMA,
        makerscope=makerscope.__version__,
        title=_title(measured.view),
        options=_options(measured, makers, quality),
        tape=_facts(measured, tape),
        quality=quality,
        rules=_rules(measured, quality),
        attention=attention_of(quality, markets, cards, pairs, chains, liquidations=liquidations),
        liquidations=liquidations,
        concentration=_concentration(measured),
        fees=fee_rows(measured),
        instruments=markets,
        makers=cards,
        makers_in_all=ranked["maker"].n_unique(),
        pairs=pairs,
        pools=pool_cards(measured),
        chains=chains,
        missing=_missing(measured),
    )


def _trusted(tape: Tape, *, force: bool) -> Quality:
    """The verdict on the data; one that is not usable passes only by force."""
    quality = assess(tape)
    if quality.verdict == NOT_USABLE and not force:
        raise UntrustedRecordingError(tape.path, f"{NOT_USABLE}: " + "; ".join(quality.reasons), FORCE)
    return quality


def _options(measured: Study, makers: Sequence[str], quality: Quality) -> Options:
    view = measured.view
    return Options(
        since=view.since,
        until=view.until,
        instruments=tuple(view.instruments),
        makers=tuple(makers),
        horizons=measured.horizons,
        max_age=measured.max_age,
        adverse_horizon=ADVERSE_HORIZON,
        bucket=measured.width,
        forced=quality.verdict == NOT_USABLE,
    )


def _pnl(measured: Study) -> Pnl:
    view = measured.view
    return pnl(
        view.fills,
        marks_of(view.quotes),
        funding_of(view) if view.tape.has("marks") else None,
        transfers=transfers_of(view),
        instruments=view.instruments,
        tokens=view.tape.tokens,
        since=view.since,
        until=view.until,
        horizon=ADVERSE_HORIZON,
        width=measured.width,
        sources=view.reference,
    )


def _ranked(measured: Study, quoting: Quoting | None, makers: Sequence[str]) -> pl.DataFrame:
    """Makers by their largest quote currency: ``volume_share`` and ``place``, the largest notional first.

    Who quoted both sides and was never filled follows, the longest there first.
    """
    named = made(measured.view.fills).filter(pl.col("maker").is_not_null())
    shares = volume_share(named, measured.view.instruments, at_par=AT_PAR)
    size = pl.col("notional").cast(pl.Float64) / 10.0 ** pl.col("decimals").cast(pl.Float64)
    ranked = (
        shares.with_columns(size=size)
        .sort("size", "maker", descending=[True, False])
        .unique("maker", keep="first", maintain_order=True)
    )
    ranked = pl.concat([ranked, _unfilled(measured, quoting, ranked)]).with_columns(place=pl.int_range(1, pl.len() + 1))
    for wanted in makers:
        if wanted not in ranked["maker"]:
            some = ", ".join(ranked["maker"].head(5).to_list()) or "none: this tape names no makers"
            raise InputError(
                f"--maker {wanted}", "has no fills as a maker and no two-sided quotes here", f"one of {some}"
            )
    return ranked


def _unfilled(measured: Study, quoting: Quoting | None, ranked: pl.DataFrame) -> pl.DataFrame:
    """Makers that quoted both sides of a market and have no fill, as rows of ``ranked``."""
    if quoting is None:
        return ranked.clear()
    there = (
        quoting.buckets.filter(~pl.col("maker").is_in(ranked["maker"].to_list()))
        .group_by("maker", "instrument")
        .agg(pl.col("ns_two_sided").sum())
        .filter(pl.col("ns_two_sided") > 0)
        .sort("ns_two_sided", "maker", "instrument", descending=[True, False, False])
    )
    quotes = {name: AT_PAR.get(item.quote, item.quote) for name, item in measured.view.instruments.items()}
    alone = there.unique("maker", keep="first", maintain_order=True)
    counts = dict(there.group_by("maker").len().iter_rows())
    rows = [
        {"quote": quotes[name], "maker": maker, "fills": 0, "instruments": counts[maker], "notional": 0, "decimals": 0,
         "share": 0.0, "size": 0.0}
        for maker, name in alone.select("maker", "instrument").iter_rows()
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=ranked.schema)


def _makers(measured: Study, result: Pnl, quoting: Quoting | None, shown: pl.DataFrame) -> tuple[MakerCard, ...]:
    fees, qualities = fee_tables(measured), fill_qualities(measured)
    greeks = greeks_cards(measured, shown["maker"].to_list())
    return tuple(
        maker_card(
            measured,
            result,
            quoting,
            row["maker"],
            rank=row["place"],
            share=Measure(value=row["share"], unit="fraction of notional"),
            quote=row["quote"],
            fees=fee_rows_of(fees, row["maker"]),
            quality=qualities.get(row["maker"], NO_FILLS),
            greeks=greeks.get(row["maker"], ()),
        )
        for row in shown.iter_rows(named=True)
    )


def _concentration(measured: Study) -> dict[str, Measure]:
    """Herfindahl index of maker shares, by quote currency; missing where a maker is unknown."""
    shares = volume_share(made(measured.view.fills), measured.view.instruments, at_par=AT_PAR)
    sizes = {str(quote): part for (quote,), part in shares.partition_by("quote", as_dict=True).items()}
    order = sorted(sizes, key=lambda quote: (-int(sizes[quote]["notional"].sum()), quote))
    return {quote: concentration(sizes[quote])["herfindahl"] for quote in order}


def _markets(measured: Study, quoting: Quoting | None) -> tuple[InstrumentCard, ...]:
    """Cards of the markets, the largest first; the smaller ones without their books."""
    stale = quoting.stale if quoting is not None else None
    sizes = dict(measured.fills.group_by("instrument", maintain_order=True).agg(pl.col("notional").sum()).iter_rows())
    quotes = dict(measured.view.quotes.group_by("instrument").len().iter_rows())
    names = [
        name
        for name, item in measured.view.instruments.items()
        if item.kind not in ("option", "pool") and (name in sizes or name in quotes)
    ]
    names.sort(key=lambda name: (-sizes.get(name, 0.0), -quotes.get(name, 0), name))
    return tuple(instrument_card(measured, name, deep=place < DEEP, stale=stale) for place, name in enumerate(names))


def _title(view: View) -> str:
    names = [item.symbol for item in view.instruments.values()]
    venues = sorted({item.venue for item in view.instruments.values()})
    what = ", ".join(dict.fromkeys(names)) if len(names) <= 3 else f"{len(names)} markets"
    return f"{what} on {', '.join(venues) if len(venues) <= 3 else f'{len(venues)} venues'}"


def _facts(measured: Study, tape: Tape) -> TapeFacts:
    span = tape.span or (measured.view.since, measured.view.until)
    return TapeFacts(
        name=Path(tape.path).name,
        source=tape.manifest.source,
        evidence_root=tape.manifest.evidence_root,
        first_time=span[0],
        last_time=span[1],
        rows=tape.manifest.rows,
        venues=tuple(sorted({item.venue for item in tape.instruments.values()})),
        instruments=len(measured.view.instruments),
        sessions=tuple(
            SessionFact(instrument=row["instrument"], channel=row["channel"], start=row["start"], end=row["end"])
            for row in measured.view.sessions.head(200).iter_rows(named=True)
        ),
    )


def _rules(measured: Study, quality: Quality) -> tuple[str, ...]:
    view = measured.view
    quotes = {item.quote for item in view.instruments.values()}
    rules = [
        (
            "A quote counts for a trade when it is strictly before it and at most "
            f"{duration(measured.max_age)} old; a quote of the same instant does not count."
        ),
        (
            "A markout at h uses the last quote at or before h after the fill; a horizon past the last quote is left "
            "out, never clipped."
        ),
        "Spreads and markouts are ratios of sums, weighted by notional at the mid; bps are of the mid at the trade.",
        "Fills of one aggressor order in one instant are one order.",
        (
            "Time-weighted measures run only over the time the recorder heard the channel: an outage is neither up "
            "nor down."
        ),
        (
            f"Intervals are 95 %, from a circular block bootstrap over buckets of {duration(measured.width)}; a block "
            "is at least as long as the horizon."
        ),
        (
            f"Adverse selection in the P&L is the move of the mid over {duration(ADVERSE_HORIZON)} after each fill, "
            "cut at the end of the window."
        ),
        "The P&L legs add up to the change of equity in integers; the residual is shown and is zero.",
        "Fees are kept by token and never added across tokens.",
    ]
    if len(DOLLARS & quotes) > 1:
        rules.append(f"Notionals in {', '.join(sorted(DOLLARS & quotes))} are added at par, as US dollars.")
    mixed = sorted(name for name, clock in view.clock.items() if clock == MIXED)
    if mixed:
        rules.append(
            f"{', '.join(mixed[:5])}: quotes and trades are on different clocks, so spreads hold the unknown delay "
            "between them."
        )
    blind = [name for name, source in view.reference.items() if source == LAST_TRADE]
    if blind:
        rules.append(
            f"{many(len(blind), 'market')} without quotes on this tape: markouts there are against the last trade "
            "price, which bounces between bid and ask, and spreads are not measured."
        )
    if quality.findings:
        rules.append("What the reader dropped or quarantined is listed above with its reason.")
    return tuple(rules)


def _missing(measured: Study) -> tuple[str, ...]:
    has = measured.view.tape.has
    lacking = (
        ("quotes", "spreads: no quotes on this tape") if not has("book") else ("", ""),
        ("book", "depth and slippage: no order book on this tape"),
        ("orders", "uptime, quote latency, order life: no resting orders on this tape"),
        ("fills", "markouts and P&L: no fills on this tape"),
        ("marks", "funding: no funding payments on this tape"),
        ("transfers", "gas and incentives: no such payments on this tape"),
    )
    out = [text for table, text in lacking if table and not has(table)]
    if has("fills") and measured.fills["maker"].null_count() == measured.fills.height:
        out.append("P&L, share and markout of single makers: this venue's feed names no makers")
    return tuple(out)
