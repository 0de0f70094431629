"""Hawkes processes: orders that bring more orders, of one kind or of several such as buys and sells.

The intensity of mark ``i`` is ``base_i + sum jump_ij e^(-decay (t - s))`` over earlier events at ``s`` of mark ``j``.
An event of mark ``j`` has ``jump_ij / decay`` children of mark ``i`` on average: the branching matrix. Its largest
eigenvalue, the branching ratio, is the share of events that other events caused; from 1 on the process explodes.
Time is in the caller's unit, rates are per that unit.
"""

from dataclasses import dataclass
from math import exp, expm1

import numpy as np
from numpy.typing import ArrayLike, NDArray

from makerscope.errors import DomainError
from makerscope.kernels.dice import streams
from makerscope.models.hawkes_kernels import play, score, waits

Real = NDArray[np.float64]
MOST_EVENTS = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hawkes:
    """A Hawkes process with ``D`` marks and one decay.

    Args:
        base: events of each mark that nothing caused, per unit of time, shape ``(D,)``, > 0.
        jump: ``jump[i, j]``: what an event of mark ``j`` adds to the intensity of mark ``i``, shape ``(D, D)``, >= 0.
        decay: how fast that fades, per unit of time, > 0.

    Raises:
        DomainError: a shape or a value is none of these.

    Examples:
        >>> one = Hawkes(base=[0.8], jump=[[1.2]], decay=2.0)
        >>> one.branching, float(one.rate[0].round(9))
        (0.6, 2.0)
    """

    base: ArrayLike
    jump: ArrayLike
    decay: float

    def __post_init__(self) -> None:
        """Keep arrays, and refuse what is no process."""
        base, jump = (np.ascontiguousarray(x, np.float64) for x in (self.base, self.jump))
        object.__setattr__(self, "base", base)
        object.__setattr__(self, "jump", jump)
        if base.ndim != 1 or not base.size or jump.shape != (base.size, base.size):
            raise DomainError(f"base has shape {base.shape} and jump {jump.shape}; want (D,) and (D, D)")
        known = np.isfinite(base).all() and np.isfinite(jump).all() and np.isfinite(self.decay)
        if not (known and (base > 0).all() and (jump >= 0).all() and self.decay > 0):
            raise DomainError(
                f"base {base.tolist()}, jump {jump.tolist()}, decay {self.decay}; want base > 0, jump >= 0, decay > 0"
            )

    @property
    def offspring(self) -> Real:
        """The branching matrix: mean number of direct children of mark ``i`` of an event of mark ``j``."""
        return np.asarray(self.jump) / self.decay

    @property
    def branching(self) -> float:
        """The branching ratio: the largest absolute eigenvalue of the branching matrix."""
        return float(np.abs(np.linalg.eigvals(self.offspring)).max())

    @property
    def rate(self) -> Real:
        """Mean events of each mark per unit of time, in the long run.

        Raises:
            DomainError: the branching ratio is 1 or more: there is none.
        """
        if self.branching >= 1:
            raise DomainError(f"the branching ratio is {self.branching:.6g}; want below 1: the process explodes")
        base = np.asarray(self.base)
        return np.asarray(np.linalg.solve(np.eye(base.size) - self.offspring, base), np.float64)


def buys_and_sells(*, rate: float, own: float, other: float, decay: float) -> Hawkes:
    """The symmetric process of buys (mark 0) and sells (mark 1).

    Args:
        rate: of both together in the long run, per unit of time.
        own: mean direct children of an order on its own side.
        other: on the other side; ``own + other`` is the branching ratio.
        decay: per unit of time.

    Raises:
        DomainError: a number is out of range, or the branching ratio is 1 or more.

    Examples:
        >>> flow = buys_and_sells(rate=10.0, own=0.5, other=0.2, decay=3.0)
        >>> flow.base.round(9).tolist(), round(flow.branching, 9)
        ([1.5, 1.5], 0.7)
    """
    if not (own >= 0 and other >= 0 and own + other < 1 and rate > 0):
        raise DomainError(f"rate {rate}, own {own}, other {other}; want rate > 0, own, other >= 0 and own + other < 1")
    base = 0.5 * rate * (1.0 - own - other)
    jump = decay * np.array([[own, other], [other, own]])
    return Hawkes(base=np.array([base, base]), jump=jump, decay=decay)


