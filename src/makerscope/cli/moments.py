"""Moments as a user writes them."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from makerscope.errors import InputError

LATEST = 2**63  # ns: what times on a tape can hold


def moment(option: str, text: str | None) -> int | None:
    """A moment as ns: seconds since 1970, or a UTC time."""
    if text is None:
        return None
    try:
        ns = int(Decimal(text) * 10**9)
    except (InvalidOperation, OverflowError, ValueError):
        pass
    else:
        if not 0 <= ns < LATEST:
            raise InputError(option, f"{text!r} is out of range", "seconds from 1970 to 2262")
        return ns
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(option, f"{text!r} is no moment", "2025-09-03T12:55 (UTC) or seconds since 1970") from error
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    whole = when.astimezone(UTC).replace(microsecond=0)
    return int(whole.timestamp()) * 10**9 + when.microsecond * 1000
