"""The shipped kinds of agent, by name; a kind's module is loaded when it is first asked for."""

from importlib import import_module

from makerscope.agents.kind import Kind
from makerscope.errors import InputError

MODULES = (
    "symmetric", "grid", "hedged-grid", "chain-maker", "noise", "informed", "sniper", "leveraged", "liquidator",
    "fair-weather", "funded-grid", "external",
    "hedged-chain-maker", "hedged-glft", "hedged-option-maker", "allocator",
    "avellaneda-stoikov", "glft", "cartea-jaimungal", "margin-aware", "rfq-dealer", "rfq-taker",
    "option-maker",
    "recorded-flow",
    "hawkes", "kyle", "momentum", "elastic", "option-flow",
    "front-runner", "sandwicher", "back-runner", "bait", "liquidation-hunter", "spoofer",
)  # fmt: skip


def kind_of(name: str) -> Kind:
    """A shipped kind.

    Raises:
        InputError: there is none of that name.

    Examples:
        >>> kind_of("symmetric").about
        'one bid and one ask at a fixed distance around the leading price'
    """
    if name not in MODULES:
        raise InputError("agent", f"kind is {name!r}", "one of " + ", ".join(MODULES))
    kind: Kind = import_module("makerscope.agents." + name.replace("-", "_")).KIND
    return kind
