"""Implied total volatility of Black's (1976) formula: one explicit guess and one step of fifth order.

Symbols: ``F`` forward, ``K`` strike, ``T`` years; ``s = sigma sqrt(T)``; with ``a < b`` the two of F and K,
``h = ln(b/a)``, ``rho`` = time value / a (between 0 and 1) and ``rest = 1 - rho``. The time value is the price of the
option out of the money: an option in the money loses its intrinsic value first, ``b - a`` in two doubles. With
``z = h/s - s/2`` (= -d1), M(z) = N(-z)/phi(z)

    rho  = phi(z) s (M(z) - M(z + s)) / s        f = ln rho(s) - ln rho              where z >= -1/2
    rest = phi(z) (M(-z) + M(z + s))             f = ln rest - ln rest(s)            else

so that nothing cancels, f is increasing, and f = 0 at the answer.

The guess inverts Bachelier's formula (h and s small, h/s not) by a rational function of ``ln(1 + h e^(h/2) / rho)``,
8e-5 at most from it, and multiplies by a rational function of the guess itself for what the lognormal law adds:
together within 1.5e-4 of the answer for h <= 4, s <= 2.8 and prices down to 1e-300. The step's error is about the fifth
power of its size. An element whose step was larger than ``SURE``, or that lies outside, goes through a slow bracketed
search of the same objective. ``tests/golden/make_implied_guess.py`` fits both functions.

Source:
    J. Choi, K. Kim, M. Kwak (2009), Applied Mathematical Finance 16, 261-268: Bachelier's formula inverted by a fit.
    P. Jaeckel (2017), Let's be rational, Wilmott 75, 40-53: high-order steps on the logarithm and on the complement.
    A. S. Householder (1970), The Numerical Treatment of a Single Nonlinear Equation, 4.4: steps of any order.
"""

import math

import numpy as np

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.elementary import INV_ROOT_2PI, fma, log, log_ratio, mills_pair, polynomial

OK, BELOW_INTRINSIC, NO_TIME_VALUE, ABOVE_UPPER_BOUND, NOT_A_NUMBER, OUTSIDE_DOMAIN, CONDITIONING_LIMITED = range(7)

LOWEST, HIGHEST = 1e-307, 1e307  # where the leaves take logarithms
NAN = float("nan")
SPLIT = -0.5  # the smallest z of the first form
SURE = 4e-4  # a first step not larger than this left an error far below 1e-15
DETERMINED = 1e-12  # a price determines a volatility when one unit of rounding moves it by less than this, relatively
ROUNDING = 2.0**-52
SMALLEST = 2.0**-1074
FAINTEST = 1e-300  # below it logarithms of subnormal numbers are near: the slow search takes its own
BLOCK = 1024  # elements a pass, so that the notes about them stay in the first cache
STEPS = 200
ROOT_8 = 2.8284271247461903

_bachelier_top = polynomial(
    (0.07957952843165461, 0.014170954997428683, 0.0018632691740996716, 8.436994774595402e-06),
)
_bachelier_bottom = polynomial(
    (1.0, 0.17871796461147266, 0.029888824259231714, 0.001967922423168124, 8.445301960266478e-06),
)


@inlined
def guess(h: float, narrow: float, rho: float) -> float:
    """Total volatility within 1.5e-4 for h <= 4 and s <= 2.8; ``narrow`` is a/b = e^-h."""
    beta = rho * narrow**0.5
    x = max(h, 1e-8 * rho)  # at the money the formula is 0/0; this moves the answer by 1e-8
    r = log(1.0 + x / beta)
    far = r * (_bachelier_top(r) / _bachelier_bottom(r)) ** 0.5  # h / (sqrt(2) s) of Bachelier's formula
    c = 0.25 * x / far  # s / sqrt(8)
    u, v = c * c, 1.0 / fma(0.7, far, 1.0)
    top = fma(u, fma(u, fma(u, -0.014929518836949983, 0.04000321552670088), -0.03739311489547169), 0.008546119222110935)
    skew = fma(u, fma(u, -0.0887511355216628, 0.12473801265461187), -0.07996781594796552)
    bend = fma(v, -0.29205727001970716, fma(u, -0.11967373915574687, 0.5555463273416084))
    bottom = fma(u, fma(u, -0.12216031429114134, 0.0695607318855386), 1.0)
    bottom_skew = fma(v, 0.8360532901602516, fma(u, -0.5728149908195524, -1.2603230824142688))
    top, bottom = fma(v, fma(v, bend, skew), top), fma(v, bottom_skew, bottom)
    return ROOT_8 * c * fma(u, top / bottom, 1.0)


