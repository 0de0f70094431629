"""Scores as JSON: every whole number as text, so that no reader rounds it."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields
from typing import Any

import msgspec

from makerscope.programs.comparison import Comparison
from makerscope.report.program_card import ProgramCard

VERSION = "1"


def card_json(card: ProgramCard) -> bytes:
    """One program: scores by maker and market, points, markets, findings, what would have raised them."""
    return _encoded({"version": VERSION, **_of_card(card)})


def rankings_json(cards: Mapping[str, ProgramCard], comparison: Comparison) -> bytes:
    """Every program: scores, ranks, Kendall's tau of each two, and what was left out."""
    body = {
        "version": VERSION,
        "programs": {name: _of_card(card) for name, card in cards.items()},
        "ranks": comparison.ranks(),
        "kendall_tau": [{"one": a, "other": b, "tau": tau} for (a, b), tau in comparison.agreement().items()],
        "depth_met": comparison.met,
        "left_out": comparison.left,
    }
    return _encoded(body)


def _of_card(card: ProgramCard) -> dict[str, Any]:
    scores = card.scores
    return {
        "program": scores.program,
        "title": card.program.title,
        "program_hash": scores.program_hash,
        "assumed": card.program.assumed,
        "tape_root": scores.tape_root,
        "since": scores.since,
        "until": scores.until,
        "seed": scores.seed,
        "points": scores.points(),
        "standings": scores.standings,
        "markets": scores.markets,
        "duties": scores.duties,
        "cases": scores.cases,
        "findings": scores.findings,
        "state": scores.state,
        "budget": {"amount": card.budget.amount, "decimals": card.budget.decimals} if card.budget.given else None,
        "raised": card.raised,
        "looks": card.looks,
        "depth": card.depth,
        "depth_missing": card.missing,
    }


def exact(value: Any) -> Any:  # noqa: ANN401 - anything that JSON may hold
    """The value with every whole number as text.

    Examples:
        >>> exact({"a": [2**70, 0.5, True, None]})
        {'a': ['1180591620717411303424', 0.5, True, None]}
    """
    if isinstance(value, bool) or value is None or isinstance(value, str | float):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): exact(own) for key, own in value.items()}
    if isinstance(value, Sequence | AbstractSet):
        return [exact(own) for own in value]
    return {item.name: exact(getattr(value, item.name)) for item in fields(value)}


def _encoded(body: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(exact(body)), indent=1)
