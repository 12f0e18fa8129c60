"""Hand-written kernels, compiled by Numba, as operations of PyTensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from simcast.model.kernels import SOURCES_DIGEST

Kernel = Callable[..., tuple[Any, ...]]
Tensor: TypeAlias = Any
"""A symbolic variable; the two generations of PyTensor have different type hints for it."""
Shape: TypeAlias = tuple[Tensor, ...]


class CompiledKernel(Op):
    """What a kernel computes from arrays; each operation declares its outputs' types and the derivatives it has."""

    kernel: Kernel

    def perform(self, node: Apply[Any], inputs: Sequence[Any], outputs: Sequence[list[Any]]) -> None:  # noqa: ARG002
        """Evaluate outside of Numba's backend."""
        for storage, result in zip(outputs, self.kernel(*inputs), strict=True):
            storage[0] = result

    def pullback(
        self, inputs: Sequence[Tensor], outputs: Sequence[Tensor], cotangents: Sequence[Tensor]
    ) -> list[Tensor]:
        """Return the gradient by the inputs."""
        raise NotImplementedError(f"{self} has no derivatives")

    def L_op(  # noqa: N802  # PyTensor's older name of `pullback`
        self, inputs: Sequence[Tensor], outputs: Sequence[Tensor], output_grads: Sequence[Tensor]
    ) -> list[Tensor]:
        """Return the gradient by the inputs, for PyTensor 2."""
        return self.pullback(inputs, outputs, output_grads)


_SOURCES_VERSION = int(SOURCES_DIGEST[:12], 16)
"""A number that changes with the kernels' sources, for PyTensor's cache on disk."""


@register_funcify_default_op_cache_key(CompiledKernel)  # type: ignore[untyped-decorator]  # PyTensor's has no hints
def _compile_for_numba(op: CompiledKernel, **_: object) -> tuple[Kernel, int]:
    return op.kernel, _SOURCES_VERSION
