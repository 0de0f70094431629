# ruff: noqa: ANN001, ANN201, ANN202 - compiled functions take the types their docstrings say; one number a line
"""A keeper: asks the venue to liquidate every account it sees below maintenance margin, for a share of the penalty.

Only where the venue leaves liquidation to keepers (``venue.keepers = true``); the first to ask has the reward.
"""

from types import MappingProxyType

from makerscope.agents.interface import act_at, liquidate, seen_at, self_at
from makerscope.agents.kind import KEEPER, Kind, Number
from makerscope.kernels._jit import entry, kernel
from makerscope.market.layout import NONE

NUMBERS = MappingProxyType({
    "every_ms": Number(default=0, low=0, high=1e7, about="how often it looks, ms; 0: at every block it sees"),
    "most": Number(default=16, low=1, high=16, about="most accounts it asks for at once"),
})  # fmt: skip


@kernel
def step(self, seen, act):
    """Ask once a block seen for each weak account that is not its own."""
    sleep = int(self.params[0] * 1e6)
    if self.whole[0] == seen.block:
        return sleep
    self.whole[0] = seen.block
    asked = 0
    for account in seen.weak:
        if account == NONE or asked >= self.params[1]:
            break
        if account != seen.me:
            liquidate(act, account)
            asked += 1
    return sleep


@entry
def _entry(own, seen, act):
    return step(self_at(own), seen_at(seen), act_at(act))


KIND = Kind(
    name="liquidator",
    about="asks the venue to liquidate whoever is below maintenance, for a reward",
    step=step,
    entry=_entry,
    numbers=NUMBERS,
    slots=lambda _numbers, _instruments: 1,
    role=KEEPER,
)
