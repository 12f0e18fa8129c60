"""A hand-written log-likelihood with its gradient, compiled by Numba, as an operation of PyTensor."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from simcast.model import (
    duration_tails,
    hazard_kernel,
    new_deals_kernel,
    normal_tails,
    stage_data,
    stage_kernel,
    walk_kernel,
)

Kernel = Callable[..., tuple[Any, ...]]
Tensor: TypeAlias = Any
"""A symbolic variable; the two generations of PyTensor have different type hints for it."""

_KERNELS: dict[str, tuple[Kernel, int]] = {
    "stage": (stage_kernel.stage_from_arrays, 3),
    "hazard": (hazard_kernel.hazard_log_likelihood, 2),
    "new_deals": (new_deals_kernel.new_deals_from_arrays, 4),
}
"""Each kernel, and how many of its arguments are parameters; the rest are data."""


class CompiledKernel(Op):
    """What a kernel computes from arrays, as an operation."""

    kernel: Kernel

    def perform(self, node: Apply[Any], inputs: Sequence[Any], outputs: Sequence[list[Any]]) -> None:  # noqa: ARG002
        """Evaluate outside of Numba's backend."""
        for storage, result in zip(outputs, self.kernel(*inputs), strict=True):
            storage[0] = result


class CompiledLikelihood(CompiledKernel):
    """The log-likelihood that a kernel computes: the first output.

    The further outputs are its derivatives by the parameters, in their shapes, which the gradient reuses.
    """

    __props__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name
        self.kernel, self.n_parameters = _KERNELS[name]

    def make_node(self, *inputs: Tensor) -> Apply[Any]:
        """Declare the outputs' types: a scalar, and the parameters' own types."""
        variables = [pt.as_tensor_variable(value) for value in inputs]
        return Apply(self, variables, [pt.dscalar(), *(value.type() for value in variables[: self.n_parameters])])

    def pullback(
        self, inputs: Sequence[Tensor], outputs: Sequence[Tensor], cotangents: Sequence[Tensor]
    ) -> list[Tensor]:
        """Return the gradient by the parameters; the data have none, and second derivatives are not offered."""
        data = [DisconnectedType()() for _ in inputs[self.n_parameters :]]
        return [cotangents[0] * derivative for derivative in outputs[1:]] + data

    def connection_pattern(self, node: Apply[Any]) -> list[list[bool]]:
        """Say which outputs depend on which inputs, as far as gradients go."""
        parameters = [[True, *[False] * self.n_parameters]] * self.n_parameters
        return parameters + [[False] * (self.n_parameters + 1)] * (len(node.inputs) - self.n_parameters)

    def L_op(  # noqa: N802  # PyTensor's older name of `pullback`
        self, inputs: Sequence[Tensor], outputs: Sequence[Tensor], output_grads: Sequence[Tensor]
    ) -> list[Tensor]:
        """Return the gradient by the parameters, for PyTensor 2."""
        return self.pullback(inputs, outputs, output_grads)


def log_likelihood(name: str, parameters: Sequence[Tensor], data: Iterable[Tensor]) -> Tensor:
    """Return the log-likelihood that a kernel computes, as a node of the model's graph."""
    outputs: Any = CompiledLikelihood(name)(*parameters, *data)
    return outputs[0]


@cache
def _source_version() -> int:
    """Return a number that changes with the kernels' sources, for PyTensor's cache on disk."""
    modules = (stage_kernel, stage_data, duration_tails, normal_tails, hazard_kernel, walk_kernel, new_deals_kernel)
    sources = [Path(str(module.__file__)).read_bytes() for module in modules]
    return int(hashlib.sha256(b"".join(sources)).hexdigest()[:12], 16)


@register_funcify_default_op_cache_key(CompiledKernel)  # type: ignore[untyped-decorator]
def _compile_for_numba(op: CompiledKernel, **_: object) -> tuple[Kernel, int]:
    return op.kernel, _source_version()