def log_likelihood(model: Hawkes, time: ArrayLike, mark: ArrayLike | None = None, *, end: float) -> float:
    """Log likelihood of all events in (0, ``end``].

    Args:
        model: the process.
        time: of the events, in order, shape ``(n,)``; equal times count in the order they have.
        mark: of each, 0 to D - 1; all 0 where None.
        end: until when one listened, at least the last event.

    Raises:
        DomainError: times run backwards or beyond ``end``, or a mark is not of the model.

    Source:
        Y. Ogata (1978), Ann. Inst. Statist. Math. 30, 243-261; T. Ozaki (1979), same 31, 145-155 (the recursion).

    Examples:
        >>> model = Hawkes(base=[0.8], jump=[[1.2]], decay=2.0)
        >>> round(log_likelihood(model, [0.5, 0.9, 1.0, 2.2, 2.3, 2.35, 4.0], end=5.0), 12)
        -5.520423482842
    """
    t, m = events_of(time, mark, end, np.asarray(model.base).size)
    return value_and_slope(model, t, m, end)[0]


def value_and_slope(model: Hawkes, time: Real, mark: NDArray[np.int64], end: float) -> tuple[float, Real]:
    """Log likelihood and its derivatives by ``base``, ``jump`` (by rows) and ``decay``, of events already checked."""
    base = np.asarray(model.base)
    kinds = base.size
    slope = np.empty(kinds + kinds * kinds + 1)
    jump = np.ascontiguousarray(np.asarray(model.jump).ravel())
    value = score(time, mark, end, base, jump, model.decay, slope, np.empty(kinds), np.empty(kinds))
    return float(value), slope


def residuals(model: Hawkes, time: ArrayLike, mark: ArrayLike | None = None) -> Real:
    """Integrals of the whole intensity from event to event: independent exponentials of mean 1 if the model is true.

    Raises:
        DomainError: see ``log_likelihood``.

    Source:
        Random time change: F. Papangelou (1972), Trans. AMS 165, 483-506; Y. Ogata (1988), J. ASA 83, 9-27.

    Examples:
        >>> model = Hawkes(base=[2.0], jump=[[0.0]], decay=1.0)
        >>> residuals(model, [0.5, 2.0]).tolist()
        [1.0, 3.0]
    """
    base = np.asarray(model.base)
    t, m = events_of(time, mark, np.inf, base.size)
    out = np.empty(t.size)
    jump = np.ascontiguousarray(np.asarray(model.jump).ravel())
    waits(t, m, base, jump, model.decay, np.empty(base.size), out)
    return out


def simulate(model: Hawkes, end: float, *, seed: int) -> tuple[Real, NDArray[np.int64]]:
    """Events in (0, ``end``] by thinning, from an empty past: times and marks.

    Raises:
        DomainError: ``end`` is not above 0, the process explodes, or more than ten million events are expected.

    Source:
        Y. Ogata (1981), IEEE Trans. Information Theory 27, 23-31.

    Examples:
        >>> time, mark = simulate(buys_and_sells(rate=5.0, own=0.4, other=0.1, decay=2.0), 1000.0, seed=1)
        >>> bool(abs(time.size / 5000 - 1) < 0.1), sorted(set(mark.tolist()))
        (True, [0, 1])
    """
    if not 0 < end < np.inf:
        raise DomainError(f"end is {end}; want a time above 0")
    expected = float(model.rate.sum()) * end
    if expected > MOST_EVENTS:
        raise DomainError(f"{expected:.3g} events are expected; want at most {MOST_EVENTS:,}")
    room = int(2 * expected + 1000)
    base, jump = np.asarray(model.base), np.ascontiguousarray(np.asarray(model.jump).ravel())
    while True:
        time, mark = np.empty(room), np.empty(room, np.int64)
        dice = streams(seed, ["hawkes"])
        n, done = play(dice, 0, end, base, jump, model.decay, np.zeros(base.size), time, mark)
        if done:
            return time[:n].copy(), mark[:n].copy()
        room *= 4


