"""Implied volatility by its definition: Black's formula in 80 digits, and a bracket that is halved.

The inputs are taken as the doubles they are, so the answer is what these very doubles determine.
"""

import mpmath as mp

DIGITS = 80  # the price is a difference that loses as many digits as s has zeros: enough for s > 1e-25
FARTHEST = 1000  # standard deviations beyond which the tail is called empty, only to choose a half of the bracket
HALVINGS = 10  # the bracket is this narrow (2^-10) before a secant takes over


def tail(z):
    """N(-z), the normal distribution's upper tail."""
    return mp.erfc(z / mp.sqrt(2)) / 2 if z < FARTHEST else mp.mpf(0)


def call_price(F, K, s):
    """Undiscounted Black price of a call with total volatility ``s``."""
    d1 = mp.log(F / K) / s + s / 2
    return F * tail(-d1) - K * tail(s - d1)


def price(F, K, sigma, T, *, is_call):
    """Undiscounted Black price ; arguments are numbers or decimal text."""
    with mp.workdps(DIGITS):
        F, K, sigma, T = (mp.mpf(x) for x in (F, K, sigma, T))
        s = sigma * mp.sqrt(T)
        return +(call_price(F, K, s) if is_call else call_price(K, F, s))


def vega(F, K, sigma, T):
    """Derivative of the price to ``sigma``."""
    with mp.workdps(DIGITS):
        F, K, sigma, T = (mp.mpf(x) for x in (F, K, sigma, T))
        s = sigma * mp.sqrt(T)
        d1 = mp.log(F / K) / s + s / 2
        return F * mp.exp(-d1 * d1 / 2) / mp.sqrt(2 * mp.pi) * mp.sqrt(T)


def implied_volatility(price, F, K, T, *, is_call):
    """The volatility with this price, or None where there is none."""
    with mp.workdps(DIGITS):
        price, F, K, T = (mp.mpf(x) for x in (price, F, K, T))
        F, K = (F, K) if is_call else (K, F)  # a put on F with strike K is a call on K with strike F
        wanted = price - max(F - K, 0)
        if not (0 < wanted < min(F, K)):
            return None
        a, b = min(F, K), max(F, K)  # the call out of the money

        def excess(s):
            value = call_price(a, b, s)
            return mp.log(value / wanted) if 2 * wanted < a else mp.log((a - wanted) / (a - value))

        low, high = mp.mpf(10) ** -25, mp.mpf(200)
        while high / low > 1 + mp.mpf(2) ** -HALVINGS:
            middle = mp.sqrt(low * high)
            low, high = (low, middle) if call_price(a, b, middle) > wanted else (middle, high)
        return mp.findroot(excess, (low, high), solver="anderson", tol=mp.mpf(10) ** -60) / mp.sqrt(T)
