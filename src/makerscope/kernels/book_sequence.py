# ruff: noqa: ANN001, ANN201, PLR0917 - compiled functions take the types their docstrings say
"""The rule by which changes of a book follow a snapshot and one another.

Every venue with numbered changes says in its own words: a change leads from the state ``before`` to the state
``last``. Then one rule serves all: after a snapshot of state ``s`` changes with ``last <= s`` are in it already; the
first of the others must begin at or before it (``before <= s``); from then on ``before`` must equal the ``last`` of
the change applied last. Where that fails, a message was lost: nothing more is applied, and what comes waits for the
next snapshot.

Source: Binance, "How to manage a local order book correctly" (spot: ``before = U - 1``; futures: ``before = pu``),
Deribit, "book.{instrument}" (``before = prev_change_id``).
"""

from makerscope.kernels._jit import kernel

WAITING, APPLIED, COVERED, OLD_SNAPSHOT = 0, 1, 2, 3
SYNCED, STATE, FRESH, SEGMENT, BREAKS = 0, 1, 2, 3, 4  # places in ``chain``
CHAIN = 5


@kernel
def follow(snapshot, before, last, chain, waiting, order, segment, fate):
    """Put messages in order of application.

    Args:
        snapshot: bool ``(n,)``.
        before: int64 ``(n,)``, state a change begins at; any number for a snapshot.
        last: int64 ``(n,)``, state after the message.
        chain: int64 ``(CHAIN,)``: synced or not, id of the state, no change applied since the snapshot, number of the
            unbroken run, breaks so far. All 0 at first; changed, and passed again with the next messages.
        waiting: int64 ``(n,)``, room to work.
        order: int64 ``(n,)``: the messages applied, in order. Filled.
        segment: int64 ``(n,)``: the unbroken run each of them belongs to. Filled.
        fate: int8 ``(n,)``: ``WAITING`` for a snapshot to come, ``APPLIED``, ``COVERED`` (the book had it already),
            ``OLD_SNAPSHOT``. Filled.

    Returns:
        How many were applied.
    """
    applied, queued = 0, 0
    for i in range(snapshot.shape[0]):
        fate[i] = WAITING
        if not snapshot[i]:
            waiting[queued] = i
            queued += 1
        elif chain[SYNCED] == 1 and last[i] <= chain[STATE]:
            fate[i] = OLD_SNAPSHOT
        else:
            chain[SEGMENT] += 1 - chain[SYNCED]
            chain[SYNCED], chain[STATE], chain[FRESH] = 1, last[i], 1
            fate[i], order[applied], segment[applied] = APPLIED, i, chain[SEGMENT]
            applied += 1
        done = 0
        while done < queued and chain[SYNCED] == 1:
            j = waiting[done]
            if last[j] <= chain[STATE]:
                fate[j] = COVERED
            elif before[j] == chain[STATE] or (chain[FRESH] == 1 and before[j] <= chain[STATE]):
                chain[STATE], chain[FRESH] = last[j], 0
                fate[j], order[applied], segment[applied] = APPLIED, j, chain[SEGMENT]
                applied += 1
            else:
                chain[SYNCED] = 0
                chain[BREAKS] += 1
                break
            done += 1
        if done > 0:
            for j in range(done, queued):
                waiting[j - done] = waiting[j]
            queued -= done
    return applied
