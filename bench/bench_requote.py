"""How long does a new forward take to become a new quote on every series of a chain?

New spot to SVI volatility, price, five Greeks, and a bid and an ask in whole ticks, leaned against the inventory. All
on one core in one process, called from Python, processor time, the best of many batches of calls. The peers are NumPy
with SciPy's normal distribution, the same formulas array by array; and QuantLib: an ``SviSmileSection`` an expiry, a
``BlackCalculator`` a series, payoffs made beforehand, ticks by NumPy. QuantLib has no vanna and volga: they come from
two more calculators at bumped volatilities, as the same answers are wanted; a row without them stands beside.
``python -m bench.bench_requote`` prints the spread of our own wall times too.
"""

import importlib
import time
from functools import partial

import numpy as np
from tests.reference.requote import slow_requote

from bench.common import Row, best_of, named, pin
from makerscope.pricing.requote import Terms, board_of, requote
from makerscope.pricing.surface import surface_of
from makerscope.pricing.svi import RawSvi

SIZES = (500, 2000)
EXPIRIES = 12
TARGET_NUMPY, TARGET_QUANTLIB = 6.0, 500.0
MOST_US = {500: 16.0, 2000: 50.0}
TERMS = Terms(
    tick=0.0001, half_volatility=0.008, least_half=1.0, lean_delta=-3.0, lean_vega=-0.001, coin=True, coarse=5,
    coarse_from=50,
)  # fmt: skip


def market(n):
    """A surface of twelve slices and a chain of ``n`` series around a spot of 60,000, in order of expiry."""
    rng = np.random.default_rng(20240808)
    T = np.geomspace(1 / 365, 1.5, EXPIRIES)
    slices = [RawSvi(0.15 * t, 0.25 * t**0.6, -0.25, 0.02, 0.15 * t**0.5) for t in T]
    place = np.sort(np.arange(n) % EXPIRIES)
    strike = np.round(60_000 * np.exp(rng.normal(0, 0.5, n) * np.sqrt(T[place])), -2)
    return (surface_of(T, slices), 60_000 * (1 + 0.06 * T), 60_000.0), {
        "strike": strike, "expiry": place, "is_call": rng.random(n) < 0.5,
    }  # fmt: skip


def quantlib(surface, forwards, spot0, *, strike, expiry, is_call, bump=0.0):
    """A function of the spot that quotes by QuantLib; vanna and volga by a ``bump`` of volatility, or not at all."""
    ql = importlib.import_module("QuantLib")
    payoffs = [
        ql.PlainVanillaPayoff(ql.Option.Call if call else ql.Option.Put, float(K))
        for K, call in zip(strike, is_call, strict=True)
    ]
    years, parameters = surface.expiries.tolist(), surface.parameters[:, [0, 1, 4, 2, 3]].tolist()
    series = list(zip(payoffs, strike.tolist(), expiry.tolist(), strict=True))

    def quote(spot):
        F = (spot * forwards / spot0).tolist()
        smiles = [ql.SviSmileSection(*given) for given in zip(years, F, parameters, strict=True)]
        answers = []
        for payoff, K, at in series:
            forward, t = F[at], years[at]
            deviation = smiles[at].variance(K) ** 0.5
            found = ql.BlackCalculator(payoff, forward, deviation, 1.0)
            numbers = found.value(), found.deltaForward(), found.gammaForward(), found.vega(t)
            if bump:
                step = bump * t**0.5
                high = ql.BlackCalculator(payoff, forward, deviation + step, 1.0)
                low = ql.BlackCalculator(payoff, forward, deviation - step, 1.0)
                vanna = (high.deltaForward() - low.deltaForward()) / (2 * bump)
                numbers += (vanna, (high.vega(t) - low.vega(t)) / (2 * bump))
            answers.append(numbers)
        numbers = np.array(answers).T
        price, delta, _, vega = numbers[:4]
        per = TERMS.tick * np.array(F)[expiry]
        half = np.maximum(TERMS.half_volatility * vega, TERMS.least_half)
        middle = price + TERMS.lean_delta * delta + TERMS.lean_vega * vega
        low, high = (middle - half) / per, (middle + half) / per
        below = np.where(low >= TERMS.coarse_from, TERMS.coarse, 1)
        above = np.where(high > TERMS.coarse_from, TERMS.coarse, 1)
        bid = np.maximum(np.floor(low / below) * below, 0)
        ask = np.maximum(np.ceil(high / above) * above, bid + below)
        return numbers, np.array([bid, ask]).astype(np.int64)

    return quote


