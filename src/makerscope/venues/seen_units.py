"""Units of instruments no profile knows, by name, from the decimals of their numbers."""

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

import polars as pl

MOST_DECIMALS = 15  # a price or size with more is float noise or damage, not a unit
DIGITS = 18  # decimal digits that always fit an int64


def decimals_seen(names: pl.Series, texts: pl.Series) -> pl.DataFrame:
    """Per name: the most significant decimals of its numbers and the digits before the point.

    Args:
        names: to group by, such as the symbol.
        texts: decimal texts. What is no plausible number (``MOST_DECIMALS``) is left out; it will be quarantined later.

    Returns:
        Columns ``name``, ``decimals`` and ``digits``.

    Examples:
        >>> decimals_seen(pl.Series(["a", "a"]), pl.Series(["1.50", "22e-3"])).row(0)
        ('a', 3, 1)
    """
    plain = pl.DataFrame({"name": names, "text": _plain(texts)}).filter(
        pl.col("text").str.contains(r"^[+-]?(\d+\.?\d*|\.\d+)$")
    )
    fraction = pl.col("text").str.extract(r"\.(\d*)$").str.strip_chars_end("0").str.len_bytes().fill_null(0)
    whole = pl.col("text").str.extract(r"^[+-]?0*(\d*)").str.len_bytes().fill_null(0)
    return (
        plain.select("name", decimals=fraction.cast(pl.Int64), digits=whole.cast(pl.Int64))
        .filter((pl.col("decimals") <= MOST_DECIMALS) & (pl.col("digits") <= MOST_DECIMALS))
        .group_by("name")
        .agg(pl.col("decimals", "digits").max())
    )


def _plain(texts: pl.Series) -> pl.Series:
    odd = texts.str.contains(r"[eE]").fill_null(value=False)
    if not odd.any():
        return texts
    return pl.Series(
        [_without_exponent(text) if has else text for text, has in zip(texts, odd, strict=True)], dtype=pl.String
    )


def _without_exponent(text: str) -> str | None:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return f"{value:f}" if value.is_finite() and abs(value.adjusted()) < 3 * MOST_DECIMALS else None


@dataclass
class Units:
    """The finest unit seen for each name, gathered block by block; memory grows with the names, not with the file."""

    seen: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, names: pl.Series, texts: pl.Series) -> None:
        """Look at more numbers."""
        for name, decimals, digits in decimals_seen(names, texts).iter_rows():
            before = self.seen.get(name, (0, 0))
            self.seen[name] = (max(before[0], decimals), max(before[1], digits))

    def unit(self, name: str) -> str | None:
        """The coarsest power of ten, at most 1, of which all numbers of ``name`` are multiples and fit an int64.

        Examples:
            >>> units = Units()
            >>> units.add(pl.Series(["a"]), pl.Series(["0.050"]))
            >>> units.unit("a"), units.unit("b")
            ('0.01', None)
        """
        if name not in self.seen:
            return None
        decimals, digits = self.seen[name]
        return f"{Decimal(1).scaleb(-min(decimals, max(0, DIGITS - digits))):f}"

    def units(self) -> dict[str, str]:
        """The unit of each name, ``"1"`` for a name without a plausible number."""
        return {name: self.unit(name) or "1" for name in self.seen}
