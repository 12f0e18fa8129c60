"""A hand-written log-likelihood with its gradient as an operation of PyTensor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply

from simcast.model.kernel_op import CompiledKernel, Kernel, Tensor
from simcast.model.kernels.hazard import hazard_log_likelihood
from simcast.model.kernels.new_deals import new_deals_from_arrays
from simcast.model.kernels.stage import stage_from_arrays

_KERNELS: dict[str, tuple[Kernel, int]] = {
    "stage": (stage_from_arrays, 3),
    "hazard": (hazard_log_likelihood, 2),
    "new_deals": (new_deals_from_arrays, 4),
}
"""Each kernel, and how many of its arguments are parameters; the rest are data."""


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


def log_likelihood(name: str, parameters: Sequence[Tensor], data: Iterable[Tensor]) -> Tensor:
    """Return the log-likelihood that a kernel computes, as a node of the model's graph."""
    outputs: Any = CompiledLikelihood(name)(*parameters, *data)
    return outputs[0]
