# ruff: noqa: ANN001, ANN201, PLR0917 - a kernel is compiled for the types it is called with, in order
"""Passes over the events of a Hawkes process with one exponential decay: likelihood, residuals, and the next event.

Symbols: ``D`` marks (such as buy and sell), ``base`` ``(D,)`` events per unit of time, ``jump`` ``(D * D,)`` by rows:
``jump[i * D + j]`` is what an event of mark ``j`` adds to the intensity of mark ``i``, ``decay`` per unit of time.
Every pass carries ``excess`` ``(D,)``, what earlier events still add; the sum over all pairs of events is never formed.
"""

from math import exp, log

from makerscope.kernels._jit import kernel
from makerscope.kernels.dice import exponential, uniform
from makerscope.kernels.elementary import exp as exact_exp

DEEPEST = -700.0  # e^x below is zero for all that follows


@kernel
def score(time, mark, end, base, jump, decay, slope, past, aged):
    """Log likelihood of ``time`` in (0, end]; derivatives by base, jump and decay into ``slope`` ``(D + D D + 1,)``.

    ``past`` and ``aged`` ``(D,)`` are room for sum e^(-decay age) and sum age e^(-decay age) over earlier events.
    """
    kinds, total, before = base.shape[0], 0.0, 0.0
    slope[:] = 0.0
    past[:] = 0.0
    aged[:] = 0.0
    last = kinds + kinds * kinds
    for n in range(time.shape[0]):
        gap = time[n] - before
        fade = exp(-decay * gap)
        for j in range(kinds):
            aged[j] = fade * (aged[j] + gap * past[j])
            past[j] *= fade
        i = mark[n]
        rate, faster = base[i], 0.0
        for j in range(kinds):
            rate += jump[i * kinds + j] * past[j]
            faster -= jump[i * kinds + j] * aged[j]
        total += log(rate)
        slope[i] += 1.0 / rate
        for j in range(kinds):
            slope[kinds + i * kinds + j] += past[j] / rate
        slope[last] += faster / rate
        past[i] += 1.0
        before = time[n]
        left = end - time[n]
        fade = exp(-decay * left)
        whole = (1.0 - fade) / decay
        shorter = (left * fade - whole) / decay
        for k in range(kinds):
            total -= jump[k * kinds + i] * whole
            slope[kinds + k * kinds + i] -= whole
            slope[last] -= jump[k * kinds + i] * shorter
    for i in range(kinds):
        total -= base[i] * end
        slope[i] -= end
    return total


@kernel
def waits(time, mark, base, jump, decay, excess, out):
    """Integral of the whole intensity between events into ``out``: exponential, of mean 1, if the model is true."""
    kinds, before = base.shape[0], 0.0
    calm = base.sum()
    excess[:] = 0.0
    for n in range(time.shape[0]):
        gap = time[n] - before
        fade = exp(-decay * gap)
        out[n] = calm * gap + excess.sum() * (1.0 - fade) / decay
        for i in range(kinds):
            excess[i] = excess[i] * fade + jump[i * kinds + mark[n]]
        before = time[n]


@kernel
def next_event(dice, k, base, jump, decay, excess):
    """Time until the next event and its mark, by thinning (Ogata); ``excess`` is moved on to just behind it."""
    kinds = base.shape[0]
    calm, wait = 0.0, 0.0
    for i in range(kinds):
        calm += base[i]
    while True:
        bound = calm
        for i in range(kinds):
            bound += excess[i]
        gap = exponential(dice, k) / bound
        fade = exact_exp(max(-decay * gap, DEEPEST), 0.0)
        wait += gap
        left = uniform(dice, k) * bound
        chosen = -1
        for i in range(kinds):
            excess[i] *= fade
            if chosen < 0:
                left -= base[i] + excess[i]
                if left < 0.0:
                    chosen = i
        if chosen >= 0:
            for i in range(kinds):
                excess[i] += jump[i * kinds + chosen]
            return wait, chosen


@kernel
def play(dice, k, end, base, jump, decay, excess, time, mark):
    """Events until ``end`` or until the room is full; how many, and whether ``end`` was reached."""
    now, n = 0.0, 0
    while n < time.shape[0]:
        wait, chosen = next_event(dice, k, base, jump, decay, excess)
        now += wait
        if now > end:
            return n, True
        time[n], mark[n] = now, chosen
        n += 1
    return n, False
