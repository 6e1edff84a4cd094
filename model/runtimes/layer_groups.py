"""The convolutions of an OpenVINO model in groups, in the order in which they run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from model.runtimes.openvino_core import import_openvino

if TYPE_CHECKING:
    import openvino

_CONVOLUTIONS = ("Convolution", "GroupConvolution")
_ROUNDING = "FakeQuantize"


@dataclass(frozen=True)
class LayerGroups:
    """groups: names of the convolutions, runs of neighbours of about equal number; each name once.

    tail: names of everything after the last convolution: pooling and projection.
    """

    groups: tuple[tuple[str, ...], ...]
    tail: tuple[str, ...]

    @classmethod
    def of(cls, model: openvino.Model, n_groups: int) -> LayerGroups:
        """Of a float model; at most n_groups, none empty. Raises ValueError when it has no convolution."""
        ops = [op for op in model.get_ordered_ops() if op.get_type_name() not in ("Constant", "Parameter", "Result")]
        places = [place for place, op in enumerate(ops) if _is_convolution(op)]
        if not places:
            raise ValueError("the model has no convolution to quantise")
        names = [ops[place].get_friendly_name() for place in places]
        parts = np.array_split(np.arange(len(names)), min(n_groups, len(names)))
        # The bias and the activation of the last convolution belong to it: what pools begins after them.
        pooling = next(
            (p for p in range(places[-1] + 1, len(ops)) if ops[p].get_type_name() in ("ReduceMean", "AvgPool")),
            len(ops),
        )
        return cls(
            tuple(tuple(names[i] for i in part) for part in parts),
            tuple(op.get_friendly_name() for op in ops[pooling:]),
        )

    @property
    def n_groups(self) -> int:
        """Number of groups."""
        return len(self.groups)

    @property
    def n_layers(self) -> int:
        """Number of convolutions."""
        return sum(map(len, self.groups))

    def names_of(self, chosen: Sequence[int]) -> tuple[str, ...]:
        """The convolutions of some groups."""
        return tuple(name for group in chosen for name in self.groups[group])

    def only_in_int8(self, quantized: openvino.Model, exact: openvino.Model, group: int) -> openvino.Model:
        """A copy of a quantised model in which one group alone rounds, its weights and what enters it; -1: none does.

        exact: the float model it was made of, whose weights the other groups get back; corrected biases stay.
        What rounds before other layers (sums of branches) counts to the group of the convolution before it.
        """
        copy = quantized.clone()
        weights = {op.get_friendly_name(): op.input_value(1) for op in exact.get_ops() if _is_convolution(op)}
        group_of = {name: number for number, names in enumerate(self.groups) for name in names}
        present = 0
        for op in copy.get_ordered_ops():
            name = op.get_friendly_name()
            present = group_of[name] if _is_convolution(op) else present
            if present == group:
                continue
            _stop_rounding(op)
            if _is_convolution(op):
                op.input(1).replace_source_output(_constant_like(weights[name]))
        copy.validate_nodes_and_infer_types()
        return copy


def _is_convolution(op: Any) -> bool:
    return op.get_type_name() in _CONVOLUTIONS


def _stop_rounding(op: Any) -> None:
    """Let what enters `op` through a rounding enter as it is."""
    if op.get_type_name() == _ROUNDING:
        return
    for entry in op.inputs():
        source = entry.get_source_output().get_node()
        if source.get_type_name() == _ROUNDING:
            entry.replace_source_output(source.input_value(0))


def _constant_like(weights: Any) -> Any:
    """A constant of its own with the values of another model's weights; a reshape may stand before those."""
    ov = import_openvino()
    node = weights.get_node()
    while node.get_type_name() != "Constant":
        node = node.input_value(0).get_node()
    values = np.array(node.data).reshape(tuple(weights.get_shape()))
    return ov.op.Constant(values).output(0)
