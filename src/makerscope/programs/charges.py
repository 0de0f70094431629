"""Stress windows, and charges on a score: for quotes that fade, that are gone when takers ask, that no fill backs."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from makerscope.errors import InputError


class Stress(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Windows of stress, and how much more a moment in one counts.

    A window opens when ``price`` moved by at least ``move`` within ``within_s``, and lasts ``window_s`` after the last
    such moment. ``price``: the ``reference``, or the ``index`` or ``mark``, which those who are paid cannot move.
    """

    move: str
    within_s: Decimal
    window_s: Decimal
    weight: Decimal = Decimal(1)
    price: Literal["reference", "index", "mark"] = "reference"


class Fade(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A charge for quotes that go away when the price moves: ``charge * (1 - kept)`` of what a maker earned.

    A move is one of ``price`` by at least ``move`` within ``within_s``. Looked at is the quality ``before_s`` before it
    began, and of that what is there during the ``after_s`` after it was seen. ``kept`` is the mean of what was there,
    by the maker's mean quality over the epoch, at most 1: who was not there before a move has kept nothing of it.
    """

    move: str
    within_s: Decimal
    before_s: Decimal
    after_s: Decimal
    charge: Decimal
    price: Literal["reference", "index", "mark"] = "reference"


class Asked(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A cap for quotes that are not there when takers ask: ``cap`` of what is earned is at most ``asked`` of it.

    ``asked`` is a maker's mean quality at the instants of trades, by their sizes, by its mean quality over time, at
    most 1. What a trade took was there.
    """

    cap: Decimal = Decimal(1)


class Fills(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A charge for quotes that are not backed by fills worth something: ``charge * (1 - backed)`` of what was earned.

    A fill counts by its value where its markout after ``horizon_s`` (the maker's gain against the reference) is at most
    ``fair``, not at all from ``rich`` on, linear between. ``backed`` is a maker's share of what counts by its share of
    quality, at most 1. ``fair`` and ``rich`` are distances in the unit of the measure's.
    """

    horizon_s: Decimal
    fair: str = "0 bps"
    rich: str
    charge: Decimal


def check_charges(where: str, fade: Fade | None, asked: Asked | None, fills: Fills | None, *, plain: bool) -> None:
    """Refuse charges of more than all, and charges on a score that is no plain sum of samples (``plain``)."""
    charges = [rule.charge for rule in (fade, fills) if rule]
    if any(charge < 0 for charge in charges) or sum(charges) > 1:
        raise InputError(where, "charges are " + " and ".join(map(str, charges)), "0 or more, together at most 1")
    if asked and not 0 <= asked.cap <= 1:
        raise InputError(where, f"asked.cap is {asked.cap}", "0 to 1")
    if (charges or asked) and not plain:
        raise InputError(where, "charges by side, after_time or ema_weight", 'normalise = "sample" or "epoch"')
