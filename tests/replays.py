"""Drive a replay with recorded events and own messages written by hand, for tests."""

from makerscope.market.layout import (
    CANCEL,
    FIRST_AGENT,
    M_ACCOUNT,
    M_DUE,
    M_FLAGS,
    M_INSTRUMENT,
    M_KIND,
    M_LINK,
    M_PRICE,
    M_SIDE,
    M_SIZE,
    M_SLOT,
    NONE,
    PLACE,
    POST_ONLY,
    TAKE,
    TRADING,
)
from makerscope.sim import replay_world as r
from makerscope.sim.agenda import MESSAGE, add
from makerscope.sim.replay import own_cast
from makerscope.sim.replay_build import Terms, stage
from makerscope.sim.replay_loop import DONE, run_replay
from makerscope.sim.replay_queue import QueueModel
from makerscope.sim.scenario import AgentTable
from tests.tapes import perp

START = 1_700_000_000 * 10**9


def row(at, what, side=0, price=0, size=0, *, serial=0):
    return [at, at, what, 0, side, price, size, serial]


def snapshot(at, rows):
    """Rows of one snapshot; an empty book is one row of size 0."""
    out = [row(at, r.LEVEL, *each) for each in (rows or [(1, 1, 0)])]
    out[0][r.E_WHAT] += r.FIRST
    out[-1][r.E_WHAT] += r.LAST_ROW
    return out


def staged(events, *, model="behind", n=1.0, accounts=2, slots=5, fees=(0.0, 0.0), step=1000):
    """A replay with nobody awake: feed and messages are ``events`` of ``tests.reference.replay``, 1 us apart."""
    cast = own_cast([AgentTable(kind="grid", name="own", count=accounts, numbers={"levels": slots})], 1)
    terms = Terms(
        queue=QueueModel(kind=model, n=n), maker_fee_bps=fees[0], taker_fee_bps=fees[1], quotes=False, equity_s=0
    )
    end = START + step * (len(events) + 1)
    feed, messages = [row(START, r.RESUME | r.LAST_ROW)], []
    for place, (name, *facts) in enumerate(events):
        at = START + step * (place + 1)
        if name == "level":
            feed.append(row(at, r.LEVEL | r.LAST_ROW, *facts))
        elif name == "snap":
            feed += snapshot(at, facts[0])
        elif name == "trade":
            feed.append(row(at, r.TRADE | r.LAST_ROW, *facts, serial=place))
        elif name == "pause":
            feed.append(row(at, r.PAUSE | r.LAST_ROW))
        elif name == "resume":
            feed.append(row(at, r.RESUME | r.LAST_ROW))
        else:
            messages.append((at, name, facts))
    out = stage([perp()], cast, terms, (START, end), 7, feed=1 << 10, room=1 << 12)
    world = out.world
    world.feed[: len(feed)] = feed
    world.clock[[r.C_ROWS, r.C_FINAL]] = len(feed), 1
    world.clock[r.C_SLEEPERS] = 0
    world.asleep[:] = 0
    assert world.venue.state[0, TRADING] == 0
    for at, (due, name, facts) in enumerate(messages):
        m = world.mempool.message[at]
        world.clock[r.C_FREE_MESSAGE] = m[M_LINK]
        m[:] = NONE
        m[M_FLAGS], m[M_INSTRUMENT], m[M_ACCOUNT], m[M_DUE] = 0, 0, FIRST_AGENT + facts[0], due
        if name == "place":
            m[M_KIND], m[M_FLAGS] = PLACE, POST_ONLY
            m[[M_SLOT, M_SIDE, M_PRICE, M_SIZE]] = facts[1:]
        elif name == "take":
            m[M_KIND], m[M_SIDE], m[M_PRICE], m[M_SIZE] = (
                TAKE,
                facts[1],
                NONE if facts[2] is None else facts[2],
                facts[3],
            )
        else:
            m[M_KIND], m[M_SLOT] = CANCEL, facts[1]
        add(world.agenda, due, MESSAGE, at)
    return out


def played(events, **facts):
    """Run such a replay to its end."""
    out = staged(events, **facts)
    assert run_replay(out.handle) == DONE
    assert not out.world.venue.accounts.position.sum(axis=0).any()
    return out


def fills_of(out):
    """``(account, side, price, size, "maker" or "taker")`` of each own fill, in order."""
    log = out.world.venue.log
    found = []
    for each in log.fills[: log.count[1]]:
        _, _, maker, taker, side, price, size = (int(x) for x in each[:7])
        if maker >= FIRST_AGENT:
            found.append((maker - FIRST_AGENT, side, price, size, "maker"))
        else:
            found.append((taker - FIRST_AGENT, -side, price, size, "taker"))
    return found


def position(out, account=0):
    return int(out.world.venue.accounts.position[FIRST_AGENT + account, 0])


def live_ahead(out):
    """Lots ahead of each own order that rests, by (account, slot)."""
    own = out.world.own
    found = {}
    for head in own.head:
        o = head
        while o != NONE:
            found[int(own.order[o, r.Q_ACCOUNT]) - FIRST_AGENT, int(own.order[o, r.Q_SLOT])] = float(own.ahead[o])
            o = own.order[o, r.Q_NEXT]
    return found
