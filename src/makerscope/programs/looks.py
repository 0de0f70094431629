"""When a program looks at a market: always, at seeded instants, on a grid, or by blocks."""

import numpy as np
import sha3

from makerscope.errors import InputError
from makerscope.kernels.score_sweep import BLOCK_MINIMUM, INSTANTS, INTEGRAL
from makerscope.programs.components import Looks
from makerscope.programs.evidence import Evidence
from makerscope.programs.program import Sampling
from makerscope.programs.sampling import grid_instants, independent_instants, sampled_blocks, stratified_instants
from makerscope.programs.units import nanoseconds

SEEDED = ("stratified", "independent", "blocks")


def default_seed(tape_root: str, program: str) -> bytes:
    """The seed where nobody committed to one: it follows from the tape, so it is known only after the epoch.

    Whoever writes the tape could try several; a seed committed to before the epoch, and revealed after it, cannot be.
    """
    return sha3.keccak_256(bytes.fromhex(tape_root.removeprefix("0x")) + bytes.fromhex(program[2:])).digest()


def looks_of(sampling: Sampling, ev: Evidence, venue: str, seed: bytes) -> Looks:
    """The looks at a venue's markets in one epoch; all markets of a venue are looked at in the same instants.

    Raises:
        InputError: the rule looks at blocks and the tape has none.
    """
    since, until = ev.since, ev.until
    mode = sampling.mode
    if mode == "integral":
        return Looks(mode=INTEGRAL)
    if mode == "grid":
        return Looks(mode=INSTANTS, instants=grid_instants(since, until, nanoseconds(sampling.period_s)))
    if mode == "stratified":
        return Looks(mode=INSTANTS, instants=stratified_instants(seed, since, until, nanoseconds(sampling.period_s)))
    if mode == "independent":
        return Looks(mode=INSTANTS, instants=independent_instants(seed, since, until, sampling.samples))
    times = ev.blocks(venue)
    if not times.size:
        raise InputError("blocks", f"the tape has no block of {venue}", "blocks of the venue in this epoch")
    if mode == "block_minimum":
        return Looks(mode=BLOCK_MINIMUM, instants=times)
    chosen = sampled_blocks(seed, 0, times.size + 1, low=sampling.blocks_low, high=sampling.blocks_high)
    return Looks(mode=INSTANTS, instants=np.ascontiguousarray(times[chosen - 1]))