@inlined
def mass(h: float, s: float) -> tuple[float, float, float]:
    """z, the objective's price without e^(-z^2/2), and its elasticity to s: above 0 of ``rho``, below 0 of ``rest``."""
    x = h / s
    z = x - 0.5 * s
    folded = z < SPLIT
    near, far, slope = mills_pair(-z if folded else z, x + 0.5 * s, x + x if folded else s)
    both = near + far
    amount = INV_ROOT_2PI * (both if folded else s * slope)
    return z, amount, -s / both if folded else 1.0 / slope


@inlined
def fifth_order(f: float, p: float, h: float, s: float) -> tuple[float, float]:
    """Householder's step of fifth order for f(s) = 0, as a fraction of s, and its size or Newton's, the larger.

    Far from the answer the high terms cancel each other and the step alone may be small: Newton's then is not.

    ``p`` is the elasticity of :func:`mass`. With the price's derivatives b' s = q_1, b'' s / b' = q and so on, the
    derivatives of its logarithm follow; those of the complement's negative logarithm are the same with p < 0.
    """
    x = h / s
    far, near = x * x, 0.25 * s * s
    q = far - near
    q_1 = fma(-3.0, far, -near)
    third = fma(q, q, q_1)
    fourth = fma(q, fma(q, q, 3.0 * q_1), 12.0 * far)
    h_2 = q - p
    h_3 = fma(p, fma(2.0, p, -3.0 * q), third)
    h_4 = fma(p, fma(p, fma(-6.0, p, 12.0 * q), fma(-3.0 * q, q, -4.0 * third)), fourth)
    v = -f / abs(p)
    top = fma(v, fma(v, h_3 * (1.0 / 6.0), h_2), 1.0)
    bend = fma(v, h_4 * (1.0 / 24.0), fma(0.25 * h_2, h_2, h_3 * (1.0 / 3.0)))
    step = v * top / fma(v, fma(v, bend, 1.5 * h_2), 1.0)
    return step, max(abs(step), abs(v))


@inlined
def parts(price: float, F: float, K: float, is_call: bool) -> tuple[float, float, float, float]:  # noqa: FBT001 - a column
    """The smaller and the larger of F and K, the time value, and what it lacks to the smaller (NaN-safe, no domain)."""
    a, b = min(F, K), max(F, K)
    inner = b - a
    inner_low = (b - inner) - a
    inside = (F > K) == is_call
    value = (price - inner) - inner_low if inside & (F != K) else price
    return a, b, value, (F if is_call else K) - price


@kernel
def quick(price, F, K, T, is_call, volatility, sure):  # noqa: ANN001, ANN201, PLR0917 - numba infers
    """Guess and one step for all; ``sure`` is 1 where that is the answer and the price determines it to 1e-12."""
    for i in range(price.shape[0]):
        a, b, value, lack = parts(price[i], F[i], K[i], is_call[i])
        h, _low = log_ratio(b, a)
        inverse = 1.0 / a
        rho, rest = value * inverse, lack * inverse
        s = guess(h, a / b, rho)
        z, amount, p = mass(h, s)
        folded = p < 0.0
        f = log((rest if folded else amount) / (amount if folded else rho))
        f = fma(0.5 * z, z, f) if folded else fma(-0.5 * z, z, f)
        step, size = fifth_order(f, p, h, s)
        volatility[i] = fma(s, step, s) / T[i] ** 0.5
        felt = abs(p) * (lack if folded else value)  # vega times sigma
        fine = (a > LOWEST) & (b < HIGHEST) & (T[i] > LOWEST) & (T[i] < HIGHEST) & (rest > 0.0)
        fine &= (rho > FAINTEST) & (value > FAINTEST)
        fine &= (s > 0.0) & (size < SURE) & (4.0 * ROUNDING / DETERMINED * price[i] < felt)
        sure[i] = 1.0 if fine else 0.0


