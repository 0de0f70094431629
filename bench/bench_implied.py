"""How fast, and how right, is implied volatility from a million quotes, against the packages made for it?

One core, processor seconds, best of some runs, all in one process. Every peer gets its own favourite input for free:
prices already normalised, calls and puts already apart, Python floats already made where it takes one option a call.
``python -m bench.bench_implied`` prints the accuracy of each beside its speed: against the volatility which the very
double of the price determines (80 digits) on a sample, and failures over all. Peers that are not installed are named
and left out. py_vollib_vectorized 0.1.1 works only with py_vollib 1.0.1, py_lets_be_rational 1.0.1, numba 0.60 and
NumPy below 2: it runs in a Python of its own if ``PY_VOLLIB_PYTHON`` names one that has them.
"""

import importlib
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
from scipy.special import erfcx
from tests.reference import implied as definition

from bench.common import Row, best_of, named, pin
from makerscope.pricing.implied import implied_volatility

SIZES = {False: 1_000_000, True: 20_000}
SAMPLE = {False: 1_000, True: 100}
RUNS = 5
FEASIBLE = 1e-290  # prices below it are left out of the accuracy: they lose digits, or are 0
TARGETS = {"lets-be-precise": 4.0, "lbriv": 4.0, "py_vollib_vectorized": 12.0}


def market(n):
    """Out-of-the-money options on F = 100 and their prices, from SciPy's erfcx."""
    rng = np.random.default_rng(20240808)
    K, T, sigma = rng.uniform(50, 200, n), rng.uniform(1 / 365, 2, n), rng.uniform(0.2, 2, n)
    h, s = np.abs(np.log(K / 100)), sigma * np.sqrt(T)
    far, near = h / s / np.sqrt(2), s / np.sqrt(8)
    price = np.minimum(K, 100) * np.exp(-((far - near) ** 2)) * (erfcx(far - near) - erfcx(far + near)) / 2
    return {"price": price, "F": np.full(n, 100.0), "K": K, "T": T, "is_call": K > 100, "sigma": sigma}


def ours(quotes):
    """Arrays of options of both kinds, with every check and a reason each."""
    arguments = [quotes[name] for name in ("price", "F", "K", "T")]
    return lambda: implied_volatility(*arguments, is_call=quotes["is_call"])[0]


def lets_be_precise(quotes):
    """One option a call, mapped from C; prices per forward and ln(F/K) out of the money, as it wants them."""
    black_iv = importlib.import_module("lbp").black_iv
    price = (quotes["price"] / np.minimum(quotes["F"], quotes["K"])).tolist()
    moneyness = (-np.abs(np.log(quotes["F"] / quotes["K"]))).tolist()
    return lambda: np.fromiter(map(black_iv, price, moneyness), float, len(price)) / np.sqrt(quotes["T"])


def by_kind(quotes, solve):
    """``solve(kind, rows)`` of the calls and of the puts, put together outside of their clock."""
    order = np.argsort(~quotes["is_call"], kind="stable")
    calls = int(quotes["is_call"].sum())
    sides = [
        (kind, {name: np.ascontiguousarray(column[rows]) for name, column in quotes.items()})
        for kind, rows in ((True, order[:calls]), (False, order[calls:]))
    ]
    back = np.argsort(order)
    return (lambda: [solve(*side) for side in sides]), lambda parts: np.concatenate(parts)[back]


def lbriv(quotes):
    """Jaeckel's algorithm in Cython, an array of strikes at one forward."""
    solver = importlib.import_module("lbriv.black_core").vectorized_implied_vol_strikes
    return by_kind(
        quotes,
        lambda call, q: np.asarray(solver(q["price"], 100.0, q["K"], 1 if call else -1)) / np.sqrt(q["T"]),
    )


def iv_engine(quotes):
    """Jaeckel's algorithm in Rust, arrays, one thread."""
    solver = importlib.import_module("iv_engine.batch").implied_volatilities
    return by_kind(quotes, lambda call, q: solver(q["price"], q["F"], q["K"], q["T"], is_call=call, parallel=False))


def pyvolr(quotes):
    """Rust, arrays."""
    solver = importlib.import_module("pyvolr.black76").implied_vol
    return by_kind(
        quotes,
        lambda call, q: solver(q["price"], "c" if call else "p", q["F"], q["K"], q["T"], 0.0, on_error="ignore"),
    )