def agree(ours, numbers, ticks, names):
    """Both sides answered the same: prices and Greeks to 9 digits (6 where bumped), and hardly a tick apart."""
    for name, want in zip(names, numbers, strict=True):
        near = 1e-6 if name in {"vanna", "volga"} else 1e-9
        np.testing.assert_allclose(getattr(ours, name), want, rtol=near, atol=near * np.abs(want).max())
    assert np.mean(ours.ticks == ticks) > 0.99


def seconds(work, calls, batches):
    """Processor seconds of one call of ``work``, and its answer: the best of some batches of calls."""

    def batch():
        for _ in range(calls):
            answer = work()
        return answer

    best, answer = best_of(batches, batch, clock=time.process_time)
    return best / calls, answer


def run(small):
    """Rows of the table of ratios."""
    pin()
    rows = []
    for n in SIZES:
        given, column = market(n)
        surface, forwards, spot = given
        board = board_of(*given, **column)
        answer = requote(board, spot, TERMS)
        new = spot * 1.001
        batches = 5 if small else 40
        ours_s, ours = seconds(partial(requote, board, new, TERMS, into=answer), 100, batches)
        numpy_s, (numbers, ticks) = seconds(
            partial(slow_requote, surface, forwards, spot, new, TERMS, **column), 20, batches
        )
        agree(ours, numbers, ticks, ("volatility", "price", "delta", "gamma", "vega", "vanna", "volga"))
        what = f"{n:,} series quoted again (want at most {MOST_US[n]:g} us)"
        rows.append(
            Row(area="requote", what=what, ours_s=ours_s, peer=f"{named('numpy')} + scipy", peer_s=numpy_s,
                target=None if small else TARGET_NUMPY)
        )  # fmt: skip
        for bump, extent in ((1e-4, ""), (0.0, " without vanna, volga")):
            try:
                quote = quantlib(*given, **column, bump=bump)
            except ImportError:
                print("QuantLib is not installed: left out")
                break
            quantlib_s, (numbers, ticks) = seconds(partial(quote, new), 1, 3 if small else 12)
            agree(ours, numbers, ticks, ("price", "delta", "gamma", "vega", "vanna", "volga")[: len(numbers)])
            rows.append(
                Row(area="requote", what=what, ours_s=ours_s, peer=named("QuantLib") + extent, peer_s=quantlib_s,
                    target=None if small or not bump else TARGET_QUANTLIB)
            )  # fmt: skip
    return rows


def spread_of_times(n, runs=20_000):
    """Wall time of single calls, microseconds: median, 99 % and 99.9 %."""
    given, column = market(n)
    board = board_of(*given, **column)
    answer, times = requote(board, given[2], TERMS), np.empty(runs)
    for i in range(runs):
        start = time.perf_counter_ns()
        requote(board, 60_000.0 + i % 100, TERMS, into=answer)
        times[i] = time.perf_counter_ns() - start
    return np.quantile(times / 1e3, (0.5, 0.99, 0.999))


if __name__ == "__main__":
    for row in run(small=False):
        print(f"{row.what}: {row.ours_s * 1e6:.1f} us, {row.peer} {row.peer_s * 1e6:,.0f} us, ratio {row.ratio:,.1f}")
    for size in SIZES:
        print(f"{size:,} series: median {{:.1f}}, 99 % {{:.1f}}, 99.9 % {{:.1f}} us".format(*spread_of_times(size)))
