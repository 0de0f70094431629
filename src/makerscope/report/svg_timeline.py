"""A value over time against a threshold: what is over it is a dot, flags are numbered on the plot and told below it."""

from collections.abc import Sequence

from makerscope.report.document import Flag, Lines, Number, Series, Timeline
from makerscope.report.numbers import count, number, utc
from makerscope.report.svg import WIDTH, Scale, key, runs_path, tenth, text, thinned
from makerscope.report.svg_axes import clean
from makerscope.report.svg_lines import Extra, draw_marked_lines

_NEAR = 0.075  # of the axis: flags nearer to each other share one badge, which on a phone is 20 pixels wide


def draw_timeline(chart: Timeline) -> str:
    """The HTML of a ``Timeline`` block."""
    flags = sorted(chart.flags, key=lambda flag: flag.time_ns)
    threshold = clean(chart.threshold)

    def extra(scale: Scale) -> Extra:
        over = over_threshold(chart.values, threshold)
        dots = [(0, scale.across(chart.times_ns[place]), scale.down(value)) for place, value in over]
        paths, keys, label = "", "", ""
        if threshold is not None:
            paths = f'<path class="limit" d="M0 {tenth(scale.down(threshold))}h{WIDTH}"/>'
            keys = key("limit", f"threshold {number(threshold)}")
            keys += key("dot alarm", f"{count(len(over))} over it")
            label = f", {count(len(over))} over the threshold {number(threshold)}"
        if dots:
            drawn = [[point] for run in thinned(dots) for point in run]
            paths += f'<path class="dots alarm" d="{runs_path(drawn)}"/>'
        return Extra(paths, _badges(flags, scale), keys, label)

    series = (Series("value", chart.values),)
    lines = Lines(chart.title, chart.times_ns, series, chart.unit, chart.shades, zero_line=False, height=chart.height)
    drawn = draw_marked_lines(lines, extra, also=(threshold,))
    return drawn.removesuffix("</figure>") + f"{_list(flags)}</figure>"


def over_threshold(values: Sequence[Number], threshold: Number) -> list[tuple[int, float]]:
    """Index and value of every known value above a threshold.

    Examples:
        >>> over_threshold((1.0, None, 3.0, 2.0), 2.0), over_threshold((1.0,), None)
        ([(2, 3.0)], [])
    """
    known = ((place, clean(value)) for place, value in enumerate(values))
    return [(place, v) for place, v in known if v is not None and threshold is not None and v > threshold]


def grouped(places: Sequence[float], near: float) -> list[list[int]]:
    """Indices of rising places, those less than ``near`` after the first of a group with it.

    Examples:
        >>> grouped((0.1, 0.12, 0.5), 0.05), grouped((), 0.05)
        ([[0, 1], [2]], [])
    """
    groups: list[list[int]] = []
    for index, place in enumerate(places):
        if groups and place - places[groups[-1][0]] < near:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def _badges(flags: Sequence[Flag], scale: Scale) -> str:
    """The numbers of the flags at their moments; neighbours without room for each are one badge, such as 2-4."""
    shown = [index for index, flag in enumerate(flags) if scale.start <= flag.time_ns <= scale.end]
    at = [scale.across(flags[index].time_ns) / WIDTH for index in shown]
    lines = "".join(f'<i class="flag" style="left:{tenth(100 * place)}%"></i>' for place in at)
    badges = []
    for group in grouped(at, _NEAR):
        first, last = shown[group[0]] + 1, shown[group[-1]] + 1
        words = f"{first}" if first == last else f"{first}\N{EN DASH}{last}"
        middle = 100 * (at[group[0]] + at[group[-1]]) / 2
        badges.append(f'<b class="badge" style="left:{tenth(middle)}%" aria-hidden="true">{words}</b>')
    return lines + "".join(badges)


def _list(flags: Sequence[Flag]) -> str:
    items = "".join(f"<li><b>{utc(flag.time_ns, seconds=False)}</b> {text(flag.label)}</li>" for flag in flags)
    return f'<ol class="flags">{items}</ol>' if items else ""
