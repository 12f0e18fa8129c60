"""How functions are compiled: those that Python calls (`outer`), and those that only compiled functions call (`inner`).

The latter are most of a kernel, and how they are compiled decides how long a first run waits.

Numba writes for each function a wrapper that turns Python's objects into plain numbers, and another one for C. For one
that takes a whole plan, some seventy arrays, these take four times as long to compile as the function itself. And it
counts references to each of these arrays, hundreds of times per function, though all of them outlive the call: that
would take most of the time, both to compile and to run.

It also optimises each function, with all that it calls, and writes it as machine code, though its callers will take it
in and do the same again: the innermost of a kernel's functions is done half a dozen times. Here that is left to the
callers, which takes a third off the time until a first run begins. Before a caller takes a function in, a little
optimising makes it shorter, and what more Numba would do there is done again later anyway: another tenth.

And it gives a place in memory to each variable that is used in more than one block, and copies it from there at each
use: of a whole tuple, for the one number that is asked for. LLVM finds out that all of this is in vain, and takes its
time. Here variables that are written once stay values; among them are the references to plans that a function is
handed, whose fields are read as it begins (`simcast.engine.by_reference`).

Functions that Python calls as well (`outer`) are parts, too, where compiled functions call them. The few that are large
and seldom called are compiled apart (`simcast.engine.apart`).

Inner functions may not reorder sums even where their callers may: `simcast.model.kernels.rounding` tells why.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar, cast

from numba import njit, typeof
from numba.core import config, ir, types
from numba.core.analysis import compute_cfg_from_blocks, compute_use_defs
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.extending import typeof_impl
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering

F = TypeVar("F", bound=Callable[..., object])


class _Nowhere:
    """Stands for the machine code that there is not."""

    def set_env(self, name: str, environment: object) -> None:
        """Tell the code where its environment is; only code that raises with arguments or prints would ask."""


class Part(JITCodeLibrary):
    """The code of one function as its callers take it in, never machine code by itself.

    It overrides private methods of Numba; a test says so where a release no longer has them.
    """

    codegen = _Nowhere()

    def _optimize_functions(self, module: object) -> None:
        """Make the function shorter, so that its callers take less in."""
        chosen = config.OPT  # type: ignore[attr-defined]  # Numba defines its options at run time
        config.OPT = 1  # type: ignore[attr-defined]
        try:
            super()._optimize_functions(module)
        finally:
            config.OPT = chosen  # type: ignore[attr-defined]

    def _optimize_final_module(self) -> None:
        """Leave the rest of optimising to the callers."""

    def _finalize_final_module(self) -> None:
        """Leave machine code to the callers."""
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:  # noqa: ARG002  # there is no machine code to point to
        """Return 0, which Numba takes for "no such function"."""
        self._ensure_finalized()
        return 0


class _LowerToValues(Lower):
    """Numba's translation into LLVM's language, in which a variable that is written once is the value itself."""

    def _find_singly_assigned_variable(self) -> None:
        """Find the variables that need no place in memory: Numba's, and those used in blocks that come later."""
        super()._find_singly_assigned_variable()
        if not self.context.enable_nrt:  # otherwise a place says whether its array has been given back
            self._singly_assigned_vars |= written_once(self.func_ir.blocks)


def written_once(blocks: dict[int, ir.Block]) -> set[str]:
    """Return the variables that are written in one place, through which every way to their uses leads."""
    places: dict[str, list[int]] = {}
    uses: dict[str, set[int]] = {}
    for label, block in blocks.items():
        for assignment in block.find_insts(ir.Assign):
            places.setdefault(assignment.target.name, []).append(label)
        for end in block.find_insts(ir.Del):
            uses.setdefault(end.value, set()).add(label)
    for label, names in compute_use_defs(blocks).usemap.items():
        for name in names:
            uses.setdefault(name, set()).add(label)
    leading_to = compute_cfg_from_blocks(blocks).dominators()
    return {
        name
        for name, (first, *others) in places.items()
        if not others and all(first in leading_to[use] and first <= use for use in uses.get(name, ()))
    }


@register_pass(mutates_CFG=True, analysis_only=False)
class _LoweringToValues(NativeLowering):
    """The pass that translates."""

    _name = "lowering_to_values"

    @property
    def lowering_class(self) -> type[Lower]:
        """Return what translates."""
        return _LowerToValues


class ToValues(CompilerBase):
    """Numba's compiler, in whose code a variable that is written once is a value."""

    def define_pipelines(self) -> list[object]:
        """Return the passes over a function."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [(_LoweringToValues if one is NativeLowering else one, why) for one, why in passes.passes]
        passes.finalize()
        return [passes]


class _ToParts(ToValues):
    """The same, which keeps what it makes as a part."""

    def define_pipelines(self) -> list[object]:
        """Let the last of the passes write into a part."""
        self.state.library = Part(self.state.targetctx.codegen(), self.state.func_id.func_qualname)
        self.state.library.enable_object_caching()
        return super().define_pipelines()


DIVIDES_AS_NUMPY: dict[str, Any] = {"error_model": "numpy"}
"""Option: x / 0 is infinite or NaN, and for whole numbers // and % by 0 are 0. Python's error would be looked for at
each division, and loops that do are not vectorised."""

# Dicts of options, since Numba's type hints leave most of these out.
_PART: dict[str, Any] = DIVIDES_AS_NUMPY | {
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "fastmath": False,
    "pipeline_class": _ToParts,
}
_LOOKING: dict[str, Any] = _PART | {"_nrt": False}
_WRITTEN_INTO: dict[str, Any] = _LOOKING | {"forceinline": True}
_ALLOCATING: dict[str, Any] = _PART | {"_nrt": True}
_FROM_PYTHON: dict[str, Any] = DIVIDES_AS_NUMPY | {"cache": True, "nogil": True, "no_cfunc_wrapper": True}

inner: Callable[[F], F] = njit(**_LOOKING)
"""Compile a function for other compiled functions: Python must not call it. On disk it is part of its callers.

It may look at arrays and parts of them, and must neither allocate one nor return one.
"""

written_into: Callable[[F], F] = njit(**_WRITTEN_INTO)
"""The same for what is written into its callers however long it is: LLVM would otherwise call what is long, and loops
with calls are not vectorised.
"""

allocating: Callable[[F], F] = njit(**_ALLOCATING)
"""The same for functions that allocate arrays, with their references counted."""


class Outer:
    """A function that Python calls; compiled functions that call it, too, take it in like an inner one.

    Parameters
    ----------
    function
        Where compiled functions call it, it must neither allocate an array nor return one.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        update_wrapper(self, function)
        # Its machine code is kept on disk, and other threads run beside it.
        self.compiled: Any = njit(**_FROM_PYTHON)(function)
        self.part = inner(function)

    def __call__(self, *arguments: object) -> object:
        """Call it from Python."""
        return self.compiled(*arguments)


@typeof_impl.register(Outer)
def _type_of(function: Outer, _: object) -> types.Type:
    """Return the type of the part that compiled functions call."""
    part: types.Type = typeof(function.part)
    return part


def outer(function: F) -> F:
    """Compile a function that Python calls, when it first does."""
    return cast("F", Outer(function))
