"""Named tuples that compiled functions hand on by their place in memory instead of number by number.

Numba takes a tuple apart wherever it is handed on: a plan of some seventy arrays is half a thousand numbers, which
each call lists, each function puts together and takes apart again, and of which LLVM then finds out that hardly any is
needed. That was a quarter of the time to compile a kernel. A reference is one number, and a function reads the fields
that it names.

It reads them once, as it begins: LLVM does not know that nothing else writes there, and would read a field that is
used in a loop again and again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar, cast

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.datamodel.models import PrimitiveModel
from numba.core.extending import intrinsic, register_model
from numba.core.imputils import impl_ret_borrowed, lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr

if TYPE_CHECKING:
    from numba.core.base import BaseContext
    from numba.core.datamodel.manager import DataModelManager
    from numba.core.typing.context import Context
    from numba.core.typing.templates import Signature

P = TypeVar("P", bound=tuple[Any, ...])


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


@register_model(Reference)
class _ReferenceModel(PrimitiveModel):
    """A reference is a pointer to the tuple, as compiled functions hold it."""

    def __init__(self, manager: DataModelManager, reference: Reference) -> None:
        super().__init__(manager, reference, manager.lookup(reference.whole).get_value_type().as_pointer())


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
    with builder.goto_entry_block() if isinstance(place, ir.Argument) else nullcontext():
        at = cgutils.gep_inbounds(builder, place, 0, index)
        if isinstance(field, types.BaseNamedTuple):
            return at
        value = builder.load(at)
    return impl_ret_borrowed(context, builder, field, value)


@intrinsic
def _by_reference(_: Context, whole: types.Type) -> tuple[Signature, Callable[..., object]]:
    """Write a tuple to a place in the memory of the function at hand."""

    def write(_: BaseContext, builder: ir.IRBuilder, __: Signature, arguments: list[ir.Value]) -> object:
        return cgutils.alloca_once_value(builder, arguments[0])

    return Reference(whole)(whole), write


by_reference = cast("Callable[[P], P]", _by_reference)
"""Return the place of a named tuple, to be handed on in its stead: for compiled functions, of their own arguments.

The place is good until the function ends. What is in the tuple is not kept alive by it: an argument is, by the caller.
"""
