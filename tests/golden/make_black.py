"""Writes ``black.csv``, prices and Greeks at 30 digits by mpmath: ``python -m tests.golden.make_black``.

The Greeks are finite differences at 450 digits of the price, so they share no formula with the code they test. Forward,
strike, volatility and expiry are doubles, written in full.
"""

import csv
import math
from itertools import product
from pathlib import Path

import mpmath as mp

from tests.reference.black import NAMES, greeks

TABLE = Path(__file__).with_name("black.csv")
HOUR = 1.0 / 8760.0


def cases():
    """(forward, strike, volatility, expiry, is_call)."""
    yield from product((100.0,), (60.0, 95.0, 100.0, 103.0, 250.0), (0.3, 1.1), (HOUR, 0.25, 2.0), (True, False))
    yield from product((63250.5,), (63250.5, 63251.0, 1000.0), (0.01, 0.65, 6.0), (0.02, 5.0), (True, False))
    for depth in (5, 12, 20, 28, 34, 36):  # standard deviations out of the money, down to 1e-290
        for s in (0.003, 0.1, 1.5):
            strike = round(2.5 * math.exp(depth * s), 6)
            yield 2.5, strike, s, 1.0, True
            yield strike, 2.5, s, 1.0, False


def main() -> None:
    """Write the table."""
    with mp.workdps(50), TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("forward", "strike", "volatility", "expiry", "is_call", *NAMES))
        for F, K, sigma, T, is_call in cases():
            answer = greeks(F, K, sigma, T, is_call, digits=450)
            writer.writerow((F, K, sigma, T, int(is_call), *(mp.nstr(answer[name], 30) for name in NAMES)))


if __name__ == "__main__":
    main()
