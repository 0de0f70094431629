"""Black's formula and its derivatives at many digits, from the definition: the slow twin of ``kernels.black76``."""

import mpmath as mp

NAMES = ("price", "delta", "gamma", "vega", "theta", "rho", "vanna", "volga")
ORDERS = {  # derivatives in (F, sigma, T), and their sign
    "delta": ((1, 0, 0), 1),
    "gamma": ((2, 0, 0), 1),
    "vega": ((0, 1, 0), 1),
    "theta": ((0, 0, 1), -1),
    "vanna": ((1, 1, 0), 1),
    "volga": ((0, 2, 0), 1),
}


def normal(x):
    """N(x)."""
    return mp.erfc(-x / mp.sqrt(2)) / 2


def price(F, K, sigma, T, is_call):
    """Undiscounted price; the payoff where no volatility or no time is left."""
    F, K, sigma, T = (mp.mpf(value) for value in (F, K, sigma, T))
    s = sigma * mp.sqrt(T)
    if s == 0:
        return max(F - K if is_call else K - F, mp.mpf(0))
    d1 = mp.log(F / K) / s + s / 2
    d2 = d1 - s
    return F * normal(d1) - K * normal(d2) if is_call else K * normal(-d2) - F * normal(-d1)


def inverse_price(F, K, sigma, T, is_call):
    """Price in coin."""
    return price(F, K, sigma, T, is_call) / mp.mpf(F)


def greeks(F, K, sigma, T, is_call, *, of=price, digits=120):
    """Price and Greeks by central differences whose step is 10^-(digits / 10) of the argument.

    The error is about 10^-(digits / 5), relative, and 10^-(4 digits / 5) of F, absolute.
    """
    F, K, sigma, T = (mp.mpf(value) for value in (F, K, sigma, T))
    with mp.workdps(digits):

        def moved(f, v, t):
            return of(f, K, v, t, is_call)

        steps = (F, sigma, T)
        value = moved(*steps)
        answer = {"price": value, "rho": -T * value}
        for name, (orders, sign) in ORDERS.items():
            answer[name] = sign * difference(moved, steps, orders)
    return {name: +answer[name] for name in NAMES}


def difference(function, at, orders):
    """Central difference of the given orders (0, 1 or 2 in each argument), with steps as in ``greeks``."""
    stencils = {0: ((0, 1),), 1: ((-1, mp.mpf(-1) / 2), (1, mp.mpf(1) / 2)), 2: ((-1, 1), (0, -2), (1, 1))}
    step = mp.mpf(10) ** -(mp.mp.dps // 10)
    total = mp.mpf(0)
    for i, a in stencils[orders[0]]:
        for j, b in stencils[orders[1]]:
            for k, c in stencils[orders[2]]:
                total += a * b * c * function(*(x * (1 + n * step) for x, n in zip(at, (i, j, k), strict=True)))
    for x, order in zip(at, orders, strict=True):
        total /= (x * step) ** order
    return total
