"""Between decimal text and the integers of a tape, exactly."""

from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa

from makerscope.errors import DomainError
from makerscope.kernels.decimals import OK, count_decimals, parse_decimals

WHY = ("", "is not a number", "is finer than the unit", "is too large for an int64")


def _buffers(texts: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    array = texts.fill_null("").cast(pl.String).rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    array = array.cast(pa.large_string())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    _, offsets, data = array.buffers()
    start = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    return np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8), start


def places(unit: str) -> int:
    """Decimals of a unit: ``"0.05"`` has 2, ``"10"`` has 0."""
    return max(0, -int(Decimal(unit).normalize().as_tuple().exponent))


def to_units(texts: pl.Series, unit: str) -> tuple[pl.Series, pl.Series]:
    """Decimal texts as whole multiples of ``unit``.

    Args:
        texts: String series; null stays null.
        unit: a positive decimal, such as ``"0.05"``.

    Returns:
        Int64 series (null where the text is null, no number, or no whole multiple), and a String series that says why
        (null where all is well).

    Examples:
        >>> value, why = to_units(pl.Series(["61800.20", "1e-05", "abc", None]), "0.00001")
        >>> value.to_list(), why.to_list()
        ([6180020000, 1, None, None], [None, None, 'is not a number', None])
    """
    scale, step = places(unit), Decimal(unit)
    if not step > 0:
        raise DomainError(f"unit is {unit}; want a positive decimal")
    data, offsets = _buffers(texts)
    out, status = np.empty(len(texts), np.int64), np.empty(len(texts), np.uint8)
    parse_decimals(data, offsets, scale, out, status)
    each = int(step.scaleb(scale))
    bad = status != OK
    reason = np.array(WHY, dtype=object)[status]
    if each > 1:
        off = ~bad & (out % each != 0)
        reason[off] = f"is no multiple of {unit}"
        bad |= off
        out //= each
    known = texts.is_not_null().to_numpy()
    value = pl.Series(texts.name, out).set(pl.Series(bad | ~known), None)
    wrong = known & bad
    if not wrong.any():
        return value, pl.repeat(None, len(texts), dtype=pl.String, eager=True).alias(texts.name)
    why = pl.Series(texts.name, [text or None for text in np.where(wrong, reason, "").tolist()], dtype=pl.String)
    return value, why


def floats_to_units(values: pl.Series, unit: str, *, tolerance: float = 1e-6) -> tuple[pl.Series, pl.Series]:
    """Floats as whole multiples of ``unit``, for sources that only have floats; see ``to_units``.

    ``tolerance`` is the largest accepted distance from a whole multiple, in units; NaN is null.
    """
    step = float(Decimal(unit))
    scaled = values.cast(pl.Float64).fill_nan(None) / step
    whole = scaled.round()
    fits = ((scaled - whole).abs() <= (tolerance + whole.abs() * 1e-12)) & (whole.abs() < 9e18)
    frame = pl.DataFrame({"whole": whole, "fits": fits})
    value = frame.select(pl.when("fits").then(pl.col("whole").cast(pl.Int64, strict=False)))["whole"]
    why = frame.select(pl.when(~pl.col("fits")).then(pl.lit(f"is no multiple of {unit}")).alias("why"))["why"]
    return value.alias(values.name), why.alias(values.name)


def unit_of(texts: pl.Series) -> str:
    """The coarsest power of ten (at most 1) of which all texts are whole multiples.

    Examples:
        >>> unit_of(pl.Series(["61800.20", "7"]))
        '0.1'
    """
    most = int(count_decimals(*_buffers(texts)))
    return str(Decimal(1).scaleb(-most)) if most < 7 else f"{Decimal(1).scaleb(-most):f}"
