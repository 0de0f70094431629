"""Moments as a user writes them."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from makerscope.errors import InputError


def moment(option: str, text: str | None) -> int | None:
    """A moment as ns: seconds since 1970, or a UTC time."""
    if text is None:
        return None
    try:
        return int(Decimal(text) * 10**9)
    except (InvalidOperation, OverflowError, ValueError):
        pass
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(option, f"{text!r} is no moment", "2025-09-03T12:55 (UTC) or seconds since 1970") from error
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    whole = when.astimezone(UTC).replace(microsecond=0)
    return int(whole.timestamp()) * 10**9 + when.microsecond * 1000
