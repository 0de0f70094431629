"""A handle made from an address: for many tuples of one shape, such as one book an instrument."""

from typing import Any

from numba import types
from numba.extending import intrinsic


@intrinsic
def _handle_at(typing_context: Any, like: Any, address: Any) -> Any:  # noqa: ANN401, ARG001 - numba's own signature
    """The handle of the table at ``address``, of the same kind as ``like``."""

    def build(_context: Any, _builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        return arguments[1]

    return like(like, types.int64), build


handle_at: Any = _handle_at
