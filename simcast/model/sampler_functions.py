"""The compiled functions that nutpie calls for a log density with its gradient, and for what is derived from a draw.

nutpie hands a model's data to them as one record of addresses and shapes. Its own functions unpack it in a loop over
the arrays, which Numba unrolls and types anew for each: with a dozen arrays that takes longer to compile than the
model. Here one step of code generation unpacks them all, and numbers are copied in plain loops, since the assignment
of a whole array brings the code of an error's message with it. What is computed is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import nutpie.compile_pymc
from numba import carray, typeof, types  # type: ignore[attr-defined]  # of carray it does not tell mypy
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array
from numpy.typing import NDArray

from simcast.engine.inner import allocating

Function = Callable[..., Any]
_WORD = 8
"""Bytes of an address and of a length in nutpie's record."""
_NUMBERS = types.CPointer(types.double)
_OTHER_SIZE, _RAISED, _NO_GRADIENT, _NO_DENSITY, _NOT_DERIVED = -1, 1, 3, 4, -2
"""What the functions return instead of 0; below 0 the sampler gives up, above 0 it turns back from the point."""


@contextmanager
def compiled_sooner() -> Iterator[None]:
    """Have `nutpie.compile_pymc_model` make these functions instead of its own.

    They replace private functions of nutpie. Where a release no longer has those, calls them otherwise, or lays out its
    record in another way, its own are made, and all is as it was, but later.
    """
    module = nutpie.compile_pymc
    ours: dict[str, Function] = {"_make_c_logp_func": _density_function, "_make_c_expand_func": _deriving_function}
    theirs = {name: getattr(module, name) for name in ours if hasattr(module, name)}
    for name, make in theirs.items():
        setattr(module, name, _preferred(ours[name], make))
    try:
        yield
    finally:
        for name, make in theirs.items():
            setattr(module, name, make)


def _preferred(ours: Function, theirs: Function) -> Function:
    """Return a function that calls ours, and theirs where ours does not understand what it is given."""

    def make(*given: object, **named: object) -> object:
        try:
            return ours(*given, **named)
        except (AttributeError, KeyError, TypeError, ValueError):
            return theirs(*given, **named)

    return make


def _density_function(
    n_dim: int,
    density: Function,
    record: NDArray[np.void],
    keys: Sequence[str],
    shared: Mapping[str, NDArray[np.generic]],
) -> tuple[Function, Any]:
    """Return the function of a point, its log density and gradient, and its signature in C."""
    density_of = _from_record(density, record, keys, shared)
    n_coordinates = int(n_dim)

    def density_at(dim, point_, gradient_, density_, record_):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        if dim != n_coordinates:
            return _OTHER_SIZE
        try:
            value, slopes = density_of(carray(point_, (n_coordinates,)), record_)
            if slopes.size != n_coordinates:
                return _RAISED
            carray(density_, ())[()] = value
            finite = True
            for i in range(n_coordinates):
                gradient_[i] = slopes[i]
                finite &= np.isfinite(slopes[i])
            if not finite:
                return _NO_GRADIENT
            if not np.isfinite(density_[0]):
                return _NO_DENSITY
        except Exception:  # noqa: BLE001  # Numba knows no other, and what leaves this function ends the process
            return _RAISED
        return 0

    return density_at, types.int64(types.uint64, _NUMBERS, _NUMBERS, _NUMBERS, types.voidptr)


def _deriving_function(
    n_dim: int,
    n_derived: int,
    derive: Function,
    record: NDArray[np.void],
    keys: Sequence[str],
    shared: Mapping[str, NDArray[np.generic]],
) -> tuple[Function, Any]:
    """Return the function of a point and all that is kept of a draw, and its signature in C."""
    derived_of = _from_record(derive, record, keys, shared)
    n_coordinates, n_values = int(n_dim), int(n_derived)

    def derived_at(dim, size, point_, values_, record_):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        if dim != n_coordinates or size != n_values:
            return _OTHER_SIZE
        try:
            (values,) = derived_of(carray(point_, (n_coordinates,)), record_)
            if values.size != n_values:  # other data than at first, on whose length something derived depends
                return _NOT_DERIVED
            for i in range(n_values):
                values_[i] = values[i]
        except Exception:  # noqa: BLE001  # as above
            return _NOT_DERIVED
        return 0

    return derived_at, types.int64(types.uint64, types.uint64, _NUMBERS, _NUMBERS, types.voidptr)


def _from_record(
    function: Function, record: NDArray[np.void], keys: Sequence[str], shared: Mapping[str, NDArray[np.generic]]
) -> Function:
    """Return a compiled function as one of a point and of the address of a record like `record`.

    What it takes beside a point are the arrays under `keys`, in this order, whose types are those in `shared`.
    """
    arrays = types.Tuple([typeof(shared[key]) for key in keys])
    places = [(_word(record.dtype, "data", key), _word(record.dtype, "shape", key)) for key in keys]

    @intrinsic
    def data_of(_: Any, address: Any) -> Any:  # noqa: ANN401  # Numba's types, and LLVM's below, have no hints
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401
            words = builder.bitcast(arguments[0], cgutils.intp_t.as_pointer())

            def at(number: int) -> Any:  # noqa: ANN401
                return builder.load(builder.gep(words, [cgutils.intp_t(number)]))

            unpacked = []
            for kind, (data_at, shape_at) in zip(signature.return_type, places, strict=True):
                item = context.get_data_type(kind.dtype)
                shape = [at(shape_at + axis) for axis in range(kind.ndim)]
                strides = [cgutils.intp_t(context.get_abi_sizeof(item))]
                for length in reversed(shape[1:]):
                    strides.insert(0, builder.mul(strides[0], length))
                array = make_array(kind)(context, builder)
                data = builder.inttoptr(at(data_at), item.as_pointer())
                populate_array(array, data, shape, strides[: kind.ndim], context.get_abi_sizeof(item), None)
                unpacked.append(array._getvalue())
            return context.make_tuple(builder, signature.return_type, unpacked)

        return arrays(address), generate

    @allocating
    def from_record(point, record_):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return function(point, *data_of(record_))  # type: ignore[call-arg]  # Numba adds the first

    return from_record


def _word(record: np.dtype[np.void], part: str, key: str) -> int:
    """Return how many words from its beginning a record of nutpie has this part (data or shape) of this array."""
    place = 0
    for name in ("shared", part, key):
        fields: Mapping[str, Any] = record.fields or {}
        place += fields[name][1]
        record = fields[name][0]
    return place // _WORD
