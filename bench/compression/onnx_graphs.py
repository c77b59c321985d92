"""Writes ONNX graphs by hand: a chain of linear layers here, and what a larger writer needs.

torch's exporter takes seconds where this takes milliseconds, and a search over recipes exports often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from bench.compression.extras import needed
from bench.compression.onnx_runtime import EXTRA
from bench.models.mlp import Mlp

if TYPE_CHECKING:
    import onnx

CONTRIBUTED = "com.microsoft"
"""Domain of ONNX Runtime's own operations."""
OPSET, IR_VERSION = 17, 9


class GraphWriter:
    """Collects the operations and weights of a graph."""

    def __init__(self) -> None:
        self.onnx: Any = needed("onnx", "onnx", EXTRA)
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def weight(self, name: str, tensor: Tensor) -> str:
        """Store a tensor; returns its name."""
        array = tensor.detach().cpu().contiguous().numpy()
        self.weights.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: object) -> str:
        """Write an operation of one output; returns the output's name."""
        return self.nodes_of(kind, inputs, [output], f"make_{output}", domain, **attributes)[0]

    def nodes_of(
        self,
        kind: str,
        inputs: list[str],
        outputs: list[str],
        name: str,
        domain: str = "",
        **attributes: object,
    ) -> list[str]:
        """Write an operation of several outputs, of which an empty name is one that nobody wants."""
        made = self.onnx.helper.make_node(kind, inputs, outputs, name=name, domain=domain, **attributes)
        self.nodes.append(made)
        return outputs

    def told(self, name: str, kind: str, shape: list[str | int]) -> Any:  # noqa: ANN401, onnx has no types
        """Describe an input or output: its kind of number, and its shape with words for sizes that may differ."""
        return self.onnx.helper.make_tensor_value_info(name, getattr(self.onnx.TensorProto, kind), shape)

    def graph(self, name: str, inputs: list[Any], outputs: list[Any]) -> onnx.ModelProto:
        """Return all that was written, as a model."""
        helper = self.onnx.helper
        graph = helper.make_graph(self.nodes, name, inputs, outputs, self.weights)
        imports = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIBUTED, 1)]
        model: onnx.ModelProto = helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION)
        return model


def is_chain(module: nn.Module) -> bool:
    """Tell whether a module is our perceptron in its plain form."""
    return type(module) is Mlp and all(type(each) in (nn.Linear, nn.ReLU) for each in module.layers)


def write_chain(model: Mlp) -> onnx.ModelProto:
    """Write a perceptron as a graph: rows of inputs to logits, any number of rows."""
    writer = GraphWriter()
    hidden, widths = "inputs", []
    *_, last = model.layers
    for number, layer in enumerate(model.layers):
        name = "logits" if layer is last else f"hidden_{number}"
        if isinstance(layer, nn.Linear):
            weight = writer.weight(f"layers.{number}.weight", layer.weight.t())
            bias = [] if layer.bias is None else [writer.weight(f"layers.{number}.bias", layer.bias)]
            hidden = writer.node("Gemm", [hidden, weight, *bias], name)
            widths += [layer.in_features, layer.out_features]
        else:
            hidden = writer.node("Relu", [hidden], name)
    inputs = [writer.told("inputs", "FLOAT", ["rows", widths[0]])]
    return writer.graph("mlp", inputs, [writer.told("logits", "FLOAT", ["rows", widths[-1]])])
