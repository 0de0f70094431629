"""``makerscope discovery``."""

from itertools import pairwise
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from makerscope.cli.moments import moment
from makerscope.errors import DomainError, InputError
from makerscope.metrics.discovery_regimes import Regime, Spans, window_regimes
from makerscope.metrics.measure import Measure
from makerscope.metrics.view import load
from makerscope.report.discovery_card import NO_TIME, regimes_of_pair, two_markets
from makerscope.tape.output import write_whole
from makerscope.tape.read import Tape

MINUTE = 60 * 10**9
ROWS = (
    ("volatility", "volatility", "{:.0%}"),
    ("information share", "information_share", "{:.2f}"),
    ("  least by order", "information_share_low", "{:.2f}"),
    ("  most by order", "information_share_high", "{:.2f}"),
    ("component share", "component_share", "{:.2f}"),
    ("leadership share", "information_leadership_share", "{:.2f}"),
    ("leads by, ms", "lead_lag_ms", "{:+.0f}"),
    ("lead-lag ratio", "lead_lag_ratio", "{:.2f}"),
    ("money at the touch, ratio", "touch_ratio", "{:.3g}"),
)


def discovery(
    tape: Path,
    /,
    *,
    markets: str | None = None,
    crisis: list[str] | None = None,
    step_ms: float | None = None,
    width_s: float = 60.0,
    json: Path | None = None,
) -> None:
    """Where the price is made, apart for calm and wild times: does the venue lead or follow?

    Args:
        tape: folder of a tape that holds two markets of one underlying with quotes.
        markets: two names by comma, the one asked about first; default the first pair of one underlying.
        crisis: FROM..TO of a crisis, as moments or as minutes from the start such as 1200m..1320m; all else is calm.
            Without it regimes are by volatility of the second market: its calmest half, its wildest fifth, the rest.
        step_ms: grid of the shares; default 100 ms on tapes up to an hour, else 1 s.
        width_s: blocks of time that volatility sorts.
        json: where to write the numbers.
    """
    opened = Tape.open(tape)
    names = None if markets is None else [name.strip() for name in markets.split(",")]
    if names is not None and len(names) != 2:
        raise InputError("--markets", f"is {markets!r}", "two names by comma")
    if step_ms is not None and not 1 <= step_ms <= 3_600_000:
        raise InputError("--step-ms", f"is {step_ms:g}", "1 to 3600000")
    if not 1 <= width_s <= 86_400 * 7:
        raise InputError("--width-s", f"is {width_s:g}", "1 to 604800")
    first, second = two_markets(load(opened), names)
    view = load(opened, instruments=[first, second])
    spans = None if crisis is None else window_regimes(_spans(crisis, view.since, view.until), (view.since, view.until))
    step = None if step_ms is None else round(step_ms * 10**6)
    try:
        found = regimes_of_pair(view, first, second, regimes=spans, step=step, width=round(width_s * 10**9))
    except DomainError as error:
        raise InputError("--width-s", str(error), "shorter blocks, or a longer tape") from error
    if json is not None:
        rows = {regime.name: numbers_of(regime) for regime in found.regimes}
        write_whole(json, msgspec.json.encode({"first": first, "second": second, "regimes": rows}))
    console = Console()
    console.print(f"[bold]{first}[/] against [bold]{second}[/], grid of {found.step / 1e6:g} ms", highlight=False)
    console.print(table_of(found.regimes))
    for note in found.notes:
        console.print(f"[dim]{note}[/]", soft_wrap=True, highlight=False)


def numbers_of(regime: Regime) -> dict[str, Measure]:
    """Measures of a regime by name, all of the first market."""
    shares = regime.shares
    return {
        "volatility": regime.volatility,
        "information_share": shares.information_share[0],
        "information_share_low": shares.information_share_low[0],
        "information_share_high": shares.information_share_high[0],
        "component_share": shares.component_share[0],
        "information_leadership_share": shares.information_leadership_share[0],
        "lead_lag_ms": _in_ms(regime.lead.lead_lag_ns),
        "lead_lag_ratio": regime.lead.llr,
        "touch_ratio": regime.touch_ratio,
    }


def table_of(regimes: list[Regime]) -> Table:
    """A column for each regime, a row for each number of the first market."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("")
    for regime in regimes:
        table.add_column(regime.name, justify="right", no_wrap=True)
    table.add_row("minutes", *(f"{regime.seconds / 60:.1f}" for regime in regimes))
    for label, name, form in ROWS:
        table.add_row(label, *(_said(numbers_of(regime)[name], form) for regime in regimes))
    return table


def _in_ms(lead: Measure) -> Measure:
    value, low, high = (None if ns is None else ns / 1e6 for ns in (lead.value, lead.low, lead.high))
    return msgspec.structs.replace(lead, value=value, low=low, high=high, unit="ms, > 0 the first market leads")


def _said(measure: Measure, form: str = "{:.2f}") -> str:
    if measure.value is None:
        return "unknown"
    value = form.format(measure.value)
    if measure.low is None or measure.high is None:
        return value
    return f"{value} [{form.format(measure.low)}, {form.format(measure.high)}]"


def _spans(crisis: list[str], since: int, until: int) -> Spans:
    """Windows as the user wrote them."""
    found: list[tuple[int, int]] = []
    for text in crisis:
        ends = text.split("..")
        if len(ends) != 2:
            raise InputError("--crisis", f"is {text!r}", "FROM..TO, such as 1200m..1320m")
        first, last = (_moment(end.strip(), since) for end in ends)
        if not since <= first < last <= until:
            raise InputError("--crisis", f"{text!r} is not inside the tape", NO_TIME)
        found.append((first, last))
    found.sort()
    if any(a[1] > b[0] for a, b in pairwise(found)):
        raise InputError("--crisis", "windows overlap", "windows apart from each other")
    return tuple(found)


def _moment(text: str, since: int) -> int:
    if text.endswith("m"):
        try:
            return since + round(float(text[:-1]) * MINUTE)
        except (ValueError, OverflowError) as error:
            raise InputError("--crisis", f"{text!r} is no number of minutes", "such as 1200m") from error
    found = moment("--crisis", text)
    return since if found is None else found
