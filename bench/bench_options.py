"""Option prices and Greeks: against the same formulas in C++, and against NumPy with SciPy, pyvolr and QuantLib.

All engines price the same options in one process on one core, in turns, and the best of some turns counts, in seconds
of processor time. The C++ is built by g++ for this processor when the benchmark runs; it and our kernels fill arrays
that are given. The other engines are called as their users call them, and makerscope too, with its arguments checked:
with ``out=``, and with new arrays, where the operating system first clears the 64 MB of a million Greeks. pyvolr and
QuantLib make five Greeks, not seven. QuantLib prices one option a call and gets fewer of them.

The errors printed above the table are relative, of options out of the money, against 50 digits.
"""

import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mpmath as mp
import numpy as np
from scipy.special import ndtr

from bench.common import Row, alone, named, pin
from makerscope.kernels import black76, elementary
from makerscope.pricing.black import black76_greeks, black76_price

PRICE, GREEKS = "options price", "options price + 7 Greeks"
TARGETS = {
    (PRICE, "C++"): 1 / 1.25,
    (GREEKS, "NumPy"): 6.0,
    (GREEKS, "pyvolr"): 8.0,
    (GREEKS, "QuantLib"): 500.0,
}
FLAGS = "-O3 -march=native -mprefer-vector-width=512 -ffp-contract=off -fno-math-errno -fno-trapping-math -fopenmp-simd"
SLOW_COUNT = 20_000  # options for an engine that prices one a call
CHECKED = 2_000
WAYS = {"kernel": "the kernels alone", "again": "out= given", "new": "new arrays"}
Work = Callable[[], Any]


def market(count: int) -> tuple[np.ndarray, ...]:
    """Options out of the money: F 100, K 50 to 200, a day to two years, volatility 20 to 200 %."""
    rng = np.random.default_rng(76)
    F, K = np.full(count, 100.0), rng.uniform(50.0, 200.0, count)
    T, sigma = rng.uniform(1 / 365, 2.0, count), rng.uniform(0.2, 2.0, count)
    return F, K, sigma, T, K > F


def floor() -> tuple[str, ctypes.CDLL] | None:
    """The C++ of ``bench/floor`` built for this machine; None if there is no compiler."""
    compiler = shutil.which("g++")
    if compiler is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="makerscope-floor-"))
    tables = [
        f"constexpr double {name}[] = {{{', '.join(map(repr, getattr(elementary, name)))}}};\n"
        for name in ("MILLS", "EXP_TAIL", "ATANH_TAIL")
    ]
    (folder / "tables.h").write_text("".join(tables))
    source, library = Path(__file__).parent / "floor" / "black76.cpp", folder / "black76.so"
    flags = [*FLAGS.split(), "-std=c++17", "-shared", "-fPIC", f"-I{folder}"]
    subprocess.run([compiler, *flags, str(source), "-o", str(library)], check=True)
    version = subprocess.run([compiler, "-dumpfullversion"], check=True, capture_output=True, text=True).stdout.strip()
    return f"C++ (g++ {version} -O3)", ctypes.CDLL(str(library))


def in_cpp(library: ctypes.CDLL, options: tuple[np.ndarray, ...], out: np.ndarray, name: str) -> Work:
    """A call of the C++ function ``name`` that fills ``out``."""
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (*options, *out)]
    function, count = getattr(library, name), ctypes.c_int64(options[0].size)
    return lambda: (function(count, *pointers) and None) or out


def numpy_price(F, K, sigma, T, is_call):
    """As one writes it: the formula, both kinds by a sign."""
    w = np.where(is_call, 1.0, -1.0)
    s = sigma * np.sqrt(T)
    d1 = np.log(F / K) / s + 0.5 * s
    return w * (F * ndtr(w * d1) - K * ndtr(w * (d1 - s)))


def numpy_greeks(F, K, sigma, T, is_call):
    """The same eight answers."""
    w = np.where(is_call, 1.0, -1.0)
    root = np.sqrt(T)
    s = sigma * root
    d1 = np.log(F / K) / s + 0.5 * s
    d2 = d1 - s
    below = ndtr(w * d1)
    price = w * (F * below - K * ndtr(w * d2))
    density = np.exp(-0.5 * d1 * d1) * 0.3989422804014327
    vega = F * density * root
    volga = vega * d1 * d2 / sigma
    return (
        price,
        w * below,
        density / (F * s),
        vega,
        -0.5 * F * density * sigma / root,
        -T * price,
        -density * d2 / sigma,
        volga,
    )


def with_pyvolr(options: tuple[np.ndarray, ...]) -> tuple[Work, Work]:
    """pyvolr's price, and its price and five Greeks."""
    from pyvolr import black76 as peer

    F, K, sigma, T, is_call = options
    flag = np.where(is_call, 1, -1).astype(np.int8)  # its fastest way to name a kind
    price = lambda: peer.price(flag, F=F, K=K, T=T, r=0.0, sigma=sigma)  # noqa: E731
    return price, lambda: [price(), peer.greeks(flag, F=F, K=K, T=T, r=0.0, sigma=sigma)]


