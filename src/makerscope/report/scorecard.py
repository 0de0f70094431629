"""The scorecard: one JSON document that says everything a report shows. Version it when a field changes its meaning.

``docs/scorecard.schema.json`` is the JSON Schema of these classes. Times are ns since 1970 UTC; money is exact decimal
text in its token, with a float beside it for drawing; measures carry unit, count, interval and reason.
"""

from typing import Literal

import msgspec

from makerscope.metrics.measure import Measure
from makerscope.metrics.quality import Quality

SCHEMA = "makerscope.scorecard/1"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for. ``forced``: the recording failed the quality gate and was measured all the same."""

    since: int
    until: int
    instruments: tuple[str, ...]
    makers: tuple[str, ...]
    horizons: tuple[int, ...]
    max_age: int
    adverse_horizon: int
    bucket: int
    forced: bool


class SessionFact(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which a channel was recorded, on the clock its instrument is measured on."""

    instrument: str
    channel: str
    start: int
    end: int


class TapeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured. ``fills`` has one row for each meeting of a maker and a taker."""

    name: str
    source: str
    evidence_root: str
    first_time: int
    last_time: int
    rows: dict[str, int]
    venues: tuple[str, ...]
    instruments: int
    sessions: tuple[SessionFact, ...]


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """Something a reader should act on. ``level``: bad, warn or info; ``page`` is where the numbers stand."""

    level: Literal["bad", "warn", "info"]
    subject: str
    text: str
    page: str = ""
    weight: float = 0.0


class MarkoutRow(msgspec.Struct, frozen=True, kw_only=True):
    """Markout at one horizon, bps of the mid at the trade, maker's view: ``markout = capture + price_move``."""

    horizon: int
    markout: Measure
    capture: Measure
    price_move: Measure
    buys: Measure
    sells: Measure
    fills: int
    past_end: int
    stale: int


class FeeRow(msgspec.Struct, frozen=True, kw_only=True):
    """Fees of one role in one token; tokens are never added. ``net`` is paid minus received."""

    role: str
    token: str
    paid: str
    received: str
    net: str
    bps: Measure


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One leg of a P&L identity; ``amount`` is exact, None where it cannot be measured and ``note`` says why."""

    name: str
    amount: str | None
    value: float | None
    bps: float | None
    low: float | None = None
    high: float | None = None
    note: str = ""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """The P&L identity in one token: the legs add up to the change of equity, ``residual`` is what they miss by."""

    token: str
    decimals: int
    legs: tuple[Leg, ...]
    equity_change: str
    residual: str
    notional: float
    marked_at: tuple[str, ...]
    notes: tuple[str, ...]


class Path(msgspec.Struct, frozen=True, kw_only=True):
    """Values over time."""

    name: str
    unit: str
    times: tuple[int, ...]
    values: tuple[float | None, ...]


class FillQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Where a maker's fills were against the best price of its side just before, and how many are unknown."""

    inside: int
    at_touch: int
    behind: int
    through: int
    unknown: int


class GreeksCell(msgspec.Struct, frozen=True, kw_only=True):
    """What options of one bucket of tenor and delta made, token; hedges and options of unknown delta have none."""

    tenor: str | None
    delta: str | None
    values: dict[str, float]
    equity_change: str


class GreeksCard(msgspec.Struct, frozen=True, kw_only=True):
    """The P&L of an option book in one token by Greek: the legs, ``residual`` among them, add to ``equity_change``.

    ``legs`` are of sticky strikes; ``sticky_delta`` are vega and vanna where the smile moves with the forward instead,
    all others are the same. ``residual_share`` is of the sum of the absolute legs of all cells. Without legs ``reason``
    says why.
    """

    token: str
    decimals: int
    legs: tuple[Leg, ...]
    equity_change: str
    residual: str
    residual_share: float | None
    sticky_delta: dict[str, str]
    cells: tuple[GreeksCell, ...]
    volatility: str
    notes: tuple[str, ...]
    reason: str = ""


