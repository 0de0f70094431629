# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say, in order
"""Where an own order stands in a queue that nobody recorded: four models, as data.

A recording shows how many lots rest at a price, not whose they are. An own order that comes to a price has all
displayed lots ahead of it. Trades eat the lots ahead first; that much is certain. When the displayed size falls by
more than was traded, somebody cancelled, and nobody saw whether ahead of us or behind: this is what a model decides.
``ahead`` never grows, and is never more than what is displayed.

==========  ===========================================================================================================
``behind``  all cancels are behind us: we move up by trades alone, or where less is displayed than stood ahead
``share``   cancels come from ahead and behind in proportion to the lots there
``power``   a cancel is ahead with probability ``a^n / (a^n + b^n)``, a lots ahead, b behind, and ``ahead`` moves by the
            mean; n = 1 is ``share``, a larger n puts cancels where more lots are
``front``   nobody is ahead: an upper bound on what a better place in the queue could earn
==========  ===========================================================================================================

Source:
    hftbacktest 2.4.4, queue models RiskAdverseQueueModel and ProbQueueModel with PowerProbQueueFunc (documentation);
    the same estimate, here with exact lots for fills.
"""

from dataclasses import dataclass

from makerscope.errors import InputError
from makerscope.kernels._jit import inlined
from makerscope.kernels.elementary import exp, log

BEHIND, SHARE, POWER, FRONT = range(4)
MODELS = {"behind": BEHIND, "share": SHARE, "power": POWER, "front": FRONT}
UNKNOWN = 1.0e18  # lots ahead where the recording does not show the price: no trade at it reaches us


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueModel:
    """How own orders move up. ``n``: exponent of ``power``.

    Raises:
        InputError: there is no such model, or the exponent makes no sense.

    Examples:
        >>> QueueModel(kind="power", n=3.0).stated
        'power, n = 3: a cancel is ahead with probability a^n / (a^n + b^n), a lots ahead, b behind'
    """

    kind: str = "behind"
    n: float = 3.0

    def __post_init__(self) -> None:
        if self.kind not in MODELS:
            raise InputError("queue", f"is {self.kind!r}", "one of " + ", ".join(MODELS))
        if not 0 < self.n <= 16:
            raise InputError("queue.n", f"is {self.n:g}", "more than 0, at most 16")

    @property
    def stated(self) -> str:
        """The model in words, for the tape and the report."""
        return {
            "behind": "behind: all displayed lots are ahead, and only trades move an order up",
            "share": "share: cancels come from ahead and behind in proportion to the lots there",
            "power": f"power, n = {self.n:g}: a cancel is ahead with probability a^n / (a^n + b^n), a lots ahead, "
            "b behind",
            "front": "front: nobody is ahead (an upper bound)",
        }[self.kind]


@inlined
def _power(x, n):
    return exp(n * log(x), 0.0) if x > 0.0 else 0.0


@inlined
def moved_up(model, n, ahead, before, traded, after):
    """Lots ahead once the displayed size went from ``before`` to ``after``; ``traded`` lots were counted already."""
    gone = float(before - traded - after)
    if model != BEHIND and gone > 0.0 and 0.0 < ahead < UNKNOWN:
        behind = max(float(before - traded) - ahead, 0.0)
        if model == POWER:
            scale = ahead + behind
            front, back = _power(ahead / scale, n), _power(behind / scale, n)
        else:
            front, back = ahead, behind
        share = front / (front + back)
        ahead = ahead - share * gone + min(behind - (1.0 - share) * gone, 0.0)
    return max(min(ahead, float(after)), 0.0)
