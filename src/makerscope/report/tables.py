"""What several kinds of page show alike: the table of measures and the curve of markouts."""

from collections.abc import Iterable, Sequence

from makerscope.metrics.measure import Measure
from makerscope.report.document import Cell, Column, Curve, Series, Table
from makerscope.report.names import bounds_of, help_of, label_of, value_of
from makerscope.report.numbers import count, duration
from makerscope.report.scorecard import MarkoutRow


def measures_table(measures: Iterable[tuple[str, Measure]]) -> Table:
    """One row a measure: its value with its unit, its interval, its number of observations, and what it is.

    Args:
        measures: names as in the scorecard, with their measures. One that is unknown says why instead of what it is.

    Examples:
        >>> table = measures_table([("flicker", Measure(value=0.25, unit="fraction of orders", n=40))])
        >>> [cell.text for cell in table.rows[0]]
        ['Flicker', '25.0%', '', '40', 'share of orders cancelled within 250 ms']
    """
    columns = (
        Column("measure", "left"),
        Column("value"),
        Column("95 % interval"),
        Column("from"),
        Column("what it is", "left"),
    )
    rows = tuple(
        (
            Cell(label_of(name)),
            Cell(value_of(m), m.value),
            Cell(bounds_of(m)),
            Cell(count(m.n) if m.n else "", float(m.n)),
            Cell(m.reason or help_of(name)),
        )
        for name, m in measures
    )
    return Table(columns, rows, sortable=False)


def markout_curve(rows: Sequence[MarkoutRow]) -> Curve:
    """Markout with its 95 % band by horizon, bps, and the capture as dots where it was measured.

    Examples:
        >>> bps = Measure(value=1.5, unit="bps", low=1.0, high=2.0)
        >>> row = MarkoutRow(
        ...     horizon=10**9, markout=bps, capture=bps, price_move=bps, buys=bps, sells=bps,
        ...     fills=9, past_end=0, stale=0,
        ... )
        >>> curve = markout_curve([row])
        >>> curve.x_labels, [(series.name, series.values) for series in curve.series]
        (('1 s',), [('markout', (1.5,)), ('capture', (1.5,))])
    """
    series = [
        Series(
            "markout",
            tuple(row.markout.value for row in rows),
            low=tuple(row.markout.low for row in rows),
            high=tuple(row.markout.high for row in rows),
        )
    ]
    if any(row.capture.value is not None for row in rows):
        series.append(Series("capture", tuple(row.capture.value for row in rows), style="dots"))
    return Curve("Markout by horizon", tuple(duration(row.horizon) for row in rows), tuple(series), "bps")