@kernel
def search(h, rho, log_rho, rest):  # noqa: ANN001, ANN201 - numba infers
    """Total volatility by the same steps inside a bracket, from any start; NaN when 200 steps do not end.

    ``log_rho`` is ln(rho), also where ``rho`` itself is too small for a double.
    """
    low, high = 0.0, math.inf
    s = math.sqrt(2.0 * h) if h > 1e-8 else 2.5 * math.exp(log_rho)
    if rest < 0.35:
        s = math.sqrt(-2.0 * math.log(rest)) + math.sqrt(2.0 * (h - math.log(rest)))
    elif rho > FAINTEST:
        wanted = guess(h, math.exp(-h), rho)
        s = wanted if 0.0 < wanted < 4.0 else s
    for _ in range(STEPS):
        z, amount, p = mass(h, s)
        if p < 0.0:
            f = math.log(rest / amount) + 0.5 * z * z
        else:
            f = (math.log(amount / rho) if rho > FAINTEST else math.log(amount) - log_rho) - 0.5 * z * z
        if f > 0.0:
            high = s
        elif f < 0.0:
            low = s
        step, size = fifth_order(f, p, h, s)
        new = s * (1.0 + step)
        if size < SURE:
            return new
        if not low < new < high:
            new = 4.0 * s if high == math.inf else 0.25 * s if low == 0.0 else math.sqrt(low) * math.sqrt(high)
        s = new
    return NAN


@kernel
def fault(price, F, K, T):  # noqa: ANN001, ANN201 - numba infers
    """Why the arguments themselves allow no volatility; ``OK`` if they do."""
    if not (math.isfinite(price) and math.isfinite(F) and math.isfinite(K) and math.isfinite(T)):
        return NOT_A_NUMBER
    return OK if min(F, K) > LOWEST and max(F, K) < HIGHEST and LOWEST < T < HIGHEST else OUTSIDE_DOMAIN


@kernel
def judged(price, F, K, T, is_call):  # noqa: ANN001, ANN201 - numba infers
    """One option with care: its volatility, its reason, and the attainable relative error (4 units of rounding)."""
    wrong = fault(price, F, K, T)
    if wrong != OK:
        return NAN, wrong, NAN
    a, b, value, lack = parts(price, F, K, is_call)
    if value <= 0.0:
        return NAN, BELOW_INTRINSIC if value < 0.0 else NO_TIME_VALUE, NAN
    if lack <= 0.0:
        return NAN, ABOVE_UPPER_BOUND, NAN
    h, _low = log_ratio(b, a)
    s = search(h, value / a, math.log(value) - math.log(a), lack / a)
    z, _amount, _p = mass(h, s)
    felt = INV_ROOT_2PI * s * math.exp(-0.5 * z * z) * a  # vega times sigma
    attainable = 4.0 * max(ROUNDING * price, SMALLEST) / felt if felt > 0.0 else math.inf
    limited = not attainable <= DETERMINED
    return s / math.sqrt(T) if attainable < 1.0 else NAN, CONDITIONING_LIMITED if limited else OK, attainable


@kernel
def implied(price, F, K, T, is_call, volatility, reason):  # noqa: ANN001, ANN201, PLR0917 - numba infers
    """Fill ``volatility`` (NaN where there is none) and ``reason`` (a code of this module, int8).

    All arrays are one-dimensional, contiguous and of one length; ``is_call`` is boolean.
    """
    sure = np.empty(BLOCK)
    for start in range(0, price.shape[0], BLOCK):
        end = min(start + BLOCK, price.shape[0])
        quick(
            price[start:end], F[start:end], K[start:end], T[start:end], is_call[start:end], volatility[start:end], sure
        )
        for i in range(start, end):
            reason[i] = OK
            if sure[i - start] == 0.0:
                volatility[i], reason[i], _error = judged(price[i], F[i], K[i], T[i], is_call[i])


@kernel
def attainable(price, F, K, T, is_call, error):  # noqa: ANN001, ANN201, PLR0917 - numba infers
    """Fill ``error``: the relative error of a volatility from 4 roundings of the price; NaN without one."""
    for i in range(price.shape[0]):
        _volatility, _reason, error[i] = judged(price[i], F[i], K[i], T[i], is_call[i])