def fano(model: Hawkes, window: float | None = None) -> float:
    """Variance over mean of the number of events in a window; of a Poisson process 1, of a clustered one more.

    Args:
        model: of one mark; or the symmetric process of two, whose events together are one of one mark.
        window: of time; None for the limit of long windows, ``1 / (1 - n)^2``.

    Raises:
        DomainError: the columns of ``jump`` do not have equal sums, the process explodes, or the window is not > 0.

    Source:
        A. Hawkes (1971), Biometrika 58, 83-90: ``F = 1 + (2 C / R)(1/k - (1 - e^(-k W))/(k^2 W))`` with
        ``k = decay - alpha``, ``C = R alpha (2 decay - alpha) / (2 k)``.

    Examples:
        >>> round(fano(Hawkes(base=[0.8], jump=[[1.2]], decay=2.0)), 9)
        6.25
    """
    jump = np.asarray(model.jump)
    alphas = jump.sum(axis=0)
    if not np.allclose(alphas, alphas[0], rtol=1e-12, atol=0.0):
        raise DomainError(f"an event adds {alphas.tolist()} by its mark; want the same for all: the law knows one mark")
    alpha, decay = float(alphas[0]), model.decay
    if alpha >= decay:
        raise DomainError(f"the branching ratio is {alpha / decay:.6g}; want below 1: the process explodes")
    if window is None:
        return (1.0 - alpha / decay) ** -2
    if not window > 0:
        raise DomainError(f"window is {window}; want above 0")
    k = decay - alpha
    together = alpha * (2 * decay - alpha) / (2 * k)
    return 1.0 + 2.0 * together * (1.0 / k + expm1(-k * window) / (k * k * window))


def half_life(decay: float) -> float:
    """Time in which excitement falls to half.

    Examples:
        >>> round(half_life(2.0), 6)
        0.346574
    """
    return float(np.log(2.0)) / decay


def sign_correlation(model: Hawkes, lag: float) -> float:
    """Correlation of the signs of two orders of the symmetric process that are ``lag`` apart in time.

    Source:
        Derived from Hawkes (1971): buys less sells excite themselves by ``own - other`` alone, so their covariance
        density is ``R a (2 decay - a) / (2 (decay - a)) e^(-(decay - a) lag)`` with ``a = decay (own - other)``; that
        of all orders has ``own + other`` in its place. The correlation is the first over ``R^2`` plus the second.

    Raises:
        DomainError: the process is not the symmetric one of two marks.

    Examples:
        >>> flow = buys_and_sells(rate=10.0, own=0.5, other=0.0, decay=3.0)
        >>> round(sign_correlation(flow, 0.0), 6), sign_correlation(flow, 50.0) < 1e-9
        (0.183673, True)
    """
    jump, base = np.asarray(model.jump), np.asarray(model.base)
    if base.shape != (2,) or base[0] != base[1] or jump[0, 0] != jump[1, 1] or jump[0, 1] != jump[1, 0]:
        raise DomainError("the process is not symmetric in two marks; want one as of buys_and_sells")
    total = float(model.rate.sum())

    def density(a: float) -> float:
        k = model.decay - a
        return total * a * (2 * model.decay - a) / (2 * k) * exp(-k * lag)

    apart, whole = density(float(jump[0, 0] - jump[0, 1])), density(float(jump[0, 0] + jump[0, 1]))
    return apart / (total * total + whole)


def events_of(time: ArrayLike, mark: ArrayLike | None, end: float, kinds: int) -> tuple[Real, NDArray[np.int64]]:
    """Times and marks as arrays, checked.

    Raises:
        DomainError: see ``log_likelihood``.
    """
    t = np.ascontiguousarray(time, np.float64)
    m = np.zeros(t.shape, np.int64) if mark is None else np.ascontiguousarray(mark, np.int64)
    if t.ndim != 1 or t.shape != m.shape:
        raise DomainError(f"times have shape {t.shape} and marks {m.shape}; want (n,) each")
    if t.size and not (np.isfinite(t).all() and t[0] >= 0 and (np.diff(t) >= 0).all() and t[-1] <= end):
        raise DomainError(f"times run backwards or outside of 0 to {end}; want them in order within")
    if m.size and not (m.min() >= 0 and m.max() < kinds):
        raise DomainError(f"a mark is {m.min()} or {m.max()}; want 0 to {kinds - 1}")
    return t, m
