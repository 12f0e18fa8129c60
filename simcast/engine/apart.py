"""Functions with machine code of their own, which compiled functions call by its place in memory (`apart`).

Most of a kernel's functions are taken in by their callers (`simcast.engine.inner`). The largest are called a few times
for each block of deals, so that a call costs nothing that can be measured, and are compiled apart: several at the same
time (`simcast.engine.ahead`), and once for all kernels that call them.

Compiled code is kept on disk and cannot know where in memory other code will be. So each function has a slot, found by
its name, in which its place is written as soon as it is compiled or loaded; its callers may be compiled before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from llvmlite.binding import add_symbol
from numba import njit, typeof
from numba.core import cgutils, types
from numba.core.extending import lower_builtin, typeof_impl
from numba.core.typing.templates import AbstractTemplate, signature
from numpy.typing import NDArray

from simcast.engine.inner import DIVIDES_AS_NUMPY, ToValues

F = TypeVar("F", bound=Callable[..., object])
Kinds = tuple[types.Type, ...]
"""The types of a function's arguments."""

_RESULTS = {"None": types.none, "int": types.int64}


_APART: dict[str, Any] = DIVIDES_AS_NUMPY | {
    "cache": True,
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "_nrt": False,
    "pipeline_class": ToValues,
}


class Apart:
    """A function that is compiled apart; only compiled functions can call it.

    Parameters
    ----------
    function
        It returns a whole number or nothing, and its annotations say which. It raises nothing.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        self.function = function
        self.compiled: Any = njit(**_APART)(function)
        self._result = _RESULTS[function.__annotations__["return"]]
        self._slots: dict[Kinds, tuple[str, NDArray[np.uint64]]] = {}
        self.type = types.Function(self._template())
        lower_builtin(self, types.VarArg(types.Any))(self._call)

    def is_ready(self, kinds: Kinds) -> bool:
        """Return whether compiled functions may call it with such arguments; from now on they find its slot."""
        return bool(self._slot(kinds)[1][0])

    def is_kept(self, kinds: Kinds) -> bool:
        """Return whether its code for such arguments is on disk."""
        kept = self.compiled._cache
        return kinds in self.compiled.overloads or kept.holds(kinds, self.compiled.targetctx)

    def make_ready(self, kinds: Kinds) -> None:
        """Load its code for such arguments, or compile it, and write its place into its slot."""
        _, slot = self._slot(kinds)
        self.compiled.compile(kinds)
        code = self.compiled.overloads[kinds]
        if code.signature.return_type != self._result:  # callers would take one for the other
            raise TypeError(f"{self.function.__name__} returns {code.signature.return_type}, and says {self._result}")
        slot[0] = code.library.get_pointer_to_function(code.fndesc.llvm_func_name)

    def _slot(self, kinds: Kinds) -> tuple[str, NDArray[np.uint64]]:
        """Return the slot for such arguments and its name; compiled code finds it from now on."""
        if kinds not in self._slots:
            told = hashlib.sha256(repr(kinds).encode()).hexdigest()[:16]
            name = f"{self.function.__module__}.{self.function.__name__}.{told}"
            slot = np.zeros(1, dtype=np.uint64)
            add_symbol(name, slot.ctypes.data)
            self._slots[kinds] = name, slot
        return self._slots[kinds]

    def _template(self) -> type[AbstractTemplate]:
        """Return what tells Numba the result's type."""
        whole = self

        class _Typed(AbstractTemplate):
            key = whole

            def generic(self, arguments: Kinds, _: object) -> object:
                return signature(whole._result, *map(_plain, arguments))

        return _Typed

    def _call(self, context: Any, builder: Any, called: Any, arguments: Any) -> Any:  # noqa: ANN401  # without hints
        """Write a call of what stands in the slot."""
        if called.args not in self._slots:
            raise TypeError(f"{self.function.__name__} is made ready for other arguments than it is called with")
        name, _ = self._slot(called.args)
        convention = context.call_conv
        place = convention.get_function_type(called.return_type, called.args).as_pointer()
        function = builder.load(cgutils.add_global_variable(builder.module, place, name))
        _, result = convention.call_function(builder, function, called.return_type, called.args, arguments)
        return result


@typeof_impl.register(Apart)
def _type_of(function: Apart, _: object) -> types.Type:
    """Return the type of a function that is compiled apart."""
    return function.type


def _plain(kind: types.Type) -> types.Type:
    """Return the type as which an argument is handed on: one for all whole numbers."""
    return types.int64 if isinstance(kind, types.Integer) else kind


def apart(function: F) -> F:
    """Compile a function apart from those that call it; before they run, it must be made ready."""
    return cast("F", Apart(function))


def kinds_of(*arguments: object) -> Kinds:
    """Return the types of arguments."""
    return tuple(map(typeof, arguments))
