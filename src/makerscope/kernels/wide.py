"""Three things Numba does not offer: one comparison of many numbers, four products at once, and 128-bit sums.

``times_passed`` compares 32 times at once; the compiler makes of it what the processor has (AVX-512, AVX2, NEON).
A 128-bit integer is two neighbouring int64 words of an array, low word first, as on every little-endian machine.
Nothing here checks a bound: callers leave ``LANES`` words of room behind what they search.
"""
# ruff: noqa: ANN001, ANN202 - an intrinsic is typed by the signature it returns

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

LANES = 32
_WIDE = ir.IntType(128)
_NO_POISON = ir.Constant(ir.IntType(1), 0)


def _cell(context, builder, kind, array, at):
    return builder.gep(context.make_array(kind)(context, builder, array).data, [at])


def _times_passed(_context, times, at, due):  # noqa: ARG001 - their types stand in the signature
    """How many of ``times[at:at + LANES]`` come before the first that is later than ``due`` (uint64)."""

    def emit(context, builder, signature, args):
        lanes = ir.VectorType(ir.IntType(64), LANES)
        cell = builder.bitcast(_cell(context, builder, signature.args[0], *args[:2]), lanes.as_pointer())
        one = builder.insert_element(ir.Constant(lanes, ir.Undefined), args[2], ir.Constant(ir.IntType(32), 0))
        same = ir.Constant(ir.VectorType(ir.IntType(32), LANES), None)
        due_in_each = builder.shuffle_vector(one, ir.Constant(lanes, ir.Undefined), same)
        later = builder.icmp_signed(">", builder.load(cell, align=8), due_in_each)
        count = builder.cttz(builder.bitcast(later, ir.IntType(LANES)), _NO_POISON)
        return builder.zext(count, ir.IntType(64))

    return types.uint64(times, types.uintp, types.int64), emit


def _add_product(_context, words, at, x, y):  # noqa: ARG001 - their types stand in the signature
    """Add ``x * y`` (int64 each) to the 128-bit integer at ``words[at]``, ``words[at + 1]``."""

    def emit(context, builder, signature, args):
        cell = builder.bitcast(_cell(context, builder, signature.args[0], *args[:2]), _WIDE.as_pointer())
        product = builder.mul(builder.sext(args[2], _WIDE), builder.sext(args[3], _WIDE))
        builder.store(builder.add(builder.load(cell, align=8), product), cell, align=8)
        return context.get_dummy_value()

    return types.void(words, types.uintp, types.int64, types.int64), emit


def _add_wide(_context, words, at, other, there, sign):  # noqa: ARG001 - their types stand in the signature
    """Add ``sign`` times the 128-bit integer at ``other[there]`` to that at ``words[at]``."""

    def emit(context, builder, signature, args):
        cell = builder.bitcast(_cell(context, builder, signature.args[0], *args[:2]), _WIDE.as_pointer())
        source = builder.bitcast(_cell(context, builder, signature.args[2], *args[2:4]), _WIDE.as_pointer())
        more = builder.mul(builder.load(source, align=8), builder.sext(args[4], _WIDE))
        builder.store(builder.add(builder.load(cell, align=8), more), cell, align=8)
        return context.get_dummy_value()

    return types.void(words, types.uintp, other, types.uintp, types.int64), emit


def _add_four(_context, words, at, other, there, times):  # noqa: ARG001 - their types stand in the signature
    """Add ``times`` the four int64 at ``other[there]`` to the four at ``words[at]``, at once."""

    def emit(context, builder, signature, args):
        four = ir.VectorType(ir.IntType(64), 4)
        cell = builder.bitcast(_cell(context, builder, signature.args[0], *args[:2]), four.as_pointer())
        source = builder.bitcast(_cell(context, builder, signature.args[2], *args[2:4]), four.as_pointer())
        one = builder.insert_element(ir.Constant(four, ir.Undefined), args[4], ir.Constant(ir.IntType(32), 0))
        same = ir.Constant(ir.VectorType(ir.IntType(32), 4), None)
        each = builder.shuffle_vector(one, ir.Constant(four, ir.Undefined), same)
        more = builder.mul(builder.load(source, align=8), each)
        builder.store(builder.add(builder.load(cell, align=8), more), cell, align=8)
        return context.get_dummy_value()

    return types.void(words, types.uintp, other, types.uintp, types.int64), emit


def _copy_four(_context, words, at, other, there):  # noqa: ARG001 - their types stand in the signature
    """Copy the four int64 at ``other[there]`` to ``words[at]``, at once."""

    def emit(context, builder, signature, args):
        four = ir.VectorType(ir.IntType(64), 4)
        cell = builder.bitcast(_cell(context, builder, signature.args[0], *args[:2]), four.as_pointer())
        source = builder.bitcast(_cell(context, builder, signature.args[2], *args[2:4]), four.as_pointer())
        builder.store(builder.load(source, align=8), cell, align=8)
        return context.get_dummy_value()

    return types.void(words, types.uintp, other, types.uintp), emit


times_passed: Any = intrinsic(_times_passed)
add_product: Any = intrinsic(_add_product)
add_wide: Any = intrinsic(_add_wide)
add_four: Any = intrinsic(_add_four)
copy_four: Any = intrinsic(_copy_four)
