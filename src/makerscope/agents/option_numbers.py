# ruff: noqa: E501 - one number a line
"""The numbers of an option maker: what each means, its unit and its bounds, and where it stands in ``self.params``."""

from types import MappingProxyType

from makerscope.agents.kind import Number

POINT, HOUR, MINUTE, SECOND = 0.01, 1.0 / 8760.0, 60 * 10**9, 10**9
NUMBERS = MappingProxyType({
    "underlying": Number(default=0, low=0, high=255, about="whose options it quotes, by its place in the scenario"),
    "size": Number(default=10, low=1, high=1e12, about="lots a side of each series"),
    "limit": Number(default=100, low=1, high=1e15, about="largest position in one series, lots; beyond it one side only"),
    "vega_limit": Number(default=50000, low=1e-9, high=1e15, about="net vega beyond which no side adds to it, USD for one point"),
    "gamma": Number(default=5e-4, low=1e-15, high=1e3, about="risk aversion, one over USD: a variance of X USD^2 costs gamma X / 2"),
    "alpha": Number(default=0.7, low=-20, high=20, about="demand: a client trades with chance 1 / (1 + exp(alpha + beta x)), x points from the fair volatility"),
    "beta": Number(default=1.5, low=1e-3, high=1e3, about="demand: how fast it falls, one over a volatility point"),
    "per_hour": Number(default=5, low=1e-6, high=1e9, about="clients an hour and side of each series, at any price"),
    "vol_of_vol": Number(default=1, low=1e-6, high=50, about="of variance (Heston's xi), annual: what vega risks"),
    "delta_hours": Number(default=1, low=0, high=1e5, about="how long it expects to carry a delta, hours; 0: it does not lean against delta"),
    "hedge_hours": Number(default=1, low=0, high=1e5, about="time between hedges, hours: what gamma risks in series below short_days"),
    "short_days": Number(default=7, low=0, high=3650, about="days to expiry below which gamma counts"),
    "arb": Number(default=0.25, low=0, high=10, about="share of the drift of realised against implied variance that it believes in"),
    "arb_hours": Number(default=24, low=0, high=1e5, about="how long it expects to hold an option, hours: that drift counts so long"),
    "arb_cap": Number(default=1, low=0, high=100, about="most that tilts a series, volatility points"),
    "memory_hours": Number(default=1, low=1e-3, high=1e4, about="half life of its forecast of realised variance, hours"),
    "edge_vol": Number(default=0.1, low=0, high=100, about="least distance from what a side is worth to it, volatility points"),
    "edge_ticks": Number(default=0, low=0, high=1e6, about="the same in ticks; the larger holds"),
    "fit_s": Number(default=60, low=0.001, high=1e6, about="how often it fits its surface, s"),
    "book": Number(default=0, low=0, high=1, about="0: fits the venue's volatilities; 1: others' two-sided quotes, with those as wide ones"),
    "sticky": Number(default=0.5, low=0, high=1, about="between fits the volatility stays with 0 the delta, 1 the strike, between them a part of each"),
    "carry": Number(default=0, low=-5, high=5, about="forward over spot, a year: F = S exp(carry T)"),
    "tolerance": Number(default=1, low=1, high=1e6, about="a quote less than so many ticks from where it should be stays, unless it is through the fair value"),
    "budget": Number(default=0, low=0, high=1e5, about="most messages a decision, those worth most first; 0: any number"),
    "pull_vega": Number(default=0, low=0, high=1e15, about="vega filled within pull_s that makes it leave the market, USD for one point; 0: never"),
    "pull_s": Number(default=1, low=0.001, high=1e6, about="interval of its own protection, s"),
    "rest_s": Number(default=10, low=0.001, high=1e6, about="how long it stays away then, or when the venue has frozen it, s"),
    "stop_minutes": Number(default=30, low=0, high=1e6, about="it does not quote a series this near its expiry, minutes"),
})  # fmt: skip
(
    UNDER, SIZE, LIMIT, VEGA_LIMIT, RISK, DEMAND, STEEP, PER_HOUR, XI, DELTA_HOURS, HEDGE_HOURS, SHORT_DAYS, ARB_SHARE,
    ARB_HOURS, ARB_CAP, MEMORY, EDGE_VOL, EDGE_TICK, FIT_S, BOOK, STICKY, CARRY, TOLERANCE, BUDGET, PULL_VEGA, PULL_S,
    REST_S, STOP,
) = range(28)  # fmt: skip
