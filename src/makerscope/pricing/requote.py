"""Quote a whole option chain again after the spot moved: surface volatility, price, Greeks, bid and ask in ticks.

A ``Board`` holds what does not change from one quote to the next: strikes, expiries, the SVI slices, and the carry
``forward / spot`` of each expiry. ``requote`` then needs the new spot and the ``Terms`` of quoting, and answers for all
series in one call, 2,000 of them in some 20 millionths of a second. Total variance stays with log-moneyness, so the
smile moves with the forward (sticky delta); time stands still between two boards: make a new one when expiries have
come closer or the surface was fitted again.

::

    theory = Black's price of strike K at forward = spot * carry, volatility sqrt(w(ln(K / forward)) / expiry)
    middle = theory + lean_delta * delta + lean_vega * vega
    half   = max(half_volatility * vega, least_half)
    bid    = the tick at or below middle - half            ask = the tick at or above middle + half, above the bid
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.kernels import requote as kernel
from makerscope.pricing.surface import Surface

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """Every series of one underlying, laid out for ``requote``; made by ``board_of``, arrays read-only.

    Args:
        columns: float64 ``(kernels.requote.ROWS, n)``.
    """

    columns: Floats

    @property
    def size(self) -> int:
        """Number of series."""
        return self.columns.shape[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How to quote around the theory.

    Args:
        tick: of the premium, in the currency it is paid in (coin for ``coin``).
        half_volatility: half width in volatility (0.01 is one point).
        least_half: half width that is never undercut, quote currency.
        lean_delta: added to the middle for each unit of delta, quote currency; below 0 it sells delta.
        lean_vega: added to the middle for each unit of vega, as a volatility; below 0 it sells vega.
        coin: premiums are in coin, ``price / forward``.
        coarse: tick of larger premiums, in ticks; 1 for one tick everywhere.
        coarse_from: premium, in ticks, from which ``coarse`` holds, a multiple of it.

    Raises:
        DomainError: a number is not finite, a tick is not positive, or a width is negative.
    """

    tick: float
    half_volatility: float
    least_half: float = 0.0
    lean_delta: float = 0.0
    lean_vega: float = 0.0
    coin: bool = False
    coarse: int = 1
    coarse_from: int = 0

    def __post_init__(self) -> None:
        numbers = (self.tick, self.half_volatility, self.least_half, self.lean_delta, self.lean_vega)
        sound = np.all(np.isfinite(numbers)) and self.tick > 0 and 1 / self.tick < kernel.HIGHEST
        if not sound or self.half_volatility < 0 or self.least_half < 0:
            raise DomainError(f"want finite numbers, a tick above 0 and widths of 0 or more; got {self}")
        if self.coarse < 1 or self.coarse_from < 0 or self.coarse_from % self.coarse:
            raise DomainError(f"want coarse >= 1 and coarse_from a multiple of it; got {self}")


@dataclass(frozen=True, slots=True, eq=False)
class Requoted:
    """What ``requote`` answers; arrays ``(n,)`` in the order of the board.

    Args:
        numbers: float64 ``(7, n)``, read by name below; units as in ``pricing.black``, in quote currency also where
            premiums are in coin.
        ticks: int64 ``(2, n)``: bids and asks, whole ticks of ``Terms.tick``; a bid of 0 is no bid.
    """

    numbers: Floats
    ticks: Ints

    @property
    def volatility(self) -> Floats:
        """Of the surface, a year, fraction."""
        return self.numbers[kernel.VOLATILITY]

    @property
    def price(self) -> Floats:
        """Black's, undiscounted, quote currency per unit of underlying."""
        return self.numbers[kernel.PRICE]

    @property
    def delta(self) -> Floats:
        """dP/dF."""
        return self.numbers[kernel.DELTA]

    @property
    def gamma(self) -> Floats:
        """d2P/dF2."""
        return self.numbers[kernel.GAMMA]

    @property
    def vega(self) -> Floats:
        """dP/dsigma, per 1.00."""
        return self.numbers[kernel.VEGA]

    @property
    def vanna(self) -> Floats:
        """d2P/dF dsigma."""
        return self.numbers[kernel.VANNA]

    @property
    def volga(self) -> Floats:
        """d2P/dsigma2."""
        return self.numbers[kernel.VOLGA]

    @property
    def bid(self) -> Ints:
        """Ticks, 0 for no bid."""
        return self.ticks[kernel.BID]

    @property
    def ask(self) -> Ints:
        """Ticks, above the bid."""
        return self.ticks[kernel.ASK]


