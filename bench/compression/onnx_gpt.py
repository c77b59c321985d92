"""Our transformer as an ONNX graph that keeps keys and values, and the module that generates with it.

The graph is written by hand, because torch's exporter knows no operation that attends to a cache in place. One graph
serves whole sequences, prompts and steps of decoding, so that the weights are stored once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bench.compression.extras import needed
from bench.compression.onnx_runtime import EXTRA, OnnxModel
from bench.models.gpt import Block, Gpt, GptConfig

if TYPE_CHECKING:
    import onnx
    import onnxruntime

CONTRIBUTED = "com.microsoft"
"""Domain of ONNX Runtime's own operations."""
OPSET, IR_VERSION = 17, 9
HEAD_WIDTH_STEP = 16
"""The attention kernel takes heads whose width is a multiple of this."""

CacheShape = tuple[int, int]
"""Key-value heads and head width of a layer."""


def is_writable(module: nn.Module) -> bool:
    """Tell whether a module is our transformer, in its plain form and with heads that the attention kernel takes."""
    if not isinstance(module, Gpt):
        return False
    return all(type(b) is Block and b.head_width % HEAD_WIDTH_STEP == 0 for b in module.blocks)


def cache_shapes(model: Gpt) -> tuple[CacheShape, ...]:
    """Return what a cache holds of each layer."""
    return tuple((b.key_value_heads, b.head_width) for b in model.blocks if isinstance(b, Block))


class OnnxCache:
    """Keys and values of the tokens so far, for each layer (sequences, key-value heads, tokens, head width).

    The memory for `num_tokens` tokens a sequence is taken at once, and ONNX Runtime writes into it where it lies.
    """

    device = torch.device("cpu")

    def __init__(self, shapes: tuple[CacheShape, ...], num_sequences: int, num_tokens: int) -> None:
        self.num_sequences, self.num_tokens, self.length = num_sequences, num_tokens, 0
        self._held = {
            f"{part}_{layer}": torch.zeros(num_sequences, heads, num_tokens, width)
            for layer, (heads, width) in enumerate(shapes)
            for part in ("key", "value")
        }
        self._last = torch.zeros(num_sequences, dtype=torch.int32)
        self._total = torch.zeros(1, dtype=torch.int32)
        self._session: onnxruntime.InferenceSession | None = None
        self._binding: onnxruntime.IOBinding | None = None

    @property
    def num_bytes(self) -> int:
        """Bytes that the cache takes, filled or not."""
        return sum(held.nbytes for held in self._held.values())

    def run(self, session: onnxruntime.InferenceSession, tokens: Tensor, vocabulary: int) -> Tensor:
        """Take tokens behind those in the cache and return their logits (sequences, tokens, vocabulary)."""
        binding = self._bound(session)
        sequences, length = tokens.shape
        end = self.length + length
        self._last.fill_(end - 1)
        self._total.fill_(end)
        tokens = tokens.contiguous()
        logits = torch.empty(sequences, length, vocabulary)
        binding.bind_input("tokens", "cpu", 0, np.int64, tokens.shape, tokens.data_ptr())
        binding.bind_output("logits", "cpu", 0, np.float32, logits.shape, logits.data_ptr())
        session.run_with_iobinding(binding)
        self.length = end
        return logits

    def feed(self, tokens: Tensor) -> dict[str, NDArray[Any]]:
        """Return what the graph takes for these tokens, as arrays."""
        end = self.length + tokens.shape[1]
        held = {f"past_{name}": tensor.numpy() for name, tensor in self._held.items()}
        return held | {
            "tokens": tokens.cpu().numpy(),
            "last": np.full(self.num_sequences, end - 1, np.int32),
            "total": np.full(1, end, np.int32),
        }

    def _bound(self, session: onnxruntime.InferenceSession) -> onnxruntime.IOBinding:
        if self._binding is None or self._session is not session:
            self._session, self._binding = session, session.io_binding()
            for name, held in self._held.items():
                place = ("cpu", 0, np.float32, held.shape, held.data_ptr())
                self._binding.bind_input(f"past_{name}", *place)
                self._binding.bind_output(f"present_{name}", *place)
            for name, counts in (("last", self._last), ("total", self._total)):
                self._binding.bind_input(name, "cpu", 0, np.int32, counts.shape, counts.data_ptr())
        return self._binding


class OnnxGpt(OnnxModel):
    """Tokens (sequences, tokens) to logits by ONNX Runtime, with or without a cache, as `Gpt` does it."""

    def __init__(self, content: bytes, config: GptConfig, shapes: tuple[CacheShape, ...]) -> None:
        super().__init__(content)
        self.config = config
        self.shapes = shapes

    def new_cache(self, num_sequences: int, num_tokens: int) -> OnnxCache:
        """Return an empty cache for so many tokens a sequence."""
        return OnnxCache(self.shapes, num_sequences, num_tokens)

    def forward(self, tokens: Tensor, cache: OnnxCache | None = None) -> Tensor:
        """Return the logits of the token that follows each token.

        With a cache the tokens continue those in it and are added to it.
        Raises ValueError when the tokens do not fit into the context or the cache.
        """
        sequences, length = tokens.shape
        held = self.new_cache(sequences, length) if cache is None else cache
        room = min(self.config.context_tokens, held.num_tokens)
        if held.length + length > room:
            raise ValueError(f"{held.length + length} tokens do not fit: there is room for {room}")
        session = self.session()
        # The attention kernel takes several tokens behind others for one sequence alone.
        if held.length and length > 1 and sequences > 1:
            steps = [held.run(session, each, self.config.vocabulary) for each in tokens.split(1, dim=1)]
            return torch.cat(steps, dim=1)
        return held.run(session, tokens, self.config.vocabulary)


