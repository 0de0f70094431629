# ruff: noqa: ANN001, ANN201 - compiled functions take the types their docstrings say
"""One message whose turn has come, as a part of the loop."""

from makerscope.kernels._jit import part
from makerscope.market.venue import execute


@part
def execute_message(world, at):
    """Execute the message in row ``at`` of the pool; OK or the reason why it was refused."""
    return execute(world.venue, world.mempool.message[at])