def with_quantlib(options: tuple[np.ndarray, ...]) -> tuple[Work, Work]:
    """QuantLib's formula, and its calculator's value and five Greeks; vanna and volga it has not."""
    import QuantLib as ql  # noqa: N813 - as its users write it

    rows = [
        (ql.Option.Call if call else ql.Option.Put, F, K, sigma, T)
        for F, K, sigma, T, call in zip(*(column.tolist() for column in options), strict=True)
    ]

    def price() -> list:
        return [ql.blackFormula(kind, K, F, sigma * T**0.5) for kind, F, K, sigma, T in rows]

    def greeks() -> list:
        answer = []
        for kind, F, K, sigma, T in rows:
            at = ql.BlackCalculator(ql.PlainVanillaPayoff(kind, K), F, sigma * T**0.5)
            answer.append((at.value(), at.deltaForward(), at.gammaForward(), at.vega(T), at.theta(F, T), at.rho(T)))
        return answer

    return price, greeks


def peers(options: tuple[np.ndarray, ...]) -> dict[str, tuple[int, Work, Work]]:
    """Engines by name: how many options they price, and their two works."""
    count = options[0].size
    found = {
        f"NumPy + SciPy ({named('numpy')})": (count, lambda: numpy_price(*options), lambda: numpy_greeks(*options))
    }
    if find_spec("pyvolr"):
        found[named("pyvolr")] = (count, *with_pyvolr(options))
    if find_spec("QuantLib"):
        few = tuple(column[:SLOW_COUNT] for column in options)
        found[named("QuantLib")] = (few[0].size, *with_quantlib(few))
    return found


def turns(works: dict[str, Work], rounds: int) -> dict[str, float]:
    """The shortest processor time of each work, all in turns, after one round that warms up."""
    best = dict.fromkeys(works, float("inf"))
    for turn in range(rounds + 1):
        for name, work in works.items():
            start = time.process_time()
            work()
            if turn:
                best[name] = min(best[name], time.process_time() - start)
    return best


def errors(price: np.ndarray, options: tuple[np.ndarray, ...]) -> list[float]:
    """Median, 99th percentile and greatest relative error of some prices against 50 digits."""
    found = []
    with mp.workdps(50):
        for got, *row in zip(price[:CHECKED].tolist(), *(c[:CHECKED].tolist() for c in options[:4]), strict=True):
            F, K, sigma, T = map(mp.mpf, row)
            s = sigma * mp.sqrt(T)
            h, low, high = -abs(mp.log(F / K)) / s, min(F, K), max(F, K)
            want = low * mp.ncdf(h + s / 2) - high * mp.ncdf(h - s / 2)
            if want > 1e-290:
                found.append(float(abs(got - want) / want))
    return [float(np.quantile(found, q)) for q in (0.5, 0.99, 1.0)]


def measure(count: int, rounds: int) -> dict:
    """Seconds of every engine for ``count`` options, and the errors of their prices."""
    pin()
    options = market(count)
    out, floor_out = np.empty((8, count)), np.empty((8, count))
    mine = {"kernel": (lambda: black76.prices(*options, out[0]), lambda: black76.greeks(*options, *out))}
    asked = {"is_call": options[4]}
    price, greeks = (work(*options[:4], **asked) for work in (black76_price, black76_greeks))
    mine["again"] = (
        lambda: black76_price(*options[:4], **asked, out=price),
        lambda: black76_greeks(*options[:4], **asked, out=greeks),
    )
    mine["new"] = (lambda: black76_price(*options[:4], **asked), lambda: black76_greeks(*options[:4], **asked))
    built, others = floor(), peers(options)
    works = {name: (count, *pair) for name, pair in mine.items()} | others
    accuracy = {"makerscope": errors(price, options)}
    accuracy |= {name: errors(np.asarray(price()), options) for name, (_count, price, _greeks) in others.items()}
    if built:
        floor_name, library = built
        works[floor_name] = (
            count,
            in_cpp(library, options, floor_out[:1], "prices"),
            in_cpp(library, options, floor_out, "greeks"),
        )
        works[floor_name][2](), works["kernel"][2]()
        if not np.allclose(out, floor_out, rtol=1e-13, atol=0):
            raise AssertionError("the C++ and the kernel answer other numbers")
    seconds = {}
    for place, area in ((1, PRICE), (2, GREEKS)):
        best = turns({name: work[place] for name, work in works.items()}, rounds)
        seconds[area] = {name: best[name] * count / works[name][0] for name in works}
    return {"seconds": seconds, "floor": built and built[0], "accuracy": accuracy}


def run(small: bool) -> list[Row]:
    """The comparison with each peer, of a million options, or a fifth of that if small; prints the accuracy."""
    count = 200_000 if small else 1_000_000
    found = alone("bench.bench_options", str(count), "3" if small else "9")
    if found["floor"] is None:
        print("options: no g++ on this machine, so the C++ floor is left out")
    for package in ("pyvolr", "QuantLib"):
        if not find_spec(package):
            print(f"options: {package} is not installed and left out")
    print(f"relative error of {CHECKED} prices out of the money against 50 digits: median, 99 %, greatest")
    for name, numbers in found["accuracy"].items():
        print(f"  {name:32}" + "".join(f"{number:12.1e}" for number in numbers))
    rows = []
    for area, seconds in found["seconds"].items():
        for name in sorted(seconds.keys() - WAYS.keys(), key=lambda name: seconds[name]):
            for way, words in WAYS.items():
                if (name == found["floor"]) == (way == "kernel"):
                    aims = [aim for (where, start), aim in TARGETS.items() if where == area and name.startswith(start)]
                    rows.append(
                        Row(
                            area=area,
                            what=f"{count / 1e6:g} M options, {words}",
                            ours_s=seconds[way],
                            peer=name,
                            peer_s=seconds[name],
                            target=aims[0] if aims and way != "new" and not small else None,
                        )
                    )
    return rows


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    print(json.dumps(measure(int(sys.argv[1]), int(sys.argv[2]))))
