"""A tuple of many arrays as one pointer, so that compiled functions can hand the whole of it on at no cost.

Numba unpacks a tuple into its parts at every call: with a hundred arrays, a function that only passes its argument on
takes seconds to compile, and minutes where many such functions call one another. ``opened(tuple)`` lays the addresses
and shapes of all arrays out in a table of words, once; compiled code gets the address of that table as a *handle*,
whose attributes have the names of the tuple's fields. Each use of an attribute is a load of two or three words
that never change (``invariant.load``), which the compiler keeps in registers. A field may be an array of up to three
dimensions, contiguous in C order, or again a tuple of such.

A compiled function does not see the difference: ``book.order[o, PRICE]`` works on the tuple and on the handle.
The arrays must live, and keep their place, as long as the handle is used: ``Opened`` holds them.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AttributeTemplate
from numba.extending import (
    NativeValue,
    infer_getattr,
    intrinsic,
    lower_getattr_generic,
    models,
    register_model,
    typeof_impl,
    unbox,
)
from numba.np import arrayobj, numpy_support

WORDS = 4  # of a field: address and shape, or the address of a part's own table


class HandleType(types.Type):
    """The type of a handle: the names of its fields and what each of them is."""

    def __init__(self, name: str, fields: tuple[tuple[str, types.Type], ...]) -> None:
        self.fields = fields
        inner = ", ".join(f"{field}: {kind}" for field, kind in fields)
        # the name stands in the symbol of every function that takes the handle: short names compile twice as fast
        super().__init__(name=f"{name}_{sha256(inner.encode()).hexdigest()[:8]}")

    def place(self, field: str) -> int | None:
        """Which field has this name, None if none."""
        return next((at for at, (name, _) in enumerate(self.fields) if name == field), None)


@register_model(HandleType)
class _HandleModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: HandleType) -> None:  # noqa: ANN401 - numba's own
        models.PrimitiveModel.__init__(self, manager, kind, ir.IntType(64))


@infer_getattr
class _HandleAttributes(AttributeTemplate):
    key = HandleType

    def generic_resolve(self, kind: HandleType, field: str) -> types.Type | None:
        at = kind.place(field)
        return None if at is None else kind.fields[at][1]


@lower_getattr_generic(HandleType)
def _load_field(context: Any, builder: Any, kind: HandleType, value: Any, field: str) -> Any:  # noqa: ANN401
    at = kind.place(field)
    if at is None:
        raise AttributeError(field)
    word = ir.IntType(64)
    base = builder.inttoptr(value, word.as_pointer())
    never = builder.module.add_metadata([])

    def load(n: int) -> Any:  # noqa: ANN401
        loaded = builder.load(builder.gep(base, [ir.Constant(word, WORDS * at + n)]))
        loaded.set_metadata("invariant.load", never)
        return loaded

    wanted = kind.fields[at][1]
    if isinstance(wanted, HandleType):
        return load(0)
    return _array(context, builder, wanted, load)  # pyright: ignore[reportArgumentType] - a field is one or the other


def _array(context: Any, builder: Any, wanted: types.Array, load: Any) -> Any:  # noqa: ANN401
    """An array that borrows its memory."""
    out = context.make_array(wanted)(context, builder)
    item = context.get_abi_sizeof(context.get_data_type(wanted.dtype))
    size = ir.Constant(ir.IntType(64), item)
    shape = [load(1 + n) for n in range(wanted.ndim)]
    strides = [size]
    for extent in reversed(shape[1:]):
        strides.insert(0, builder.mul(strides[0], extent, flags=["nsw"]))
    data = builder.inttoptr(load(0), context.get_data_type(wanted.dtype).as_pointer())
    arrayobj.populate_array(
        out,
        data=data,
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=size,
        meminfo=None,
    )
    return out._getvalue()  # noqa: SLF001 - how numba's own lowering ends


def _call_part(_typing_context: Any, _address: Any, handle: Any, _number: Any) -> Any:  # noqa: ANN401 - numba's own
    """Call a part by its address with a handle and a whole number; gives a whole number."""

    def build(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        word = ir.IntType(64)
        pointer = builder.inttoptr(arguments[0], ir.FunctionType(word, [word, word]).as_pointer())
        return builder.call(pointer, arguments[1:])

    return types.int64(types.int64, handle, types.int64), build


call_part: Any = intrinsic(_call_part)


@dataclass(frozen=True, slots=True)
class Opened:
    """A tuple laid out for compiled code. ``table``: its words; ``keep``: all memory that they point to."""

    kind: HandleType
    table: np.ndarray
    keep: tuple[object, ...]

    @property
    def address(self) -> int:
        """Where the table lies."""
        return self.table.ctypes.data


@typeof_impl.register(Opened)
def _typeof(value: Opened, _context: Any) -> HandleType:  # noqa: ANN401
    return value.kind


def opened(parts: NamedTuple) -> Opened:
    """Lay a tuple of arrays out as a table of words.

    Args:
        parts: fields are C-contiguous arrays of one to three dimensions, or tuples of such.

    Raises:
        TypeError: a field is something else.

    Examples:
        >>> class Pair(NamedTuple):
        ...     left: np.ndarray
        ...     right: np.ndarray
        >>> opened(Pair(np.zeros(3), np.zeros((2, 2), np.int64))).table.tolist()[1:4]
        [3, 0, 0]
    """
    names = parts._fields
    table = np.zeros(WORDS * len(names), np.int64)
    fields: list[tuple[str, types.Type]] = []
    keep: list[object] = [parts]
    for at, (name, value) in enumerate(zip(names, parts, strict=True)):
        words = table[WORDS * at : WORDS * (at + 1)]
        if isinstance(value, np.ndarray) and value.flags.c_contiguous and 1 <= value.ndim < WORDS:
            words[0], words[1 : 1 + value.ndim] = value.ctypes.data, value.shape
            fields.append((name, types.Array(numpy_support.from_dtype(value.dtype), value.ndim, "C")))
        elif isinstance(value, tuple) and hasattr(value, "_fields"):
            inner = opened(value)  # pyright: ignore[reportArgumentType]
            words[0] = inner.table.ctypes.data
            fields.append((name, inner.kind))
            keep.append(inner)
        else:
            raise TypeError(f"field {name} of {type(parts).__name__} is no contiguous array of 1 to 3 dimensions")
    return Opened(HandleType(type(parts).__name__, tuple(fields)), table, tuple(keep))


@unbox(HandleType)
def _unbox(_kind: HandleType, value: Any, context: Any) -> NativeValue:  # noqa: ANN401
    address = context.pyapi.object_getattr_string(value, "address")
    native = context.unbox(types.int64, address)
    context.pyapi.decref(address)
    return native
