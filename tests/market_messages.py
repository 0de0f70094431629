"""Messages and chains for tests of the simulated world's blocks."""

import numpy as np

from makerscope.market import chain as chains
from makerscope.market import layout, ordering
from makerscope.market.message_sort import SCRATCH_ROWS

MS = 1_000_000
LATE = 1_800_000_000 * 10**9  # a time of today, in ns


def messages_of(rows):
    """A message table from dicts of its columns' names (``kind=CANCEL``); serials count up."""
    table = np.zeros((max(len(rows), 1), layout.MESSAGE_COLUMNS), np.int64)
    for m, row in enumerate(rows):
        filled = {"kind": layout.PLACE, "account": layout.FIRST_AGENT, "gas": 1, "serial": m} | row
        for name, value in filled.items():
            table[m, getattr(layout, f"M_{name.upper()}")] = value
    return table


def chain_of(**rules):
    """A chain by the names of its rules (``interval=70``), with ``time``, ``base_fee`` and schedules as they are."""
    numbers = np.zeros(chains.RULE_COLUMNS, np.int64)
    rest = {}
    for name, value in rules.items():
        if hasattr(chains, f"K_{name.upper()}"):
            numbers[getattr(chains, f"K_{name.upper()}")] = value
        else:
            rest[name] = value
    return chains.new_chain(numbers, **rest)


def arranged(policy, chain, table, waiting=None, amends=None):
    """Rows that execute in the block that stands open, after telling the venue of those not heard of yet."""
    waiting = np.arange(len(table)) if waiting is None else np.asarray(waiting, np.int64)
    for m in waiting:
        if table[m, layout.M_DUE] == 0:
            ordering.due(policy, chain.state, table, m, int(amends is not None and amends[m]))
    order = np.full(max(len(waiting), 1), -7)
    scratch = np.zeros((SCRATCH_ROWS, max(len(waiting), 1)), np.int64)
    n = ordering.arrange(policy, chain.state, table, waiting, len(waiting), order, scratch)
    return order[:n].tolist()
