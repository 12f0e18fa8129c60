"""The random walk of a stage's log hazards as an operation of PyTensor, with its derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytensor.tensor as pt
from pytensor.gradient import DisconnectedType
from pytensor.graph.basic import Apply

from simcast.model.kernel_op import CompiledKernel, Shape, Tensor
from simcast.model.kernels.walk import walk_from_round, walk_gradient

_N_PARAMETERS = 2
"""The spreads and the coordinates; all else is data."""
_N_DERIVED = 2
"""How many outputs have derivatives: the log prior and the log hazards."""


class CompiledWalk(CompiledKernel):
    """The log prior of a walk and the log hazards, and what they were made of, which has no derivatives."""

    __props__ = ()
    kernel = staticmethod(walk_from_round)

    def make_node(self, *inputs: Tensor) -> Apply[Any]:
        """Declare the outputs' types."""
        variables = [pt.as_tensor_variable(value) for value in inputs]
        outputs = [pt.dscalar(), pt.dmatrix(), pt.dmatrix(), pt.dmatrix()]
        return Apply(self, variables, outputs)

    def infer_shape(self, *given: Any) -> list[Shape]:  # noqa: ANN401  # PyTensor 2 has one argument more in front
        """Return the outputs' shapes, which are asked for before anything is evaluated."""
        shapes: Sequence[Shape] = given[-1]
        n_moves, n_pieces = shapes[1]
        return [(), (n_moves, n_pieces), (n_moves, n_pieces), (n_moves, n_pieces - 2)]

    def pullback(
        self, inputs: Sequence[Tensor], outputs: Sequence[Tensor], cotangents: Sequence[Tensor]
    ) -> list[Tensor]:
        """Return the gradient by the parameters; the data have none, and second derivatives are not offered."""
        derived = [
            pt.zeros_like(output) if isinstance(cotangent.type, DisconnectedType) else cotangent
            for output, cotangent in zip(outputs[:_N_DERIVED], cotangents[:_N_DERIVED], strict=True)
        ]
        gradient: Any = CompiledWalkGradient()(*inputs, *outputs[_N_DERIVED:], *derived)
        return [*gradient, *(DisconnectedType()() for _ in inputs[_N_PARAMETERS:])]

    def connection_pattern(self, node: Apply[Any]) -> list[list[bool]]:
        """Say which outputs depend on which inputs, as far as gradients go."""
        connected = [output < _N_DERIVED for output in range(len(node.outputs))]
        none = [False] * len(node.outputs)
        return [connected] * _N_PARAMETERS + [none] * (len(node.inputs) - _N_PARAMETERS)


class CompiledWalkGradient(CompiledKernel):
    """Derivatives by the log prior and the log hazards, carried back to spreads and coordinates."""

    __props__ = ()
    kernel = staticmethod(walk_gradient)

    def make_node(self, *inputs: Tensor) -> Apply[Any]:
        """Declare the outputs' types: those of the parameters."""
        variables = [pt.as_tensor_variable(value) for value in inputs]
        return Apply(self, variables, [value.type() for value in variables[:_N_PARAMETERS]])


def random_walk(log_step: Tensor, round_: Tensor, data: Sequence[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the walk's log prior, the log hazards, and the steps; `data` as `walk_from_round` takes them, in order."""
    outputs: Any = CompiledWalk()(log_step, round_, *data)
    return outputs[0], outputs[1], outputs[2]
