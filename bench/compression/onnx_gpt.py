"""Our transformer as an ONNX graph that keeps keys and values, and the module that generates with it.

The graph is written by hand, because torch's exporter knows no operation that attends to a cache in place. One graph
serves whole sequences, prompts and steps of decoding, so that the weights are stored once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from bench.compression.onnx_graphs import CONTRIBUTED, GraphWriter
from bench.compression.onnx_runtime import OnnxModel
from bench.models.gpt import Block, Gpt, GptConfig

if TYPE_CHECKING:
    import onnx
    import onnxruntime

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
        self._tokens, self._logits = torch.empty(0, 0), torch.empty(0)
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
        if self._tokens.shape != tokens.shape:
            # Binding takes longer than copying a few tokens in and their logits out.
            self._tokens = torch.empty(sequences, length, dtype=torch.int64)
            self._logits = torch.empty(sequences, length, vocabulary)
            _bind(binding.bind_input, "tokens", np.int64, self._tokens)
            _bind(binding.bind_output, "logits", np.float32, self._logits)
        self._tokens.copy_(tokens)
        session.run_with_iobinding(binding)
        self.length = end
        return self._logits.clone()

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
            self._tokens = torch.empty(0, 0)
            for name, held in self._held.items():
                _bind(self._binding.bind_input, f"past_{name}", np.float32, held)
                _bind(self._binding.bind_output, f"present_{name}", np.float32, held)
            for name, counts in (("last", self._last), ("total", self._total)):
                _bind(self._binding.bind_input, name, np.int32, counts)
        return self._binding


def _bind(bind: Callable[..., None], name: str, kind: type[np.generic], tensor: Tensor) -> None:
    bind(name, "cpu", 0, kind, tensor.shape, tensor.data_ptr())


class OnnxGpt(OnnxModel):
    """Tokens (sequences, tokens) to logits by ONNX Runtime, with or without a cache, as `Gpt` does it."""

    def __init__(self, content: bytes, config: GptConfig, shapes: tuple[CacheShape, ...]) -> None:
        super().__init__(content)
        self.config = config
        self.shapes = shapes
        self._whole: OnnxCache | None = None

    def new_cache(self, num_sequences: int, num_tokens: int) -> OnnxCache:
        """Return an empty cache for so many tokens a sequence."""
        return OnnxCache(self.shapes, num_sequences, num_tokens)

    def forward(self, tokens: Tensor, cache: OnnxCache | None = None) -> Tensor:
        """Return the logits of the token that follows each token.

        With a cache the tokens continue those in it and are added to it.
        Raises ValueError when the tokens do not fit into the context or the cache.
        """
        sequences, length = tokens.shape
        held = self._emptied(sequences, length) if cache is None else cache
        room = min(self.config.context_tokens, held.num_tokens)
        if held.length + length > room:
            raise ValueError(f"{held.length + length} tokens do not fit: there is room for {room}")
        session = self.session()
        # The attention kernel takes several tokens behind others for one sequence alone.
        if held.length and length > 1 and sequences > 1:
            steps = [
                held.run(session, each, self.config.vocabulary) for each in torch.split(tokens, 1, dim=1)
            ]
            return torch.cat(steps, dim=1)
        return held.run(session, tokens, self.config.vocabulary)

    def _emptied(self, sequences: int, length: int) -> OnnxCache:
        """Return room for a whole pass; that of the last pass serves again where its shape is the same."""
        held = self._whole
        if held is None or (held.num_sequences, held.num_tokens) != (sequences, length):
            held = self._whole = self.new_cache(sequences, length)
        held.length = 0
        return held

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_whole": None}


def write(model: Gpt, *, shared_head: bool = True) -> onnx.ModelProto:
    """Write a transformer as a graph: tokens, cache and lengths to logits and the cache, which may lie in one place.

    Where the embedding is the head as well, a quantizer needs the head as a matrix of its own: then `shared_head` is
    False, and the file holds both.
    """
    return _Writer(model).write(shared_head)


class _Writer(GraphWriter):
    def __init__(self, model: Gpt) -> None:
        super().__init__()
        self.model = model

    def write(self, shared_head: bool) -> onnx.ModelProto:
        model = self.model
        for name in ("cosine", "sine"):
            self.weight(name, getattr(model, name))
        embedding = self.weight("embedding", model.embedding.weight)
        hidden = self.node("Gather", [embedding, "tokens"], "hidden")
        blocks = [block for block in model.blocks if isinstance(block, Block)]
        norms = [*(block.attention_norm for block in blocks), model.norm]
        scale = self.weight("first_norm.scale", norms[0].weight)
        epsilon = _epsilon(norms[0])
        normed = self.node(
            "SimplifiedLayerNormalization", [hidden, scale], "normed", axis=-1, epsilon=epsilon
        )
        for block, after in zip(blocks, norms[1:], strict=True):
            hidden, normed = self._block(block, hidden, normed, after)
        self._head(normed, shared_head)
        return self._whole()

    def _block(self, block: Block, hidden: str, normed: str, after: nn.RMSNorm) -> tuple[str, str]:
        """Write a layer; returns the sum of its residual, and that sum behind the norm that follows."""
        layer = block.layer
        joint = self._linear(f"query_key_value_{layer}", block.query_key_value, normed)
        mixed, *_ = self.nodes_of(
            "GroupQueryAttention",
            [joint, "", "", f"past_key_{layer}", f"past_value_{layer}", "last", "total", "cosine", "sine"],
            [f"mixed_{layer}", f"present_key_{layer}", f"present_value_{layer}"],
            f"attention_{layer}",
            CONTRIBUTED,
            num_heads=block.num_heads,
            kv_num_heads=block.key_value_heads,
            do_rotary=1,
        )
        out = self._linear(f"attention_out_{layer}", block.attention_out, mixed)
        hidden, normed = self._add_and_norm(
            f"feed_forward_norm_{layer}", block.feed_forward_norm, hidden, out
        )
        up = self._linear(f"up_{layer}", block.up, normed)
        if block.gate is None:
            raised = self.node("Gelu", [up], f"raised_{layer}", CONTRIBUTED)
        else:
            gate = self._linear(f"gate_{layer}", block.gate, normed)
            # With a factor of one this is x times the sigmoid of x.
            opened = self.node("QuickGelu", [gate], f"opened_{layer}", CONTRIBUTED, alpha=1.0)
            raised = self.node("Mul", [opened, up], f"raised_{layer}")
        down = self._linear(f"down_{layer}", block.down, raised)
        return self._add_and_norm(f"norm_after_{layer}", after, hidden, down)

    def _add_and_norm(self, name: str, norm: nn.RMSNorm, hidden: str, added: str) -> tuple[str, str]:
        scale = self.weight(f"{name}.scale", norm.weight)
        outputs = [f"{name}.out", "", "", f"{name}.sum"]
        kind, epsilon = "SkipSimplifiedLayerNormalization", _epsilon(norm)
        self.nodes_of(kind, [hidden, added, scale], outputs, name, CONTRIBUTED, epsilon=epsilon)
        return outputs[3], outputs[0]

    def _head(self, normed: str, shared: bool) -> None:
        model = self.model
        if model.head is not None:
            weight = self.weight("head.weight", model.head.weight.t())
        elif shared:
            weight = self.node("Transpose", ["embedding"], "head.weight", perm=[1, 0])
        else:
            weight = self.weight("head.weight", model.embedding.weight.t())
        self.node("MatMul", [normed, weight], "logits")

    def _linear(self, name: str, linear: nn.Linear, inputs: str) -> str:
        return self.node("MatMul", [inputs, self.weight(f"{name}.weight", linear.weight.t())], name)

    def _whole(self) -> onnx.ModelProto:
        inputs = [
            self.told("tokens", "INT64", ["sequences", "new"]),
            self.told("last", "INT32", ["sequences"]),
            self.told("total", "INT32", [1]),
        ]
        outputs = [self.told("logits", "FLOAT", ["sequences", "new", self.model.config.vocabulary])]
        for layer, (heads, width) in enumerate(cache_shapes(self.model)):
            for part in ("key", "value"):
                shape: list[str | int] = ["sequences", heads, "room", width]
                inputs.append(self.told(f"past_{part}_{layer}", "FLOAT", shape))
                outputs.append(self.told(f"present_{part}_{layer}", "FLOAT", shape))
        return self.graph("gpt", inputs, outputs)


def _epsilon(norm: nn.RMSNorm) -> float:
    return torch.finfo(torch.float32).eps if norm.eps is None else norm.eps
