"""What theory says about speed: who is picked off under which ordering, and what a delay costs. Plain Python, slow.

These are the yardsticks of the simulated chain, not part of it.
"""

from math import erfc, exp, log, pi, sqrt

from makerscope.errors import DomainError


def pickoff_probability(lag: float, *, policy: str, block: float = 0.0, bump: float = 0.0) -> float:
    """Probability that a taker executes before the maker's cancel that arrives ``lag`` seconds after it.

    Args:
        lag: D, seconds by which the cancel arrives later than the taker; 0 or less: it comes first.
        policy: ``"cancel-first"`` (class sort or a batch auction: inside a block cancels come first, block boundaries
            fall uniformly) or ``"first-come"``.
        block: tau, length of a block in seconds; only for ``"cancel-first"``.
        bump: b, seconds by which takers are delayed; in a ``"cancel-first"`` chain it shortens the lag.

    Returns:
        ``min(1, (D - b) / tau)``, or 1 if ``D > b`` for ``"first-come"``; 0 where the cancel arrives in time.

    Raises:
        DomainError: another policy, or a negative block or bump.

    Source:
        Derived: the taker survives only if a boundary falls between the two arrivals.

    Examples:
        >>> round(pickoff_probability(0.02, policy="cancel-first", block=0.1), 12)
        0.2
        >>> pickoff_probability(0.02, policy="first-come"), pickoff_probability(0.02, policy="first-come", bump=0.3)
        (1.0, 0.0)
    """
    if policy not in {"cancel-first", "first-come"} or block < 0 or bump < 0:
        raise DomainError(f"want cancel-first or first-come, block and bump >= 0; got {policy}, {block}, {bump}")
    behind = lag - bump
    if behind <= 0:
        return 0.0
    return min(1.0, behind / block) if policy == "cancel-first" and block > 0 else 1.0


def sniping_equilibrium(invest_rate: float, jump_rate: float, mean_jump: float) -> tuple[float, float]:
    """Half spread at which makers break even against snipers, and the prize of the race.

    Args:
        invest_rate: arrivals of investors per unit of time, each trading one lot.
        jump_rate: jumps of the value per unit of time.
        mean_jump: mean size of a jump (exponential), in price.

    Returns:
        (half spread in price, prize in price per unit of time). The number of fast traders does not enter.

    Raises:
        DomainError: an argument is not positive.

    Source:
        Budish, Cramton and Shim (2015), Quarterly Journal of Economics 130, 1547-1621:
        ``invest_rate h = jump_rate E[(J - h)+]``; exponential jumps: ``h e^(h / mean) = mean jump_rate / invest_rate``.

    Examples:
        >>> round(sniping_equilibrium(1.0, 1.0, 1.0)[0], 7)
        0.5671433
    """
    if not (invest_rate > 0 and jump_rate > 0 and mean_jump > 0):
        raise DomainError(f"want positive rates and jumps; got {invest_rate}, {jump_rate}, {mean_jump}")
    half = mean_jump * _lambert(jump_rate / invest_rate)
    return half, invest_rate * half


def _lambert(x: float) -> float:
    """W(x) for x > 0: the w with ``w e^w = x``, by Newton from above."""
    w = log(1.0 + x)
    for _ in range(60):
        step = (w - x * exp(-w)) / (1.0 + w)
        w -= step
        if abs(step) <= 1e-16 * w:
            break
    return w


def latency_cost_formula(sigma: float, delta: float, latency: float) -> float:
    """Cost of latency as a share of the spread, for small latency.

    Args:
        sigma: volatility of the price, per square root of a second.
        delta: the bid-ask spread that an order with no latency earns, in price.
        latency: dt, seconds.

    Returns:
        ``sigma sqrt(dt) / delta sqrt(ln(delta^2 / (2 pi sigma^2 dt)))``, no unit.

    Raises:
        DomainError: an argument is not positive, or the latency is too long for the formula.

    Source:
        Moallemi and Saglam (2013), Operations Research 61, 1070-1086, theorem 2.

    Examples:
        >>> round(latency_cost_formula(0.01, 0.05, 0.1), 6)
        0.121385
    """
    if not (sigma > 0 and delta > 0 and latency > 0):
        raise DomainError(f"want sigma, delta, latency > 0; got {sigma}, {delta}, {latency}")
    inside = delta * delta / (2 * pi * sigma * sigma * latency)
    if inside <= 1:
        raise DomainError(f"latency {latency} s is too long for the formula; want delta^2 > 2 pi sigma^2 latency")
    return sigma * sqrt(latency) / delta * sqrt(log(inside))


def latency_cost(sigma: float, delta: float, rate: float, horizon: float, latency: float) -> float:
    """Cost of latency as a share of what a trader without latency earns, by dynamic programming.

    One lot is to be sold. Buyers arrive at ``rate`` and pay up to ``delta`` above the price, a Brownian motion. A limit
    decided now holds one ``latency`` later, for as long: set ``u`` below ``price + delta`` it is still accepted with
    probability ``N(u / s)``, ``s = sigma sqrt(latency)``. What waiting is worth follows from the end backwards.

    Args:
        sigma: volatility of the price, per square root of a second.
        delta: the premium that an order with no latency earns, in price.
        rate: arrivals of buyers per second.
        horizon: T, seconds until the lot is sold at the price.
        latency: dt, seconds; T is cut into ``round(T / dt)`` steps.

    Returns:
        ``1 - h(dt) / h(0)``, no unit.

    Raises:
        DomainError: an argument is not positive, or the horizon is shorter than the latency.

    Source:
        Moallemi and Saglam (2013), section 3; the best ``u`` solves ``phi(u/s) (delta - h) / s = N(u/s)``.

    Examples:
        >>> round(latency_cost(0.01, 0.05, 0.2, 10.0, 0.1), 6)
        0.120819
    """
    if not (sigma > 0 and delta > 0 and rate > 0 and 0 < latency <= horizon):
        raise DomainError(
            f"want positive numbers, latency <= horizon; got {sigma}, {delta}, {rate}, {horizon}, {latency}"
        )
    s = sigma * sqrt(latency)
    arrives = 1.0 - exp(-rate * latency)
    worth = 0.0
    for _ in range(round(horizon / latency)):
        z = _margin((delta - worth) / s)
        gain = (delta - z * s - worth) * _normal(z) - s * _density(z)
        worth += arrives * max(gain, 0.0)
    return 1.0 - worth / (delta * (1.0 - exp(-rate * horizon)))


def _margin(ratio: float) -> float:
    """The z with ``phi(z) ratio = N(z)``, by bisection: the left side falls below the right one once."""
    low, high = -10.0, 40.0
    for _ in range(60):
        z = (low + high) / 2
        if _density(z) * ratio > _normal(z):
            low = z
        else:
            high = z
    return (low + high) / 2


def _density(z: float) -> float:
    return exp(-z * z / 2) / sqrt(2 * pi)


def _normal(z: float) -> float:
    return erfc(-z / sqrt(2)) / 2
