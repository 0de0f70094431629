"""The data page: what the tape is, what was left out and why, by which rules it was measured, what it cannot say."""

from makerscope.report.document import Block, Cell, Column, Missing, Note, Page, Section, Stat, Stats, Table, Tone
from makerscope.report.names import VERDICT_TONES, many
from makerscope.report.numbers import count, duration, utc
from makerscope.report.scorecard import Scorecard

TONES: dict[str, Tone] = {
    "ok": "good",
    "warn": "warn",
    "fail": "bad",
    "quarantined": "bad",
    "warning": "warn",
    "dropped": "info",
    "info": "muted",
}


def data_page(card: Scorecard) -> Page:
    """Everything a reader needs to trust, or not to trust, the rest of the report."""
    tone = VERDICT_TONES[card.quality.verdict]
    sections = [
        Section("The recording", "What was measured.", (_tape(card), _rows(card))),
        Section("Verdict", "Checked before anything was measured.", (_reasons(card), _checks(card))),
        _findings(card),
        _sessions(card),
        Section("Rules", "How the numbers were made.", tuple(Note(text) for text in card.rules)),
    ]
    if card.missing:
        sections.append(
            Section(
                "Not measurable here",
                "What this tape does not hold.",
                tuple(Missing(*text.split(": ", 1)) for text in card.missing),
            )
        )
    return Page(
        anchor="data",
        title="Data and rules",
        subtitle=card.tape.source,
        headline=Stat("data quality", card.quality.verdict, tone=tone),
        group="Data",
        sections=tuple(section for section in sections if section is not None),
    )


def _tape(card: Scorecard) -> Block:
    tape = card.tape
    return Stats(
        (
            Stat("From", utc(tape.first_time), "first event"),
            Stat("To", utc(tape.last_time), "last event"),
            Stat(
                "Venues",
                ", ".join(tape.venues) if len(tape.venues) < 3 else count(len(tape.venues)),
                many(tape.instruments, "instrument"),
            ),
            Stat("Evidence root", tape.evidence_root[:12] + "…", "Merkle root over the SHA-256 of every file"),
        )
    )


def _rows(card: Scorecard) -> Block:
    rows = tuple((Cell(table), Cell(count(rows), float(rows), bar=True)) for table, rows in card.tape.rows.items())
    return Table(
        (Column("table", "left"), Column("rows")),
        rows,
        caption="a fill is one meeting of a maker and a taker: two fills of a venue that reports both sides",
        sortable=False,
    )


def _reasons(card: Scorecard) -> Block:
    text = "; ".join(card.quality.reasons) or "nothing was found wrong with the data"
    return Note(
        f"{card.quality.verdict.capitalize()}: {text}.",
        VERDICT_TONES[card.quality.verdict],
    )


def _checks(card: Scorecard) -> Block:
    return Table(
        (Column("check", "left"), Column("outcome", "left"), Column("what was found", "left")),
        tuple(
            (Cell(item.name), Cell(item.outcome, tone=TONES.get(item.outcome, "")), Cell(item.text))
            for item in card.quality.checks
        ),
        sortable=False,
    )


def _findings(card: Scorecard) -> Section:
    found = card.quality.findings
    if not found:
        return Section("What was left out", "", (Note("Nothing was dropped or quarantined.", "good"),))
    table = Table(
        (Column("kind", "left"), Column("rows"), Column("where", "left"), Column("why", "left")),
        tuple(
            (
                Cell(item.level, tone=TONES.get(item.level, "")),
                Cell(count(item.count), float(item.count)),
                Cell(item.instrument or item.table),
                Cell(item.text),
            )
            for item in found
        ),
        limit=20,
    )
    return Section(
        "What was left out, and what to know",
        "Dropped rows follow a rule; quarantined rows could not be trusted and are kept on the tape as they came.",
        (table,),
    )


def _sessions(card: Scorecard) -> Section | None:
    if not card.tape.sessions:
        return None
    table = Table(
        (
            Column("market", "left"),
            Column("channel", "left"),
            Column("from", "left"),
            Column("to", "left"),
            Column("length"),
        ),
        tuple(
            (
                Cell(item.instrument),
                Cell(item.channel),
                Cell(utc(item.start), float(item.start)),
                Cell(utc(item.end), float(item.end)),
                Cell(duration(item.end - item.start), float(item.end - item.start)),
            )
            for item in card.tape.sessions
        ),
        limit=12,
    )
    return Section(
        "When the recorder listened",
        "Time between sessions is an outage: it counts neither as up nor as down, and nothing is filled forward.",
        (table,),
    )
