# ruff: noqa: ANN001, ANN202, ANN201 - compiled functions take the types their docstrings say
"""The venue's model numbers of every option: volatility by its surface, price, delta and vega; and its mark."""

from makerscope.kernels._jit import kernel


@kernel
def mark_options(world, at):
    """Write the model of this block and the options' marks."""
    return
