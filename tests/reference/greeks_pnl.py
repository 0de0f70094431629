"""Greeks attribution by its definition: one account, one contract, one event at a time, in plain Python."""

from math import erfc, exp, isnan, log, pi, sqrt

YEAR = 365 * 86_400 * 10**9


def greeks(F, K, vol, T, rate, sign, coin):  # noqa: PLR0917 - the formula's own letters
    """delta, gamma, vega, theta, rho, vanna, volga as textbooks print them, then through the quotient rule."""
    s = vol * sqrt(T)
    d1 = log(F / K) / s + s / 2
    d2 = d1 - s
    phi, D = exp(-d1 * d1 / 2) / sqrt(2 * pi), exp(-rate * T)
    n = lambda x: erfc(-x / sqrt(2)) / 2  # noqa: E731
    price = D * sign * (F * n(sign * d1) - K * n(sign * d2))
    delta, gamma, vega = D * sign * n(sign * d1), D * phi / (F * s), D * F * phi * sqrt(T)
    theta, rho = rate * price - D * F * phi * vol / (2 * sqrt(T)), -T * price
    vanna, volga = -D * phi * d2 / vol, vega * d1 * d2 / vol
    if coin:
        second = gamma / F - 2 * delta / F**2 + 2 * price / F**3
        delta, gamma = delta / F - price / F**2, second
        vanna = vanna / F - vega / F**2
        vega, theta, rho, volga = vega / F, theta / F, rho / F, volga / F
    return delta, gamma, vega, theta, rho, vanna, volga


def slow_attribution(contract, states, fills, payments, *, opening, since, until, sticky):
    """Legs as floats, ``equity`` as an integer, from lists of dicts in order of time."""
    names = ("delta", "gamma", "vega", "theta", "rho", "vanna", "volga", "edge_at_trade", "hedging", "funding", "fees")
    legs = dict.fromkeys(names, 0.0)
    before = [state for state in states if state["time"] < since]
    inside = [state for state in states if since <= state["time"] < until]
    held = before[-1] if before else None
    value = held["value"] if held else (inside[0]["value"] if inside else fills[0]["value"] if fills else 0)
    position, cash, start = opening, 0, opening * value
    events = (
        [(row["time"], 0, place, row) for place, row in enumerate(payments) if since <= row["time"] < until]
        + [(row["time"], 1, place, row) for place, row in enumerate(fills)]
        + [(row["time"], 2, place, row) for place, row in enumerate(inside)]
    )
    for _, kind, _, row in sorted(events, key=lambda event: event[:3]):
        if kind == 0:
            legs["funding"] -= position * row["paid"]
            cash -= position * row["paid"]
        elif kind == 1:
            if held is None:
                legs["hedging"] += 0 if contract["option"] else position * (row["value"] - value)
                value = row["value"]
            legs["edge_at_trade" if contract["option"] else "hedging"] += row["lots"] * (value - row["value"])
            legs["fees"] -= row["fee"]
            cash -= row["lots"] * row["value"] + row["fee"]
            position += row["lots"]
        else:
            if not contract["option"]:
                legs["hedging"] += position * (row["value"] - value)
            elif held is not None and position and not isnan(held["volatility"]):
                T = (contract["expiry"] - held["time"]) / YEAR
                g = greeks(
                    held["forward"], contract["strike"], held["volatility"], T, held["rate"], contract["sign"],
                    contract["coin"],
                )  # fmt: skip
                dF = row["forward"] - held["forward"]
                dv = 0.0 if isnan(row["volatility"]) else row["volatility"] - held["volatility"]
                moved = -held["slope"] * dF / held["forward"] if sticky == "delta" else 0.0
                changes = (
                    g[0] * dF, g[1] * dF**2 / 2, g[2] * (dv - moved), g[3] * (row["time"] - held["time"]) / YEAR,
                    g[4] * (row["rate"] - held["rate"]), g[5] * dF * dv + g[2] * moved, g[6] * dv**2 / 2,
                )  # fmt: skip
                for name, change in zip(names, changes, strict=False):
                    legs[name] += position * contract["unit"] * change
            value, held = row["value"], row
            if contract["option"] and row["time"] >= contract["expiry"]:
                cash += position * value
                position = 0
    return legs, cash + position * value - start, position