def board_of(
    surface: Surface, forwards: ArrayLike, spot: float, *, strike: ArrayLike, expiry: ArrayLike, is_call: ArrayLike
) -> Board:
    """Lay out the series of one underlying for ``requote``.

    Args:
        surface: SVI slices; every series has the expiry of one of them.
        forwards: of each expiry of the surface, quote currency, ``(expiries,)``.
        spot: at the same time; any price that moves with all forwards in proportion.
        strike: K of each series, quote currency, ``(n,)``.
        expiry: place of each series in ``surface.expiries``, ``(n,)``.
        is_call: True for a call, ``(n,)``.

    Raises:
        DomainError: shapes disagree, a price is not positive and finite, a place is none of the surface's, or a slice
            is no SVI of positive variance.
    """
    K, place, call = np.asarray(strike, np.float64), np.asarray(expiry), np.asarray(is_call)
    F = np.asarray(forwards, np.float64)
    if not (K.ndim == 1 and K.shape == place.shape == call.shape and F.shape == surface.expiries.shape):
        raise DomainError(f"shapes {K.shape}, {place.shape}, {call.shape} of series and {F.shape} of forwards disagree")
    if call.dtype != np.bool_ or not np.issubdtype(place.dtype, np.integer):
        raise DomainError(f"is_call has type {call.dtype} and expiry {place.dtype}; want bool and integers")
    if np.any((place < 0) | (place >= F.size)):
        raise DomainError(f"an expiry is none of the surface's {F.size}")
    for name, prices in (("strike", K), ("forward", F), ("spot", np.array([spot]))):
        if not np.all((prices > kernel.LOWEST) & (prices < kernel.HIGHEST)):
            raise DomainError(f"a {name} is not a finite number above 0")
    a, b, rho, m, sigma = surface.parameters.T
    if not np.all((b >= 0) & (np.abs(rho) <= 1) & (sigma > 0) & (a + b * sigma * np.sqrt(1 - rho * rho) > 0)):
        raise DomainError("a slice is no SVI of positive variance; want b >= 0, |rho| <= 1, sigma > 0, w > 0")
    columns = np.empty((kernel.ROWS, K.size))
    carry = F / spot
    columns[kernel.STRIKE] = K
    columns[kernel.MONEYNESS] = np.log(K) - np.log(carry)[place]
    columns[kernel.CARRY] = carry[place]
    columns[kernel.CALL] = call
    columns[kernel.ROOT] = np.sqrt(surface.expiries)[place]
    for row, values in zip(
        (kernel.LEVEL, kernel.WINGS, kernel.TILT, kernel.PLACE, kernel.CURVE), (a, b, rho, m, sigma**2), strict=True
    ):
        columns[row] = values[place]
    columns.flags.writeable = False
    return Board(columns)


def requote(board: Board, spot: float, terms: Terms, *, into: Requoted | None = None) -> Requoted:
    """Surface volatility, price, Greeks, bid and ask of every series of ``board`` at a new ``spot``.

    Args:
        board: the series.
        spot: quote currency; each forward is it times the carry of its expiry.
        terms: how to quote around the theory.
        into: an earlier answer for a board of this size, whose arrays are written over; new ones by default.

    Raises:
        DomainError: the spot is not a finite number above 0, ``into`` has another size, or a price leaves the range of
            ticks (2^53).

    Source:
        F. Black (1976), eq. (16); J. Gatheral, A. Jacquier (2014), raw SVI.

    Examples:
        >>> from makerscope.pricing.surface import surface_of
        >>> from makerscope.pricing.svi import RawSvi
        >>> flat = surface_of([0.25], [RawSvi(0.16, 0.0, 0.0, 0.0, 1.0)])
        >>> board = board_of(flat, [100.0], 100.0, strike=[90.0, 110.0], expiry=[0, 0], is_call=[False, True])
        >>> quotes = requote(board, 100.0, Terms(tick=0.01, half_volatility=0.005))
        >>> quotes.price.round(6), quotes.bid, quotes.ask
        (array([10.571275, 12.108139]), array([1048, 1200]), array([1067, 1221]))
    """
    if not kernel.LOWEST < spot < kernel.HIGHEST:
        raise DomainError(f"spot is {spot}; want a finite number above 0")
    n = board.size
    if into is None:
        into = Requoted(np.empty((kernel.ANSWERS, n)), np.empty((2, n), np.int64))
    elif into.ticks.shape[1] != n:
        raise DomainError(f"an answer for {into.ticks.shape[1]} series is given for a board of {n}")
    margins = (terms.half_volatility, terms.least_half, terms.lean_delta, terms.lean_vega)
    outside = kernel.requote(
        board.columns, float(spot), terms.coin, 1.0 / terms.tick, *map(float, margins), float(terms.coarse),
        float(terms.coarse_from), into.numbers, into.ticks,
    )  # fmt: skip
    if outside:
        raise DomainError(f"at spot {spot} the prices of {outside} of {n} series leave the range that can be quoted")
    return into