class MakerCard(msgspec.Struct, frozen=True, kw_only=True):
    """One maker: what it earned, why, and what is wrong."""

    maker: str
    rank: int
    fills: int
    taker_fills: int
    instruments: int
    quote: str
    notional: float
    share: Measure
    headline: str
    statements: tuple[Statement, ...]
    markouts: tuple[MarkoutRow, ...]
    fees: tuple[FeeRow, ...]
    quality: FillQuality
    measures: dict[str, Measure]
    paths: tuple[Path, ...]
    uptime_strip: Path | None
    by_instrument: tuple[tuple[str, int, float, float | None], ...]
    reference: tuple[str, ...]
    missing: tuple[str, ...]
    greeks: tuple[GreeksCard, ...] = ()


class DepthRow(msgspec.Struct, frozen=True, kw_only=True):
    """Depth within a band of the mid, in quote currency, time-weighted.

    ``truncated`` is the share of time in which the recorded levels ended inside the band: then depth is a lower bound.
    """

    band_bps: float
    bid: Measure
    ask: Measure
    smaller: Measure
    truncated: float


class SlippageRow(msgspec.Struct, frozen=True, kw_only=True):
    """Cost of an order of ``notional`` against the mid, bps, by side and for the round trip."""

    notional: float
    buy: Measure
    sell: Measure
    round_trip: Measure
    filled: float


class Heat(msgspec.Struct, frozen=True, kw_only=True):
    """A matrix over time: ``values[row][column]``, one column a time."""

    name: str
    unit: str
    times: tuple[int, ...]
    rows: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]


class InstrumentCard(msgspec.Struct, frozen=True, kw_only=True):
    """One market: how good its liquidity was, whoever made it."""

    instrument: str
    kind: str
    quote: str
    facts: str
    clock: str
    reference: str
    notional: float
    fills: int
    orders: int
    makers: int | None
    measures: dict[str, Measure]
    markouts: tuple[MarkoutRow, ...]
    depth: tuple[DepthRow, ...]
    slippage: tuple[SlippageRow, ...]
    paths: tuple[Path, ...]
    heat: Heat | None
    by_hour: tuple[tuple[int, float | None, int], ...]
    outages: tuple[tuple[int, int], ...]
    missing: tuple[str, ...]


class PairCard(msgspec.Struct, frozen=True, kw_only=True):
    """Two markets of one underlying: which moves first, and where the price is found."""

    first: str
    second: str
    clock: str
    measures: dict[str, Measure]
    lags: tuple[int, ...]
    correlations: tuple[float | None, ...]
    notes: tuple[str, ...]


class PoolCard(msgspec.Struct, frozen=True, kw_only=True):
    """One AMM pool."""

    instrument: str
    facts: str
    measures: dict[str, Measure]
    paths: tuple[Path, ...]
    notes: tuple[str, ...]


class SmileCard(msgspec.Struct, frozen=True, kw_only=True):
    """The smile of one expiry: volatilities in per cent over strikes, and the fitted slice.

    ``refused`` counts the quotes that were not used by reason; ``rmse`` and ``half_width`` (median) are volatility
    points.
    """

    label: str
    expiry: int
    tenor: float
    strikes: tuple[float, ...]
    bid: tuple[float | None, ...]
    ask: tuple[float | None, ...]
    mid: tuple[float | None, ...]
    fit_strikes: tuple[float, ...]
    fit: tuple[float | None, ...]
    kind: str
    used: int
    refused: dict[str, int]
    rmse: float | None
    half_width: float | None


class SurfaceCard(msgspec.Struct, frozen=True, kw_only=True):
    """The certified surface: volatility in per cent over moneyness (standard deviations) and expiry.

    ``found`` are arbitrages of the raw fit, in words; ``left`` counts those of the surface shown; ``moved`` is by how
    many volatility points the repair moved it at most; ``least_g`` and ``least_gap`` are the smallest density factor
    and the smallest rise of total variance that a search over ``checked`` places found. ``executable`` are trades that
    the quotes would pay before fees, ``unsearched`` says which were not looked for, and why.
    """

    moneyness: tuple[float, ...]
    expiries: tuple[float, ...]
    labels: tuple[str, ...]
    volatility: tuple[tuple[float | None, ...], ...]
    found: tuple[str, ...]
    left: int
    how: str
    moved: float
    least_g: float
    least_gap: float | None
    checked: int
    executable: tuple[str, ...]
    unsearched: tuple[str, ...] = ()


