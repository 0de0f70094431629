"""One more call of a compiled agent, outside the loop: what it would do now, at a spot and a time of one's own."""

import ctypes

import numpy as np

from makerscope.agents import interface
from makerscope.market.layout import FIRST_AGENT, PUBLIC_COLUMNS
from makerscope.sim import world as w


class Caller:
    """An agent of a world that has run, with its own view of the last block. It hears no news."""

    def __init__(self, built, agent=0):
        world, a = built.world, FIRST_AGENT + agent
        self.built = built  # it keeps the memory that the world only points to
        self.world, self.seen, self.entry = world, world.seen, built.cast[agent].kind.entry.ctypes
        block, markets = int(world.clock[w.C_HEIGHT]), world.public.whole.shape[1]
        at, base = block % world.public.time.shape[0], int(world.venue.slot_at[a])
        slots = int(world.venue.slot_at[a + 1]) - base
        seen = self.seen
        seen[interface.N_NOW], seen[interface.N_BLOCK], seen[interface.N_ME] = world.clock[w.C_NOW], block, a
        seen[interface.N_BLOCK_TIME], seen[interface.N_NEWS] = world.public.time[at], 0
        seen[interface.N_SLOTS] = slots
        seen[interface.AT_PUBLIC] = world.public.whole.ctypes.data + 8 * at * markets * PUBLIC_COLUMNS
        seen[interface.AT_MODEL] = world.public.model.ctypes.data + 8 * at * markets * interface.MODEL_COLUMNS
        seen[interface.AT_POSITION] = world.agents.position.ctypes.data + 8 * a * markets
        seen[interface.AT_KNOWN] = world.agents.known.ctypes.data + 8 * base * interface.KNOWN_COLUMNS
        self.public, self.model = world.public.whole[at], world.public.model[at]
        self.position, self.known = world.agents.position[a], world.agents.known[base : base + slots]
        own = world.agents.own[a]
        self.reals = memory(own[interface.AT_REALS], own[interface.N_REALS], ctypes.c_double)
        self.whole = memory(own[interface.AT_WHOLE], own[interface.N_WHOLE], ctypes.c_int64)
        self.where = own.ctypes.data, seen.ctypes.data, world.act.ctypes.data

    def __call__(self, *, spot=None, later=0.0):
        """The rows it writes, ``spot`` as it sees it now and ``later`` seconds after the last call."""
        if spot is not None:
            self.world.reference[0, interface.R_SPOT] = spot
        self.seen[interface.N_NOW] += round(later * 1e9)
        self.world.written[0] = 0
        self.entry(*self.where)
        return self.world.rows[: int(self.world.written[0])].copy()


def memory(address, length, kind):
    """The words at an address."""
    return np.ctypeslib.as_array((kind * int(length)).from_address(int(address)))
