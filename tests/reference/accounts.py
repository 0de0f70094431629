"""Accounts by their definition: one account, one instrument, exact fractions, lots one after another."""

from fractions import Fraction


class SlowAccount:
    """Average cost and realised gain without any rounding."""

    def __init__(self):
        self.cash, self.position, self.cost, self.gain = Fraction(0), 0, Fraction(0), Fraction(0)

    def trade(self, side, price, size, unit):
        self.cash -= side * price * size * unit
        for _lot in range(size):
            if self.position * side < 0:
                part = self.cost / abs(self.position)
                self.gain += -side * price * unit - part
                self.cost -= part
            else:
                self.cost += side * price * unit
            self.position += side


def slow_apportion(total, weights):
    """Largest parts cannot differ from exact shares by a unit; the running sums are rounded down."""
    whole, out, before = sum(weights), [], 0
    for k in range(len(weights)):
        now = total * sum(weights[: k + 1]) // whole if whole else 0
        out.append(now - before)
        before = now
    return out


def slow_option_requirement(*, lots, spot, mark, strike, is_call, unit, rate, otm, floor, share, cap):
    """The standard formula in fractions (rates as fractions)."""
    if lots > 0:
        return min(share * mark, cap * spot) * lots * unit
    away = max(0, strike - spot if is_call else spot - strike)
    return max(rate * spot - otm * away, floor * spot) * -lots * unit


def slow_tier_margin(notional, tiers):
    """Each slice of the notional wants the rate of its tier: the sum that ``V r_n - d_n`` writes in one step."""
    total = Fraction(0)
    for place, (start, rate) in enumerate(tiers):
        end = tiers[place + 1][0] if place + 1 < len(tiers) else notional
        total += max(0, min(notional, end) - start) * rate
    return total