PEERS = {"lets-be-precise": lets_be_precise, "lbriv": lbriv, "iv-engine": iv_engine, "pyvolr": pyvolr}


def timed(made):
    """Seconds and volatilities of a peer: ``work``, or ``(work, put together)``."""
    work, finish = made if isinstance(made, tuple) else (made, lambda answer: answer)
    work()
    seconds, answer = best_of(RUNS, work, clock=time.process_time)
    return seconds, finish(answer)


OLD_PEER = """
import sys, time, warnings
import numpy as np
from py_vollib_vectorized import vectorized_implied_volatility_black as solve
warnings.simplefilter("ignore")
q = np.load(sys.argv[1])
flag, best = np.where(q["is_call"], "c", "p"), float("inf")
for _ in range(int(sys.argv[2]) + 1):
    start = time.process_time()
    answer = solve(q["price"], q["F"], q["K"], 0.0 * q["T"], q["T"], flag, return_as="numpy")
    best = min(best, time.process_time() - start)
np.save(sys.argv[3], answer.ravel())
print(best)
"""


def py_vollib_vectorized(python, quotes):
    """Seconds and volatilities of py_vollib_vectorized, in the other Python, which inherits the one core."""
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder, "quotes.npz"), Path(folder, "answer.npy")
        np.savez(given, **quotes)
        command = [python, "-c", OLD_PEER, str(given), str(RUNS), str(answer)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return float(done.stdout.split()[-1]), np.load(answer)


def measured(quotes):
    """Name to (version, seconds, volatilities), of us and of every peer that is installed."""
    found = {"makerscope": ("makerscope", *timed(ours(quotes)))}
    for name, make in PEERS.items():
        try:
            found[name] = (named(name), *timed(make(quotes)))
        except (ImportError, PackageNotFoundError):
            print(f"{name} is not installed: left out", file=sys.stderr)
    python = os.environ.get("PY_VOLLIB_PYTHON")
    if python:
        found["py_vollib_vectorized"] = ("py_vollib_vectorized", *py_vollib_vectorized(python, quotes))
    else:
        print("py_vollib_vectorized needs old packages: left out, PY_VOLLIB_PYTHON is not set", file=sys.stderr)
    return found


def accuracy(found, quotes, sample):
    """Lines of a table: ns an option, failures over all, relative errors on a sample against 80 digits."""
    feasible = np.flatnonzero(quotes["price"] > FEASIBLE)
    rows = np.random.default_rng(1).choice(feasible, sample, replace=False)
    rows = np.append(rows, feasible[np.argsort(quotes["price"][feasible])[:20]])  # and the faintest
    exact = [
        definition.implied_volatility(*(quotes[x][i] for x in ("price", "F", "K", "T")), is_call=quotes["is_call"][i])
        for i in rows
    ]
    yield f"{'':24}{'ns':>8}{'fail':>8}{'median':>10}{'p99':>10}{'max':>10}{'>1e-12':>8}"
    for title, seconds, volatility in found.values():
        answer = volatility[feasible]
        failed = np.count_nonzero(~(answer > 0))
        off = np.array([abs(float(volatility[i] / x) - 1) for i, x in zip(rows, exact, strict=True)])
        wide = np.count_nonzero(np.abs(answer / quotes["sigma"][feasible] - 1) > 1e-12)
        each = seconds / len(quotes["K"]) * 1e9
        numbers = f"{np.median(off):10.1e}{np.quantile(off, 0.99):10.1e}{off.max():10.1e}{wide:8}"
        yield f"{title:24}{each:8.1f}{failed:8}{numbers}"


def run(small):
    """Rows of the table of ratios."""
    pin()
    n = SIZES[small]
    quotes = market(n)
    found = measured(quotes)
    print(*accuracy(found, quotes, SAMPLE[small]), sep="\n")
    _title, seconds, _volatility = found.pop("makerscope")
    what = f"implied volatility of {n:,} options"
    return [
        Row(area="pricing", what=what, ours_s=seconds, peer=title, peer_s=theirs, target=TARGETS.get(name))
        for name, (title, theirs, _answer) in found.items()
    ]


if __name__ == "__main__":
    for row in run("--small" in sys.argv):
        print(f"{row.peer:24} {row.ratio:6.1f} x" + (f" (wanted {row.target:g})" if row.target else ""))
