"""What a reference price is made of, in the words of a scenario, and as the flat arrays compiled code reads.

A price follows Heston's variance with jumps; what must happen on a given day (a crash, a turbulent hour, a drift) is a
shock with a start and an end. All numbers for compiled code are made with this package's own exponential and
logarithm, so that a scenario is the same bits on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from makerscope.errors import DomainError
from makerscope.kernels._jit import kernel
from makerscope.kernels.elementary import exp, log

YEAR_NS = 365 * 86_400 * 10**9
START, VARIANCE, DRIFT, FADE, TOWARDS, OWN, REST, TILT, PULL, RHO, FLAT, YEARS = range(12)
JUMP_RATE, JUMP_KIND, JUMP_UP, JUMP_FIRST, JUMP_SECOND = range(12, 17)
CONSTANTS = 17
NO_JUMPS, NORMAL_JUMPS, TWO_SIDED_JUMPS = 0.0, 1.0, 2.0
LEAST_XI = 1e-12  # below it variance is not random


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalJumps:
    """Jumps of normal size (Merton 1976). ``rate`` a year; ``mean`` and ``deviation`` of the move of log price."""

    rate: float
    mean: float
    deviation: float

    def __post_init__(self) -> None:
        if not (0.0 <= self.rate < np.inf and abs(self.mean) < 5.0 and 0.0 <= self.deviation < 3.0):
            raise DomainError(f"want rate >= 0, |mean| < 5 and 0 <= deviation < 3; got {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoSidedJumps:
    """Jumps of exponential size up or down (Kou 2002).

    ``rate`` a year; ``up_chance`` that one goes up; ``up_mean`` and ``down_mean``: mean size of the move of log price,
    each >= 0, ``up_mean`` below 1 (else the expected price is infinite).
    """

    rate: float
    up_chance: float
    up_mean: float
    down_mean: float

    def __post_init__(self) -> None:
        sound = 0.0 <= self.rate < np.inf and 0.0 <= self.up_chance <= 1.0
        if not (sound and 0.0 <= self.up_mean < 1.0 and 0.0 <= self.down_mean < np.inf):
            raise DomainError(f"want rate, means >= 0, up_mean < 1 and 0 <= up_chance <= 1; got {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Underlying:
    """One price: ``dS/S = drift dt + sqrt(v) dW + jumps``, ``dv = kappa (theta - v) dt + xi sqrt(v) dW'``.

    Args:
        name: names its streams of random numbers.
        spot: first price, quote currency.
        v0: first variance, a year of 365 days (0.36 is a volatility of 60 %).
        theta: variance it returns to, a year.
        kappa: speed of return, a year, > 0.
        xi: volatility of variance, a year; 0 for none.
        rho: correlation of price and variance, strictly between -1 and 1.
        drift: expected rate of return, a year; jumps are compensated.
        jumps: of log price, or None.
    """

    name: str
    spot: float
    v0: float
    theta: float
    kappa: float = 10.0
    xi: float = 0.0
    rho: float = 0.0
    drift: float = 0.0
    jumps: NormalJumps | TwoSidedJumps | None = None

    def __post_init__(self) -> None:
        if not (1e-300 < self.spot < 1e300 and 0.0 <= self.v0 < np.inf and 0.0 <= self.theta < np.inf):
            raise DomainError(f"{self.name}: want spot > 0, v0 and theta >= 0; got {self}")
        if not (0.0 < self.kappa < np.inf and 0.0 <= self.xi < np.inf and abs(self.rho) < 1.0):
            raise DomainError(f"{self.name}: want kappa > 0, xi >= 0, |rho| < 1; got {self}")
        if not abs(self.drift) < np.inf:
            raise DomainError(f"{self.name}: drift is {self.drift}; want a finite rate a year")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shock:
    """From ``start`` to ``end`` (ns) log price moves by ``log_move`` in all, evenly, and volatility is multiplied.

    ``underlying`` is the place of the price. ``volatility`` multiplies the volatility, so variance by its square.
    """

    underlying: int
    start: int
    end: int
    log_move: float = 0.0
    volatility: float = 1.0

    def __post_init__(self) -> None:
        if not (self.underlying >= 0 and self.end > self.start and abs(self.log_move) < 20.0):
            raise DomainError(f"want underlying >= 0, end after start and |log_move| < 20; got {self}")
        if not 0.0 <= self.volatility < 1e3:
            raise DomainError(f"volatility is multiplied by {self.volatility}; want a factor from 0 to 1000")


def flash_crash(
    *, underlying: int = 0, start: int, fall: float, within: int, recovery: float = 0.0, over: int = 1
) -> tuple[Shock, ...]:
    """A crash: the price falls by the fraction ``fall`` within ``within`` ns, then wins ``recovery`` of it back.

    Args:
        underlying: which price.
        start: ns.
        fall: 0.2 is a fall of 20 %, -0.2 a rise.
        within: ns of the fall.
        recovery: share of what was lost that comes back, 1 is all.
        over: ns of the recovery.

    Examples:
        >>> down, up = flash_crash(start=0, fall=0.5, within=10, recovery=1.0, over=20)
        >>> round(down.log_move, 6), round(up.log_move, 6), up.end
        (-0.693147, 0.693147, 30)
    """
    if not (-10.0 < fall < 1.0 and 0.0 <= recovery <= 10.0):
        raise DomainError(f"want -10 < fall < 1 and recovery >= 0; got {fall}, {recovery}")
    low, end = logarithm(1.0 - fall), start + within
    down = Shock(underlying=underlying, start=start, end=end, log_move=low)
    if recovery == 0.0:
        return (down,)
    back = logarithm(1.0 - fall + fall * recovery) - low
    return down, Shock(underlying=underlying, start=end, end=end + over, log_move=back)


class ReferencePlan(NamedTuple):
    """Flat arrays of ``n`` prices for ``reference.advance``.

    ``constants`` float64 ``(n, CONSTANTS)``; ``mix`` float64 ``(n, n)``, lower triangle: makes correlated numbers of
    independent ones; ``when`` int64 ``(s, 3)``: underlying, start, end of each shock; ``what`` float64 ``(s, 2)``: its
    log move a ns, its factor of volatility; ``step`` ns of the grid.
    """

    constants: NDArray[np.float64]
    mix: NDArray[np.float64]
    when: NDArray[np.int64]
    what: NDArray[np.float64]
    step: int


def plan_of(
    underlyings: Sequence[Underlying],
    *,
    step: int,
    correlation: Sequence[Sequence[float]] | None = None,
    shocks: Sequence[Shock] = (),
) -> ReferencePlan:
    """Lay out prices for compiled code.

    Args:
        underlyings: at least one.
        step: ns of the grid.
        correlation: of the Brownian motions of the prices, ``(n, n)``; None for none.
        shocks: what is scheduled; those of one time add up.

    Raises:
        DomainError: no price, no positive step, a matrix that is no correlation, a shock of a price that is not there.
    """
    n = len(underlyings)
    if n == 0 or step < 1:
        raise DomainError(f"{n} prices on a grid of {step} ns; want at least one and a step of 1 or more")
    lost = next((shock for shock in shocks if shock.underlying >= n), None)
    if lost is not None:
        raise DomainError(f"a shock is for price {lost.underlying}; want one of 0 to {n - 1}")
    when = np.array([(one.underlying, one.start, one.end) for one in shocks], np.int64).reshape(-1, 3)
    what = np.array([(one.log_move / (one.end - one.start), one.volatility) for one in shocks]).reshape(-1, 2)
    constants = np.array([_constants(one, step) for one in underlyings])
    return ReferencePlan(constants, mixing(np.eye(n) if correlation is None else correlation), when, what, step)


def mixing(correlation: Sequence[Sequence[float]] | NDArray[np.float64]) -> NDArray[np.float64]:
    """The lower triangle ``L`` with ``L L' = correlation`` (Cholesky), in plain sums: the same bits everywhere.

    Examples:
        >>> mixing([[1.0, 0.6], [0.6, 1.0]]).tolist()
        [[1.0, 0.0], [0.6, 0.8]]
    """
    given = np.asarray(correlation, np.float64)
    n = given.shape[0]
    if given.shape != (n, n) or not (np.array_equal(given, given.T) and np.all(np.diag(given) == 1.0)):
        raise DomainError("a correlation is not a symmetric matrix with ones on its diagonal")
    lower = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            left = float(given[i, j])
            for m in range(j):
                left -= float(lower[i, m] * lower[j, m])
            if i != j:
                lower[i, j] = left / lower[j, j] if lower[j, j] > 0.0 else 0.0
                if lower[j, j] == 0.0 and abs(left) > 1e-12:
                    raise DomainError("a correlation is not positive semidefinite")
            elif left < -1e-12:
                raise DomainError("a correlation is not positive semidefinite")
            else:
                lower[i, i] = np.sqrt(max(left, 0.0)) if left > 1e-12 else 0.0
    return lower


def _constants(one: Underlying, step: int) -> list[float]:
    """Numbers of one step of the scheme; their places are named at the top."""
    dt = step / YEAR_NS
    lost = one_less_exponential(one.kappa * dt)  # 1 - exp(-kappa dt)
    kept = 1.0 - lost
    random = one.xi > LEAST_XI
    jumps, growth = _jumps(one.jumps)
    row = [0.0] * CONSTANTS
    row[START], row[VARIANCE], row[YEARS] = one.spot, one.v0, dt
    row[DRIFT] = (one.drift - jumps[0] * growth) * dt
    row[FADE], row[TOWARDS] = kept, one.theta * lost
    row[OWN] = one.xi * one.xi * kept * lost / one.kappa if random else 0.0
    row[REST] = 0.5 * one.theta * one.xi * one.xi * lost * lost / one.kappa if random else 0.0
    row[TILT] = one.rho / one.xi if random else 0.0
    row[PULL] = one.kappa * dt
    row[RHO] = one.rho if random else 0.0
    row[FLAT] = float(np.sqrt(1.0 - row[RHO] * row[RHO]))
    row[JUMP_RATE:] = jumps
    return row


def _jumps(jumps: NormalJumps | TwoSidedJumps | None) -> tuple[list[float], float]:
    """Rate, kind and sizes; and the expected growth ``E exp(J) - 1`` of one jump."""
    if jumps is None or jumps.rate == 0.0:
        return [0.0, NO_JUMPS, 0.0, 0.0, 0.0], 0.0
    if isinstance(jumps, NormalJumps):
        growth = exponential_of(jumps.mean + 0.5 * jumps.deviation**2) - 1.0
        return [jumps.rate, NORMAL_JUMPS, 0.0, jumps.mean, jumps.deviation], growth
    up = jumps.up_chance / (1.0 - jumps.up_mean)
    growth = up + (1.0 - jumps.up_chance) / (1.0 + jumps.down_mean) - 1.0
    return [jumps.rate, TWO_SIDED_JUMPS, jumps.up_chance, jumps.up_mean, jumps.down_mean], growth


def one_less_exponential(x: float) -> float:
    """``1 - exp(-x)`` for ``x >= 0``, also where it is small.

    Examples:
        >>> one_less_exponential(1e-12), round(one_less_exponential(1.0), 6)
        (9.999999999995e-13, 0.632121)
    """
    if x > 1e-2:
        return 1.0 - exponential_of(-x)
    total = 0.0
    for i in range(7, 0, -1):
        total = x / i * (1.0 - total)
    return total


@kernel
def exponential_of(x: float) -> float:
    """The exponential, the same bits on every machine."""
    return exp(x, 0.0)


@kernel
def logarithm(x: float) -> float:
    """The natural logarithm, the same bits on every machine."""
    return log(x)
