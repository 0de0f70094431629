"""The measures of a run: their names, units, what they mean, and which way is better."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """``better``: +1 where more is better, -1 where less is, 0 where neither. ``share``: of runs, each 0 or 1."""

    name: str
    title: str
    unit: Literal["USD", "share", "bps", "s", "count"]
    better: int
    about: str
    share: bool = False


MEASURES = (
    Measure(name="survived", title="all makers survive", unit="share", better=1, share=True,
            about="runs in which every maker under test was never liquidated, never out, and ends above maintenance"),
    Measure(name="pnl", title="makers' P&L", unit="USD", better=1, about="change of equity of all makers under test"),
    Measure(name="drawdown", title="drawdown", unit="USD", better=-1,
            about="largest fall of their joint equity from a high"),
    Measure(name="drawdown_share", title="drawdown / capital", unit="share", better=-1,
            about="the same over capital"),
    Measure(name="under_water", title="time under water", unit="share", better=-1,
            about="share of the time in which their joint equity was below an earlier high"),
    Measure(name="uptime", title="uptime", unit="share", better=1, about="mean over makers, whole run"),
    Measure(name="crisis_uptime", title="uptime in the crisis", unit="share", better=1,
            about="mean over makers, inside the crisis window"),
    Measure(name="hedges_refused", title="hedges refused", unit="count", better=-1,
            about="orders of the makers that the leading venue refused or did not fill"),
    Measure(name="leader_down", title="leader down in the crisis", unit="share", better=0,
            about="share of the crisis window in which the leading venue was in an outage"),
    Measure(name="insolvent", title="venue insolvent", unit="share", better=-1, share=True,
            about="runs in which a loss was left that neither its owner nor insurance could pay"),
    Measure(name="unpaid", title="unpaid loss", unit="USD", better=-1, about="that loss, at the end"),
    Measure(name="insurance_used", title="insurance used", unit="USD", better=-1,
            about="paid out for accounts below 0"),
    Measure(name="deleveraged", title="auto-deleveraging", unit="share", better=-1, share=True,
            about="runs in which winners were closed against a bankrupt account"),
    Measure(name="deleveraged_usd", title="deleveraged", unit="USD", better=-1, about="notional closed that way"),
    Measure(name="haircut_usd", title="haircuts", unit="USD", better=-1, about="cut off gains for unpaid losses"),
    Measure(name="taken_over_usd", title="taken over", unit="USD", better=-1,
            about="notional that the backstop vault took"),
    Measure(name="liquidations", title="accounts liquidated", unit="count", better=-1,
            about="accounts with a forced trade"),
    Measure(name="liquidated_usd", title="liquidated", unit="USD", better=-1, about="notional of all forced trades"),
    Measure(name="cascade_usd", title="largest cascade", unit="USD", better=-1,
            about="most forced notional within one moving window"),
    Measure(name="cascade_bps", title="price move in it", unit="bps", better=0,
            about="how far the mark of the first perpetual moved in that window"),
    Measure(name="mark_gap_bps", title="mark off the index", unit="bps", better=-1,
            about="largest distance of the two"),
    Measure(name="fall", title="fall of the price", unit="share", better=0,
            about="largest fall of the first perpetual's reference from a high"),
    Measure(name="spread_before", title="half spread before", unit="bps", better=-1, about="mean before the crisis"),
    Measure(name="spread_crisis", title="half spread in the crisis", unit="bps", better=-1,
            about="mean in the window"),
    Measure(name="spread_after", title="half spread after", unit="bps", better=-1, about="mean after the window"),
    Measure(name="no_market", title="no two-sided market", unit="share", better=-1,
            about="share of the crisis in which the first perpetual had no bid or no ask"),
    Measure(name="depth_before", title="depth before", unit="USD", better=1,
            about="resting near the middle, both sides of all perpetuals, mean before the crisis"),
    Measure(name="depth_crisis", title="depth in the crisis", unit="USD", better=1, about="mean in the window"),
    Measure(name="depth_after", title="depth after", unit="USD", better=1, about="mean after the window"),
    Measure(name="depth_trough", title="depth at its trough", unit="share", better=1,
            about="least depth from the start of the crisis on, over the mean before"),
    Measure(name="depth_half_life", title="depth half back after", unit="s", better=-1,
            about="from the trough to half of what was lost; unknown where it never came back"),
    Measure(name="recovered", title="depth came back", unit="share", better=1, share=True,
            about="runs in which depth never fell by more than a tenth, or came half back before the end"),
    Measure(name="spread_half_life", title="spread half back after", unit="s", better=-1,
            about="from the widest to half of the widening; unknown where it never came back"),
    Measure(name="traded", title="traded", unit="USD", better=0, about="by the makers under test, on the venue"),
)  # fmt: skip
BY_NAME = {item.name: item for item in MEASURES}
