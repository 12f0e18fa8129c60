"""Named tuples that compiled functions are handed by their place in memory instead of number by number.

Numba takes a tuple apart wherever it is handed on: a plan of some seventy arrays is half a thousand numbers, which
Python's objects are first turned into, which each call lists, each function puts together and takes apart again, and of
which LLVM then finds out that hardly any is needed. That was a third of the time to compile a kernel. A reference is
one number, and a function reads the fields that it names.

It reads them once, as it begins: LLVM does not know that nothing else writes there, and would read a field that is
used in a loop again and again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numba import typeof
from numba.core import cgutils, types
from numba.core.datamodel.models import PrimitiveModel
from numba.core.extending import NativeValue, register_model, typeof_impl, unbox
from numba.core.imputils import impl_ret_borrowed, lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr

if TYPE_CHECKING:
    from llvmlite import ir
    from numba.core.base import BaseContext
    from numba.core.datamodel.manager import DataModelManager
    from numba.core.pythonapi import _UnboxContext

P = TypeVar("P", bound=tuple[Any, ...])


def by_reference(whole: P) -> P:
    """Return the place of a named tuple, for a compiled function to be called with in its stead.

    Parameters
    ----------
    whole
        Of arrays, whole numbers, floats, and named tuples of them.
    """
    return cast("P", _Placed(whole))


class _Placed:
    """A named tuple, written to memory as Numba's compiled functions hold it."""

    def __init__(self, whole: tuple[Any, ...]) -> None:
        self.whole = whole  # its arrays live as long as the place
        self._words = np.frombuffer(b"".join(_words(whole)), dtype=np.uint64)
        self.address = self._words.ctypes.data


def _words(whole: tuple[Any, ...]) -> Iterator[bytes]:
    """Return the words of eight bytes of which a tuple consists; arrays are looked at, not owned."""
    for field in whole:
        if isinstance(field, tuple):
            yield from _words(field)
        elif isinstance(field, np.ndarray):
            owner = (0, 0)
            numbers = (*owner, field.size, field.itemsize, field.ctypes.data, *field.shape, *field.strides)
            yield struct.pack(f"={len(numbers)}q", *numbers)
        elif isinstance(field, np.uint64):
            yield struct.pack("=Q", field)
        elif isinstance(field, float):
            yield struct.pack("=d", field)
        elif isinstance(field, int | np.int64) and not isinstance(field, bool):
            yield struct.pack("=q", field)
        else:
            raise TypeError(f"{type(field).__name__} has no place among words of eight bytes")


class Reference(types.Type):
    """The type of the place in memory at which a named tuple stands.

    Parameters
    ----------
    whole
        The type of the tuple.
    """

    def __init__(self, whole: types.Type) -> None:
        self.whole: Any = whole  # two types of Numba's, for fields that are alike and for others, with the same names
        super().__init__(name=f"Reference({whole.name})")


_TYPES: dict[tuple[object, ...], Reference] = {}
"""The types of tuples seen so far: Numba takes a millisecond for one."""


@typeof_impl.register(_Placed)
def _type_of(placed: _Placed, _: object) -> Reference:
    """Return the type of a place."""
    told = _told_apart_by(placed.whole)
    if told not in _TYPES:
        _TYPES[told] = Reference(typeof(placed.whole))
    return _TYPES[told]


def _told_apart_by(whole: tuple[Any, ...]) -> tuple[object, ...]:
    """Return what differs where Numba's types do."""
    fields = (
        _told_apart_by(field)
        if isinstance(field, tuple)
        else (field.dtype, field.ndim, field.flags.num)
        if isinstance(field, np.ndarray)
        else type(field)
        for field in whole
    )
    return (type(whole), *fields)


@register_model(Reference)
class _ReferenceModel(PrimitiveModel):
    """A reference is a pointer to the tuple, as compiled functions hold it."""

    def __init__(self, manager: DataModelManager, reference: Reference) -> None:
        super().__init__(manager, reference, manager.lookup(reference.whole).get_value_type().as_pointer())


@unbox(Reference)
def _pointer(reference: Reference, placed: ir.Value, with_python: _UnboxContext) -> NativeValue:
    """Turn a place into a pointer."""
    address = with_python.pyapi.object_getattr_string(placed, "address")
    number = with_python.pyapi.long_as_voidptr(address)
    with_python.pyapi.decref(address)
    pointer = with_python.context.get_value_type(reference)
    return NativeValue(with_python.builder.bitcast(number, pointer))


@infer_getattr
class _Fields(AttributeTemplate):
    """The fields of a reference have the types of the tuple's; a tuple among them is a reference again."""

    key = Reference

    def generic_resolve(self, reference: Reference, name: str) -> types.Type | None:  # type: ignore[override]
        """Return the type of a field, or None if there is none of this name."""
        fields = dict(zip(reference.whole.fields, reference.whole.types, strict=True))
        field = fields.get(name)
        return Reference(field) if isinstance(field, types.BaseNamedTuple) else field


@lower_getattr_generic(Reference)
def _read_field(
    context: BaseContext, builder: ir.IRBuilder, reference: Reference, place: ir.Value, name: str
) -> object:
    """Read a field: of a reference that the function was handed, as it begins."""
    index = reference.whole.fields.index(name)
    field = reference.whole.types[index]
    with builder.goto_entry_block() if place in builder.function.args else nullcontext():
        at = cgutils.gep_inbounds(builder, place, 0, index)
        if isinstance(field, types.BaseNamedTuple):
            return at
        value = builder.load(at)
    return impl_ret_borrowed(context, builder, field, value)
