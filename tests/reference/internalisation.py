"""The dealer's problem by brute force: value iteration in small steps of time, best quote and hedge searched."""

import numpy as np


def slow_zone(dealer, *, seconds, dt, quotes=4001, rates=4001):
    """Inventory, slopes of theta between neighbours and hedge rate after ``seconds``, from theta = 0 at the end."""
    z, n = dealer.size, dealer.most
    q = z * np.arange(-n, n + 1.0)
    theta = np.zeros(2 * n + 1)
    delta = np.linspace(-3.0, 12.0, quotes) / dealer.decay
    v = np.linspace(-1.0, 1.0, rates)
    arrivals = dealer.flow * np.exp(-dealer.decay * delta)
    cost = dealer.cost * np.abs(v) + dealer.slippage * v**2
    for _ in range(round(seconds / dt)):
        change, hedge = np.empty(2 * n + 1), np.empty(2 * n + 1)
        for at in range(2 * n + 1):
            up = theta[at + 1] - theta[at] if at < 2 * n else -1e9
            down = theta[at - 1] - theta[at] if at > 0 else -1e9
            gain = -dealer.risk_aversion * dealer.volatility**2 * q[at] ** 2 / 2
            gain += max(0.0, float(np.max(arrivals * (z * delta + up))))
            gain += max(0.0, float(np.max(arrivals * (z * delta + down))))
            steps = np.where(v > 0, v * up / z, -v * down / z) + dealer.impact * q[at] * v - cost
            best = int(np.argmax(steps))
            change[at], hedge[at] = gain + steps[best], v[best]
        theta = theta + dt * (change - change[n])
    return q, np.diff(theta) / z, hedge
