"""Black's (1976) formula and its Greeks over arrays, one option a step, without a branch.

Symbols: ``F`` forward, ``K`` strike (quote currency), ``sigma`` volatility a year, ``T`` years, ``s = sigma sqrt(T)``,
``d1 = ln(F/K)/s + s/2``, ``d2 = d1 - s``; N and phi the normal distribution and density. Undiscounted.

The option out of the money is priced, the other one follows by parity. With a < b the two of F and K (a put out of the
money on F is worth a call on K with strike F), and z = -d1 of that call, which is worth

    a phi(z) s (M(z) - M(z + s)) / s      where z >= -1/2, with M(z) = N(-z) / phi(z); nothing cancels
    a - a phi(z) (M(-z) + M(z + s))       else; there s > 1 at the money, and the difference is safe

The exponent z^2/2 is carried in two doubles, so the price keeps about 15 digits down to 1e-290 of a.

Outside ``1e-307 < F, K < 1e307``, ``0 <= sigma, T`` finite, the answer is NaN. Where ``s <= 1e-150`` it is the payoff.
"""

# ruff: noqa: ANN001, ANN201, FBT001, PLR0917 - a kernel is compiled for the types it is called with, by position

from math import sqrt

from makerscope.kernels._jit import inlined, kernel
from makerscope.kernels.elementary import INV_ROOT_2PI, exp, fma, log_ratio, mills_pair

LOWEST, HIGHEST = 1e-307, 1e307
SMALLEST_S, LARGEST_S = 1e-150, 1e3  # beyond them an option is its payoff, or the whole forward (call) or strike (put)
FARTHEST = -64.0  # ln(F/K)/s below which every answer underflows
FOLD = 0.5  # where N(d1) is made from its complement
NAN = float("nan")


@inlined
def inside(F: float, K: float, sigma: float, T: float) -> bool:
    """Whether the arguments lie in the domain; false for NaN."""
    return (
        (F > LOWEST)
        & (F < HIGHEST)
        & (K > LOWEST)
        & (K < HIGHEST)
        & (sigma >= 0.0)
        & (sigma < HIGHEST)
        & (T >= 0.0)
        & (T < HIGHEST)
    )


@inlined
def total_volatility(sigma: float, T: float) -> tuple[float, float, float]:
    """sqrt(T), and s = sigma sqrt(T) as a sum of two doubles, kept inside [SMALLEST_S, LARGEST_S]."""
    root = sqrt(T)
    root_low = fma(-root, root, T) / max(root + root, SMALLEST_S)
    product = sigma * root
    s = min(max(product, SMALLEST_S), LARGEST_S)
    s_low = fma(sigma, root, -product) + sigma * root_low
    return root, s, s_low if s == product else 0.0


@inlined
def out_of_the_money(
    F: float, K: float, s: float, s_low: float
) -> tuple[float, float, float, float, float, float, float]:
    """The option out of the money, seen as the call of forward a = min(F, K) and strike b = max(F, K).

    Returns:
        ``price, density, d1, d2, N(d1), N(-d1), N(d2)`` of that call, with ``density = a phi(d1) = b phi(d2)``.
    """
    a, b = min(F, K), max(F, K)
    x, x_low = log_ratio(a, b)
    inverse = 1.0 / s
    h = x * inverse
    h_low = (fma(-h, s, x) - fma(h, s_low, -x_low)) * inverse
    h_low = 0.0 if h < FARTHEST else h_low
    h = max(h, FARTHEST)
    half = 0.5 * s
    d1, d2 = h + half, h - half
    part = d1 - h
    d1_low = ((h - (d1 - part)) + (half - part)) + fma(0.5, s_low, h_low)
    square = d1 * d1
    density = a * INV_ROOT_2PI * exp(-0.5 * square, -fma(d1, d1_low, 0.5 * fma(d1, d1, -square)))
    folded = d1 > FOLD
    near, far, slope = mills_pair(d1 if folded else -d1, -d2, -2.0 * h if folded else s)
    width = s if s > SMALLEST_S else 0.0
    price = a - density * (near + far) if folded else density * (width * slope)
    tail = density / a * near
    below, above = 1.0 - tail if folded else tail, tail if folded else 1.0 - tail
    return price, density, d1, d2, below, above, density / b * far


@inlined
def both_sides(
    F: float, K: float, s: float, s_low: float
) -> tuple[float, float, float, float, float, float, float, float]:
    """The option on F itself.

    Returns:
        ``price`` of the one out of the money, ``F phi(d1), d1, d2, N(d1), N(-d1), N(d2), N(-d2)``; nothing cancels.
    """
    value, density, h1, h2, below_h1, above_h1, below_h2 = out_of_the_money(F, K, s, s_low)
    swapped = F > K  # then d1 = -h2 and d2 = -h1
    d1, d2 = -h2 if swapped else h1, -h1 if swapped else h2
    above_h2 = 1.0 - below_h2
    below_d1, above_d1 = above_h2 if swapped else below_h1, below_h2 if swapped else above_h1
    below_d2, above_d2 = above_h1 if swapped else below_h2, below_h1 if swapped else above_h2
    return value, density, d1, d2, below_d1, above_d1, below_d2, above_d2