def write(model: Gpt, *, shared_head: bool = True) -> onnx.ModelProto:
    """Write a transformer as a graph: tokens, cache and lengths to logits and the cache, which may lie in one place.

    Where the embedding is the head as well, a quantizer needs the head as a matrix of its own: then `shared_head` is
    False, and the file holds both.
    """
    return _Writer(model).write(shared_head)


class _Writer:
    def __init__(self, model: Gpt) -> None:
        self.onnx: Any = needed("onnx", "onnx", EXTRA)
        self.model = model
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def write(self, shared_head: bool) -> onnx.ModelProto:
        model = self.model
        for name in ("cosine", "sine"):
            self._weight(name, getattr(model, name))
        embedding = self._weight("embedding", model.embedding.weight)
        hidden = self._node("Gather", [embedding, "tokens"], "hidden")
        first, *others = [*(b for b in model.blocks if isinstance(b, Block)), None]
        norm = model.norm if first is None else first.attention_norm
        scale = self._weight("first_norm", norm.weight)
        normed = self._node(
            "SimplifiedLayerNormalization", [hidden, scale], "normed", axis=-1, epsilon=_epsilon(norm)
        )
        block = first
        for following in others:
            assert block is not None
            after = model.norm if following is None else following.attention_norm
            hidden, normed = self._block(block, hidden, normed, after)
            block = following
        self._head(normed, shared_head)
        return self._graph()

    def _block(self, block: Block, hidden: str, normed: str, after: nn.RMSNorm) -> tuple[str, str]:
        """Write a layer; returns the sum of its residual, and that sum behind the norm that follows."""
        layer = block.layer
        joint = self._linear(f"query_key_value_{layer}", block.query_key_value, normed)
        mixed, key, value = (f"{part}_{layer}" for part in ("mixed", "present_key", "present_value"))
        past = [f"past_key_{layer}", f"past_value_{layer}"]
        self.nodes.append(
            self.onnx.helper.make_node(
                "GroupQueryAttention",
                [joint, "", "", *past, "last", "total", "cosine", "sine"],
                [mixed, key, value],
                name=f"attention_{layer}",
                domain=CONTRIBUTED,
                num_heads=block.num_heads,
                kv_num_heads=block.key_value_heads,
                do_rotary=1,
            )
        )
        out = self._linear(f"attention_out_{layer}", block.attention_out, mixed)
        hidden, normed = self._add_and_norm(
            f"feed_forward_norm_{layer}", block.feed_forward_norm, hidden, out
        )
        up = self._linear(f"up_{layer}", block.up, normed)
        if block.gate is None:
            raised = self._node("Gelu", [up], f"raised_{layer}", CONTRIBUTED)
        else:
            gate = self._linear(f"gate_{layer}", block.gate, normed)
            # With a factor of one this is x times the sigmoid of x.
            opened = self._node("QuickGelu", [gate], f"opened_{layer}", CONTRIBUTED, alpha=1.0)
            raised = self._node("Mul", [opened, up], f"raised_{layer}")
        down = self._linear(f"down_{layer}", block.down, raised)
        return self._add_and_norm(f"norm_after_{layer}", after, hidden, down)

    def _add_and_norm(self, name: str, norm: nn.RMSNorm, hidden: str, added: str) -> tuple[str, str]:
        scale = self._weight(f"{name}.scale", norm.weight)
        outputs = [f"{name}.out", "", "", f"{name}.sum"]
        self.nodes.append(
            self.onnx.helper.make_node(
                "SkipSimplifiedLayerNormalization", [hidden, added, scale], outputs, name=name,
                domain=CONTRIBUTED, epsilon=_epsilon(norm),
            )
        )  # fmt: skip
        return outputs[3], outputs[0]

    def _head(self, normed: str, shared: bool) -> None:
        model = self.model
        if model.head is not None:
            weight = self._weight("head.weight", model.head.weight.t())
        elif shared:
            weight = self._node("Transpose", ["embedding"], "head.weight", perm=[1, 0])
        else:
            weight = self._weight("head.weight", model.embedding.weight.t())
        self._node("MatMul", [normed, weight], "logits")

    def _linear(self, name: str, linear: nn.Linear, inputs: str) -> str:
        return self._node("MatMul", [inputs, self._weight(f"{name}.weight", linear.weight.t())], name)

    def _node(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: object) -> str:
        node = self.onnx.helper.make_node(
            kind, inputs, [output], name=f"make_{output}", domain=domain, **attributes
        )
        self.nodes.append(node)
        return output

    def _weight(self, name: str, tensor: Tensor | None) -> str:
        assert tensor is not None
        array = tensor.detach().cpu().contiguous().numpy()
        self.weights.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def _graph(self) -> onnx.ModelProto:
        helper, kinds = self.onnx.helper, self.onnx.TensorProto
        told = helper.make_tensor_value_info
        inputs = [
            told("tokens", kinds.INT64, ["sequences", "new"]),
            told("last", kinds.INT32, ["sequences"]),
            told("total", kinds.INT32, [1]),
        ]
        outputs = [told("logits", kinds.FLOAT, ["sequences", "new", self.model.config.vocabulary])]
        for layer, (heads, width) in enumerate(cache_shapes(self.model)):
            for part in ("key", "value"):
                shape = ["sequences", heads, "room", width]
                inputs.append(told(f"past_{part}_{layer}", kinds.FLOAT, shape))
                outputs.append(told(f"present_{part}_{layer}", kinds.FLOAT, shape))
        graph = helper.make_graph(self.nodes, "gpt", inputs, outputs, self.weights)
        imports = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIBUTED, 1)]
        written: onnx.ModelProto = helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION)
        return written


def _epsilon(norm: nn.RMSNorm) -> float:
    return torch.finfo(torch.float32).eps if norm.eps is None else norm.eps