class GridCard(msgspec.Struct, frozen=True, kw_only=True):
    """One measure by tenor (rows) and delta (columns)."""

    name: str
    unit: str
    tenors: tuple[str, ...]
    deltas: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]


class AlarmCard(msgspec.Struct, frozen=True, kw_only=True):
    """How far liquidity left the market at each snapshot, the threshold, and the snapshots named."""

    times: tuple[int, ...]
    scores: tuple[float | None, ...]
    threshold: float | None
    named: tuple[tuple[int, str], ...]
    rule: str


class PremiumRow(msgspec.Struct, frozen=True, kw_only=True):
    """Implied less realised volatility over the same time, volatility points.

    ``over``: ``after`` (the days that the implied volatility looks at) or ``before`` (the days up to it). ``implied``
    and ``realised`` are means in per cent over the ``snapshots`` that have both; ``size`` is the root mean square.
    """

    over: Literal["after", "before"]
    snapshots: int
    implied: float | None
    realised: float | None
    premium: Measure
    size: Measure


class ForecastRow(msgspec.Struct, frozen=True, kw_only=True):
    """One forecaster: its mean loss (QLIKE) out of sample, and the volatility it says of the next period, per cent."""

    name: str
    loss: Measure
    following: float | None


class ForecastCard(msgspec.Struct, frozen=True, kw_only=True):
    """Forecasts of realised volatility a period ahead, best first; ``gain`` of the best over the baseline.

    ``period`` is in ns. Without rows ``reason`` says why.
    """

    period: int | None
    periods: int
    rows: tuple[ForecastRow, ...]
    best: str
    baseline: str
    gain: Measure
    reason: str = ""


class VolatilityCard(msgspec.Struct, frozen=True, kw_only=True):
    """Implied beside realised volatility over ``horizon`` (ns), per cent a year; where it is None, ``reason`` says why.

    ``times`` are snapshots; ``after`` and ``before`` were realised in the horizon behind each and up to it.
    """

    horizon: int | None
    times: tuple[int, ...]
    implied: tuple[float | None, ...]
    after: tuple[float | None, ...]
    before: tuple[float | None, ...]
    premiums: tuple[PremiumRow, ...]
    notes: tuple[str, ...]
    forecast: ForecastCard
    reason: str = ""


class OptionsCard(msgspec.Struct, frozen=True, kw_only=True):
    """The option chains of one underlying, over all its snapshots; smiles and surface are of the snapshot ``shown``."""

    underlying: str
    snapshots: int
    shown: int
    measures: dict[str, Measure]
    grids: tuple[GridCard, ...]
    smiles: tuple[SmileCard, ...]
    surface: SurfaceCard | None
    alarm: AlarmCard | None
    paths: tuple[Path, ...]
    notes: tuple[str, ...]
    volatility: VolatilityCard | None = None


class Scorecard(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a report says."""

    schema: str
    makerscope: str
    title: str
    options: Options
    tape: TapeFacts
    quality: Quality
    rules: tuple[str, ...]
    attention: tuple[Attention, ...]
    liquidations: int
    concentration: dict[str, Measure]
    fees: tuple[FeeRow, ...]
    instruments: tuple[InstrumentCard, ...]
    makers: tuple[MakerCard, ...]
    makers_in_all: int
    pairs: tuple[PairCard, ...]
    pools: tuple[PoolCard, ...]
    chains: tuple[OptionsCard, ...]
    missing: tuple[str, ...]


def to_json(card: Scorecard) -> bytes:
    """The scorecard as JSON; the same card gives the same bytes."""
    return msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n"


def from_json(text: bytes) -> Scorecard:
    """A scorecard that was written by ``to_json``. Raises ``msgspec.DecodeError`` on anything else."""
    return msgspec.json.decode(text, type=Scorecard)


def json_schema() -> dict[str, object]:
    """The JSON Schema of the scorecard."""
    return msgspec.json.schema(Scorecard)