@inlined
def sensitivities(
    F: float, K: float, sigma: float, T: float, is_call: bool
) -> tuple[float, float, float, float, float, float, float, float, float]:
    """Price, delta, gamma, vega, theta, rho, vanna, volga of one option, and N(d2) of a call or N(-d2) of a put."""
    root, s, s_low = total_volatility(sigma, T)
    value, density, d1, d2, below_d1, above_d1, below_d2, above_d2 = both_sides(F, K, s, s_low)
    gain = F - K if is_call else K - F
    price = max(gain, 0.0) + value
    delta = below_d1 if is_call else -above_d1
    moving = sigma * root > SMALLEST_S
    inverse_F = 1.0 / F
    per_F = density * inverse_F
    per_root = 0.5 * sigma / max(root, SMALLEST_S)
    per_sigma = 1.0 / max(sigma, SMALLEST_S)
    vega = density * root
    gamma = per_F * inverse_F / s if moving else 0.0
    theta = -density * per_root if moving else 0.0
    vanna = -per_F * d2 * per_sigma
    volga = vega * d1 * d2 * per_sigma
    return price, delta, gamma, vega, theta, -T * price, vanna, volga, below_d2 if is_call else above_d2


@kernel
def prices(F, K, sigma, T, is_call, price):
    """Fill ``price``. All arrays are one-dimensional, contiguous and of one length; ``is_call`` is boolean."""
    for i in range(F.shape[0]):
        _root, s, s_low = total_volatility(sigma[i], T[i])
        value, _density, _d1, _d2, _below, _above, _tail = out_of_the_money(F[i], K[i], s, s_low)
        gain = F[i] - K[i] if is_call[i] else K[i] - F[i]
        total = max(gain, 0.0) + value
        price[i] = total if inside(F[i], K[i], sigma[i], T[i]) else NAN


@kernel
def greeks(F, K, sigma, T, is_call, price, delta, gamma, vega, theta, rho, vanna, volga):
    """Fill the price and seven derivatives of it; see ``pricing.black`` for their units."""
    for i in range(F.shape[0]):
        a, b, c, d, e, f, g, h, _below = sensitivities(F[i], K[i], sigma[i], T[i], is_call[i])
        ok = inside(F[i], K[i], sigma[i], T[i])
        price[i] = a if ok else NAN
        delta[i] = b if ok else NAN
        gamma[i] = c if ok else NAN
        vega[i] = d if ok else NAN
        theta[i] = e if ok else NAN
        rho[i] = f if ok else NAN
        vanna[i] = g if ok else NAN
        volga[i] = h if ok else NAN


@kernel
def inverse_prices(F, K, sigma, T, is_call, price):
    """Fill the price in coin, that is the price over the forward."""
    for i in range(F.shape[0]):
        _root, s, s_low = total_volatility(sigma[i], T[i])
        value, _density, _d1, _d2, _below, _above, _tail = out_of_the_money(F[i], K[i], s, s_low)
        gain = F[i] - K[i] if is_call[i] else K[i] - F[i]
        total = (max(gain, 0.0) + value) / F[i]
        price[i] = total if inside(F[i], K[i], sigma[i], T[i]) else NAN


@kernel
def inverse_greeks(F, K, sigma, T, is_call, price, delta, gamma, vega, theta, rho, vanna, volga):
    """Fill the price in coin V = P/F and seven derivatives of it, all of V.

    ``dV/dF = K N(d2) / F^2`` for a call and ``-K N(-d2) / F^2`` for a put, so nothing cancels deep in the money.
    """
    for i in range(F.shape[0]):
        a, _delta, c, d, e, f, g, h, below = sensitivities(F[i], K[i], sigma[i], T[i], is_call[i])
        ok = inside(F[i], K[i], sigma[i], T[i])
        inverse_F = 1.0 / F[i]
        slope = K[i] * inverse_F * (below if is_call[i] else -below) * inverse_F
        per_coin = d * inverse_F
        price[i] = a * inverse_F if ok else NAN
        delta[i] = slope if ok else NAN
        gamma[i] = (c - 2.0 * slope) * inverse_F if ok else NAN
        vega[i] = per_coin if ok else NAN
        theta[i] = e * inverse_F if ok else NAN
        rho[i] = f * inverse_F if ok else NAN
        vanna[i] = (g - per_coin) * inverse_F if ok else NAN
        volga[i] = h * inverse_F if ok else NAN


@kernel
def digitals(F, K, sigma, T, is_call, price, delta):
    """Fill the price N(d2) (call) or N(-d2) (put) of one unit of cash, and its derivative in F."""
    for i in range(F.shape[0]):
        root, s, s_low = total_volatility(sigma[i], T[i])
        _value, density, _d1, _d2, _b1, _a1, below, above = both_sides(F[i], K[i], s, s_low)
        ok = inside(F[i], K[i], sigma[i], T[i])
        slope = density / F[i] / K[i] / s if sigma[i] * root > SMALLEST_S else 0.0
        price[i] = (below if is_call[i] else above) if ok else NAN
        delta[i] = (slope if is_call[i] else -slope) if ok else NAN
