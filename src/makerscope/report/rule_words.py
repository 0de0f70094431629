"""What an order is worth under a measure, and how a score follows, in plain words."""

from decimal import Decimal

from makerscope.programs.program import Formula, Measure

_KERNELS = {
    "flat": "counts its value",
    "linear": "counts its value, falling in a straight line to nothing at the limit",
    "quadratic": "counts its value, falling with the square of what is left to the limit",
    "inverse": "counts its value over its distance",
    "bands": "counts its value times the weight of its band",
}
_REDUCERS = {
    "min": "the smaller side is taken",
    "sum": "both sides are added",
    "presence": "a look counts 1 or nothing",
}


def measure_words(item: Measure) -> str:
    """Which orders count, what each counts, and what becomes of both sides."""
    unit = "quote currency" if item.by == "notional" else "contracts"
    parts = ["an order"]
    if item.sides != "both":
        parts = [f"a {item.sides}"]
    if item.limit:
        parts.append(f"at most {item.limit} away" if item.closed else f"nearer than {item.limit}")
    if item.beyond:
        parts.append(f"but not nearer than {item.beyond}")
    if item.min_value:
        parts.append(f"of {'more than' if item.strictly else 'at least'} {plain(item.min_value)} {unit}")
    if item.min_age_s:
        parts.append(f"at rest for at least {plain(item.min_age_s)} s")
    if item.max_age_s is not None:
        parts.append(f"for less than {plain(item.max_age_s)} s")
    if item.most_orders:
        parts.append(f"of the best {item.most_orders} of a side")
    if item.within_size is not None:
        parts.append(f"among the best {plain(item.within_size)} contracts of its side of the market")
    return f"{' '.join(parts)} {_kernel(item)}; {_sides(item, unit)}"


def _kernel(item: Measure) -> str:
    if item.kernel == "ticks":
        return f"counts its value times {item.discount} for each tick behind the best price"
    if item.kernel == "exponential":
        base = f"{item.discount}" if item.discount is not None else f"exp(−{item.rate})"
        return f"counts its value times {base} for each {item.per} of distance"
    bands = "; ".join(f"below {band.below}: {plain(band.weight)}" for band in item.band)
    nearest = f", which is at least {plain(item.nearest_ticks)} tick" if item.kernel == "inverse" else ""
    return _KERNELS[item.kernel] + (f" ({bands})" if bands else "") + nearest


def _sides(item: Measure, unit: str) -> str:
    if item.after_time:
        text = "each side is summed over time, then the smaller one is taken"
    elif item.reducer == "excess":
        text = f"the smaller side is taken, and what the larger has more over {plain(item.divisor)}"
    elif item.reducer == "softmin":
        low, high = item.range_low, item.range_high
        between = f" while the price is {low} to {high}" if low is not None or high is not None else ""
        text = f"the smaller side is taken, or the larger over {plain(item.divisor)} where that is more{between}"
    else:
        text = _REDUCERS[item.reducer]
    if item.min_side is not None:
        each = " for each unit of stake" if item.per_stake else ""
        text += f", a side from {plain(item.min_side)} {unit}{each} on"
    if item.comparable is not None:
        text += f", sizes at most {plain(100 * item.comparable)} % apart"
    if item.max_width is not None:
        text += f", bid and ask at most {item.max_width} apart" + (f" (or {item.or_width})" if item.or_width else "")
    return text


def formula_words(formula: Formula) -> str:
    """The score as a formula, and what its parts mean where that is not plain."""
    if formula.blend:
        parts = " + ".join(f"{plain(weight)} × share of {name}" for name, weight in formula.blend.items())
    else:
        parts = " × ".join(
            name if power == 1 else f"{name}^{plain(power)}" for name, power in formula.exponents.items()
        )
    text = (parts or "1") + (f" × {plain(formula.factor)}" if formula.factor != 1 else "")
    for each in formula.factors:
        text += f"; × {plain(each.factor)} in {', '.join(each.instruments)}"
    for name, weights in formula.sums.items():
        text += f"; {name} = {' + '.join(f'{plain(weight)} × {part}' for part, weight in weights.items())}"
    if "uptime" in formula.exponents or "uptime" in formula.blend:
        what = "the number of looks (or the time)" if formula.uptime == "count" else "the part of looks (or of time)"
        text += f"; uptime is {what} in which {' and '.join(formula.uptime_of) or 'the first measure'} scores"
    if formula.volume_min_rest_s:
        text += f"; volume is of orders that rested {plain(formula.volume_min_rest_s)} s"
    if formula.volume_half_life_days is not None:
        text += f"; volume halves every {plain(formula.volume_half_life_days)} days"
    return text


def plain(number: Decimal) -> str:
    """A decimal without a power of ten or trailing zeros.

    Examples:
        >>> plain(Decimal("0.250")), plain(Decimal("1E+3"))
        ('0.25', '1000')
    """
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
