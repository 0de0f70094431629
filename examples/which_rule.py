"""Which rule pays whom a venue wants to pay: points of several rules against what each maker was worth to takers.

python -m examples.which_rule [--scenario FILE] [--seeds 11,12,13] [--stress 25,40] [PROGRAM ...]

Each seed is played once and scored under every rule. A maker was worth (a) the depth within 50 bps (of options 4
volatility points) that takers found in minutes of stress, (b) what takers would have paid more in that time without it,
(c) the same over all time. Printed are, as means over seeds, the rank correlation (Spearman) of points with each, and
the part of pay that went where the worth was (the sum over makers of the smaller of both shares). A PROGRAM is a name
or a TOML file, and may carry parameters or be taken apart: makerscope_perp:stress_weight=1,per=5 bps or
makerscope_perp:without=fade
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from examples.attacks import HERE, programs
from scipy.stats import rankdata

from makerscope.errors import InputError
from makerscope.programs.evidence import Evidence, evidence
from makerscope.programs.program import Program
from makerscope.programs.scoring import score_evidence
from makerscope.programs.usefulness import Use, usefulness
from makerscope.sim.run import simulate
from makerscope.sim.shipped import find_scenario
from makerscope.tape.read import Tape

RULES = ("dydx_v3", f"{HERE}/polymarket_like.toml", f"{HERE}/maker_volume.toml", "makerscope_perp")
MINUTE = 60 * 10**9
FAR = {"perp": ("25 bps", "50 bps", "2 %"), "option": ("2 vol", "4 vol", "10 vol")}  # usual, in stress, what lacks
WORTHS = ("depth in stress", "saved in stress", "saved")
Shares = dict[str, np.ndarray]


def played(scenario: str, seed: int, folder: Path) -> Evidence:
    """Evidence of one play."""
    out = folder / f"{Path(scenario).stem}-{seed}"
    simulate(find_scenario(scenario), out, seed=seed)
    return evidence(Tape.open(out))


def worth(ev: Evidence, stress: tuple[float, float]) -> Shares:
    """Each maker's share of what makers were worth to takers, by kind; over all markets where somebody traded."""
    window = [(ev.since + int(stress[0] * MINUTE), ev.since + int(stress[1] * MINUTE))]
    out = {name: np.zeros(len(ev.makers)) for name in WORTHS}
    for market in ev.lives:
        near, far, reach = FAR[ev.tape.instruments[market].kind]
        wild = _uses(ev, market, near=far, reach=reach, windows=window)
        out["depth in stress"] += [item.takeable for item in wild] or 0
        out["saved in stress"] += [item.saved for item in wild] or 0
        out["saved"] += [item.saved for item in _uses(ev, market, near=near, reach=reach)] or 0
    return {name: part / part.sum() for name, part in out.items()}


def _uses(ev: Evidence, market: str, **how: Any) -> list[Use]:  # noqa: ANN401 - what usefulness takes
    try:
        return usefulness(ev, market, **how)
    except InputError:  # nobody traded
        return []


def paid(ev: Evidence, rule: Program) -> np.ndarray:
    """Each maker's share of points."""
    points = score_evidence(ev, rule).points()
    out = np.array([points.get(name, 0) for name in ev.makers], np.float64)
    return out / max(out.sum(), 1.0)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's; 0 where one of them is the same for all."""
    ranks = rankdata(a), rankdata(b)
    return float(np.corrcoef(*ranks)[0, 1]) if np.ptp(a) and np.ptp(b) else 0.0


Table = dict[str, list[np.ndarray]]  # by rule or kind of worth, shares of each maker, one array a seed


def compare(
    scenario: str, seeds: Sequence[int], stress: tuple[float, float], rules: Mapping[str, Program], folder: Path
) -> tuple[tuple[str, ...], Table, Table]:
    """Makers, their shares of each kind of worth, and of the pay of each rule."""
    wanted: Table = {kind: [] for kind in WORTHS}
    got: Table = {name: [] for name in rules}
    makers: tuple[str, ...] = ()
    for seed in seeds:
        ev = played(scenario, seed, folder)
        makers = ev.makers
        for kind, shares in worth(ev, stress).items():
            wanted[kind].append(shares)
        for name, rule in rules.items():
            got[name].append(paid(ev, rule))
    return makers, wanted, got


def ranks(wanted: Sequence[np.ndarray], got: Sequence[np.ndarray]) -> float:
    """Mean rank correlation over seeds."""
    return float(np.mean([rank_correlation(one, other) for one, other in zip(wanted, got, strict=True)]))


def overlap(wanted: Sequence[np.ndarray], got: Sequence[np.ndarray]) -> float:
    """Mean part of the pay that went where the worth was."""
    return float(np.mean([np.minimum(one, other).sum() for one, other in zip(wanted, got, strict=True)]))


def main(arguments: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenario", default=str(HERE / "which_rule.toml"))
    parser.add_argument("--seeds", default="11,12,13,14,15,16")
    parser.add_argument("--stress", default="25,40")
    parser.add_argument("programs", nargs="*", default=list(RULES))
    given = parser.parse_args(arguments)
    rules = programs(given.programs)
    low, high = (float(minute) for minute in given.stress.split(","))
    seeds = [int(seed) for seed in given.seeds.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        makers, wanted, got = compare(given.scenario, seeds, (low, high), rules, Path(folder))
    print("| rule | " + " | ".join(f"{kind}: rank | overlap" for kind in WORTHS) + " |")
    for name, shares in got.items():
        cells = [f"{ranks(wanted[kind], shares):+.2f} | {overlap(wanted[kind], shares):.2f}" for kind in WORTHS]
        print(f"| {name} | " + " | ".join(cells) + " |")
    both = wanted | got
    print("\n| maker, share in % | " + " | ".join(both) + " |")
    for k, maker in enumerate(makers):
        cells = [f"{100 * np.mean([own[k] for own in shares]):.1f}" for shares in both.values()]
        print(f"| {maker} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main(sys.argv[1:])
