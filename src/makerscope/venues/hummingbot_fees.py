"""What a Hummingbot fill cost, from its ``trade_fee``.

Hummingbot's own rule (``TradeFeeBase.fee_amount_in_token``): the percentage applies to price times amount and is paid
in the quote asset, flat fees in their own tokens. The sum is exact and then rounded half to even to a base unit. A fee
that this leaves unknown is null: a percentage charged in a third token (``percent_token``) has no rate in the file,
and two tokens in one fill have no place in a row.
"""

import ast
import json
from decimal import ROUND_HALF_EVEN, Context, Decimal, DecimalException
from typing import Any

DECIMALS = 12  # of each fee token, unless the tape knows the token already
LONGEST = 4_000  # characters of a trade_fee
LARGEST = 2**63 - 1
_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)

THIRD_TOKEN = "percentage charged in a third token, no rate is in the file"  # noqa: S105 - a reason, no secret
TWO_TOKENS = "fees in two tokens on one fill"
BAD = "trade_fee is not readable"


def fee_of(text: str | None, price: str, amount: str, quote: str) -> tuple[str, Decimal] | str:
    """Token and amount of a fee, positive when paid, or why it is not known.

    Args:
        text: ``trade_fee`` as JSON, or as Python wrote it in the CSV export.
        price: decimal text, quote per base.
        amount: decimal text, base.
        quote: quote asset.

    Examples:
        >>> fee_of('{"percent": "0.001", "percent_token": null, "flat_fees": []}', "100.5", "2", "USDT")
        ('USDT', Decimal('0.2010'))
        >>> fee_of("{'percent': '0', 'flat_fees': [{'token': 'BNB', 'amount': '0.01'}]}", "100.5", "2", "USDT")
        ('BNB', Decimal('0.01'))
        >>> fee_of("no", "1", "1", "USDT")
        'trade_fee is not readable'
    """
    fee = _decoded(text)
    if not isinstance(fee, dict):
        return BAD
    try:
        percent = _decimal(fee.get("percent", 0))
        flat = [_flat(item) for item in fee.get("flat_fees") or []]
        paid = _EXACT.multiply(_EXACT.multiply(_decimal(price), _decimal(amount)), percent)
        third = fee.get("percent_token")
        if percent != 0 and third not in (None, "", quote):
            return THIRD_TOKEN
        parts: dict[str, Decimal] = {}
        for token, value in [(quote, paid), *flat]:
            if value != 0:
                parts[token] = _EXACT.add(parts.get(token, Decimal(0)), value)
    except (DecimalException, ValueError, TypeError, KeyError, IndexError):
        return BAD
    if len(parts) > 1:
        return TWO_TOKENS
    return next(iter(parts.items())) if parts else (quote, Decimal(0))


def base_units(amount: Decimal, decimals: int) -> int | None:
    """An amount in base units of 10^-decimals, rounded half to even; None if it does not fit an int64.

    Examples:
        >>> base_units(Decimal("0.25"), 1), base_units(Decimal("0.35"), 1)
        (2, 4)
    """
    units = int(_EXACT.scaleb(amount, decimals).to_integral_value(rounding=ROUND_HALF_EVEN))
    return units if abs(units) <= LARGEST else None


def _decoded(text: str | None) -> Any:  # noqa: ANN401 - whatever the file holds
    if not text or len(text) > LONGEST:
        return None
    try:
        return json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _flat(item: Any) -> tuple[str, Decimal]:  # noqa: ANN401 - whatever the file holds
    token, amount = (item["token"], item["amount"]) if isinstance(item, dict) else (item[0], item[1])
    if not isinstance(token, str) or not token:
        raise TypeError(token)
    return token, _decimal(amount)


def _decimal(value: Any) -> Decimal:  # noqa: ANN401 - whatever the file holds
    number = Decimal(str(value))
    if not number.is_finite() or abs(number.adjusted()) > 30:
        raise ValueError(value)
    return number
