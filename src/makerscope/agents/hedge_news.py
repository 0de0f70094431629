# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say, in order
"""What became of a hedge: filled, refused or never heard of; and which venue rests after how many failures."""

from makerscope.kernels._jit import kernel
from makerscope.market.layout import NONE
from makerscope.market.news import ARRIVED, REFUSED, TOOK, W_INSTRUMENT, W_KIND, W_LEFT, W_SIDE, W_SIZE, W_SLOT
from makerscope.market.venue import NO_MARGIN

# words of a hedger's memory: whether a hedge is on its way, until when (ns) and to which block it waits for it, where
# it went; money on its way (1: wanted, else until when); failures in a row at the leading venue and at the perpetual,
# until when each rests (ns); and counts of hedges sent, failed, and lots hedged
SENT, UNTIL, LAST, WHERE, MONEY = range(5)
FAILS, REST = 5, 7  # two words each: the leading venue's, the perpetual's
HEDGES, FAILED, LOTS = 9, 10, 11


@kernel
def listen(self, seen, lead, word, tries, rest):
    """Take note of what became of the hedge on its way. ``tries`` failures in a row close a venue for ``rest`` ns."""
    own, news = self.whole, seen.news
    for n in range(news.shape[0]):
        kind = news[n, W_KIND]
        if kind == ARRIVED and news[n, W_SIDE] == 1:
            own[word + MONEY] = own[word + REST] = 0
        if own[word + SENT] == 0 or news[n, W_INSTRUMENT] != own[word + WHERE]:
            continue
        venue = 0 if own[word + WHERE] == lead else 1
        if kind == TOOK:
            own[word + SENT] = own[word + FAILS + venue] = 0
            own[word + LOTS] += news[n, W_SIZE]
        elif kind == REFUSED and news[n, W_SLOT] == NONE:
            poor = venue == 0 and news[n, W_LEFT] == NO_MARGIN
            if poor and own[word + MONEY] <= seen.now:
                own[word + MONEY] = 1
            _fail(own, word, venue, 1 if poor else tries, seen.now, rest)
    if own[word + SENT] == 1 and seen.now >= own[word + UNTIL] and seen.block > own[word + LAST]:
        _fail(own, word, 0 if own[word + WHERE] == lead else 1, tries, seen.now, rest)


@kernel
def _fail(own, word, venue, tries, now, rest):
    """Count a failure; the last of so many in a row closes the venue for a while."""
    own[word + SENT] = 0
    own[word + FAILED] += 1
    own[word + FAILS + venue] += 1
    if own[word + FAILS + venue] >= tries:
        own[word + FAILS + venue], own[word + REST + venue] = 0, now + rest
