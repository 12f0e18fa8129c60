"""How functions are compiled that only become part of others: linked into them, and optimised as a whole there.

Numba optimises each function together with all that it calls, and makes machine code of both, though no more than the
outermost is ever called from Python: what lies six calls deep is optimised and translated seven times, and a fifth of
the time that a kernel takes to compile goes there. Numba lets a function have a compiler of its own
(`pipeline_class`); this one stops before that. The code that comes out is as quick; without the simplifications within
each function, which stay, it would be slower by an eighth.
"""

from __future__ import annotations

from typing import Any

from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.typed_passes import NopythonTypeInference


class _WithoutEnvironments:
    """Numba's generator of code, except that it knows no place for objects of Python that machine code may refer to.

    Parameters
    ----------
    codegen
        Numba's own.
    """

    def __init__(self, codegen: object) -> None:
        self._codegen = codegen

    def __getattr__(self, name: str) -> object:
        return getattr(self._codegen, name)

    def set_env(self, name: str, environment: object) -> None:
        """Leave it to the callers, which have them all."""


class LinkedLibrary(JITCodeLibrary):
    """The code of one function, not callable: to be linked into its callers, and optimised with them."""

    @property
    def codegen(self) -> object:
        """Return what Numba asks to write down a function's environment."""
        return _WithoutEnvironments(self._codegen)

    def _optimize_final_module(self) -> None:
        """Leave it to the callers."""

    def _finalize_final_module(self) -> None:
        """Make no machine code."""
        self._finalize_dynamic_globals()  # type: ignore[no-untyped-call]
        self._finalized = True

    def get_pointer_to_function(self, _: str) -> int:
        """Return that there is none."""
        self._ensure_finalized()  # type: ignore[no-untyped-call]
        return 0


@register_pass(mutates_CFG=False, analysis_only=False)  # type: ignore[no-untyped-call]
class _ToBeLinked(FunctionPass):
    """Gives a function such a library, before the compiler gives it a usual one."""

    _name = "simcast_to_be_linked"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def run_pass(self, state: Any) -> bool:  # noqa: ANN401  Numba says no more
        """Set the library; the function itself stays as it is."""
        library = LinkedLibrary(state.targetctx.codegen(), state.func_id.func_qualname)  # type: ignore[no-untyped-call]
        state.library = library
        return False


class LinkingCompiler(CompilerBase):
    """Numba's usual compiler for functions that only other compiled functions call."""

    def define_pipelines(self) -> list[object]:
        """Return the usual passes, and one more."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)  # type: ignore[no-untyped-call]
        passes.add_pass_after(_ToBeLinked, NopythonTypeInference)
        passes.finalize()
        return [passes]
