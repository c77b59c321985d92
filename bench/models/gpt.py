"""A decoder-only transformer: RMSNorm, rotary positions, causal attention with grouped keys, a cache for decoding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.measuring.flops import FLOPS_PER_MULTIPLY_ADD

ROTARY_BASE = 10_000.0
INIT_STD = 0.02


@dataclass(frozen=True)
class GptConfig:
    """Shape of the transformer; by default the vocabulary is the 256 bytes and every head has its own keys."""

    kind: ClassVar[str] = "gpt"

    width: int = 256
    num_layers: int = 2
    num_heads: int = 8
    feed_forward_width: int = 1024
    context_tokens: int = 128
    activation: Literal["gelu", "swiglu"] = "gelu"
    tied_head: bool = False
    vocabulary: int = 256
    num_key_value_heads: int | None = None
    width_per_head: int | None = None
    """Where heads were taken away and what is left of them is narrower than the model; else width / heads."""

    def __post_init__(self) -> None:
        counts = {
            "width": self.width, "num_layers": self.num_layers, "num_heads": self.num_heads,
            "feed_forward_width": self.feed_forward_width, "context_tokens": self.context_tokens,
            "vocabulary": self.vocabulary, "num_key_value_heads": self.key_value_heads,
        }  # fmt: skip
        for name, count in counts.items():
            if count < 1:
                raise ValueError(f"{name} is {count}; it must be at least 1")
        splits = self.width_per_head is not None or self.width % self.num_heads == 0
        if not splits or self.head_width % 2 or self.head_width < 1:
            raise ValueError(f"width {self.width} must split into {self.num_heads} heads of even width")
        if self.num_heads % self.key_value_heads:
            raise ValueError(
                f"{self.num_heads} heads must share {self.key_value_heads} key-value heads evenly: "
                "num_key_value_heads must divide num_heads"
            )
        if self.activation not in ("gelu", "swiglu"):
            raise ValueError(f"activation is {self.activation!r}; there is gelu and swiglu")

    @property
    def head_width(self) -> int:
        """Width of one head."""
        return self.width // self.num_heads if self.width_per_head is None else self.width_per_head

    @property
    def attention_width(self) -> int:
        """Width of all heads side by side: that of the model unless heads were taken away."""
        return self.num_heads * self.head_width

    @property
    def key_value_heads(self) -> int:
        """Heads of keys and values: as many as there are heads unless the shape says fewer."""
        return self.num_heads if self.num_key_value_heads is None else self.num_key_value_heads

    @property
    def params(self) -> int:
        """All parameters: those in matrix products, the norms, and the embedding unless it is the head."""
        embedding = 0 if self.tied_head else self.vocabulary * self.width
        norms = (2 * self.num_layers + 1) * self.width
        return self.matrix_params + embedding + norms

    @property
    def matrix_params(self) -> int:
        """Parameters that every token is multiplied with: attention, feed-forward and the head.

        Formula of attention: 2 * width * head width * (heads + key-value heads).
        Source: Ainslie et al. 2023, GQA, section 2.2, for the shared keys and values.
        """
        attention = 2 * self.width * self.head_width * (self.num_heads + self.key_value_heads)
        num_matrices = 3 if self.activation == "swiglu" else 2
        feed_forward = num_matrices * self.width * self.feed_forward_width
        return self.num_layers * (attention + feed_forward) + self.vocabulary * self.width

    def forward_flops(self, num_sequences: int, num_tokens: int | None = None) -> int:
        """FLOPs of one forward pass over sequences of so many tokens (the whole context by default).

        Formula: 2 * matrix params * tokens + 4 * layers * sequence^2 * width of all heads per sequence; sharing
        keys and values among heads saves projections and memory, and no product of the attention itself.
        Source: Kaplan et al. 2020, Scaling Laws for Neural Language Models, table 1, with the full square.
        """
        length = self.context_tokens if num_tokens is None else num_tokens
        products = FLOPS_PER_MULTIPLY_ADD * self.matrix_params * length
        attention = 2 * FLOPS_PER_MULTIPLY_ADD * self.num_layers * length**2 * self.attention_width
        return num_sequences * (products + attention)

    def training_flops(self, num_sequences: int, num_tokens: int | None = None) -> int:
        """FLOPs of forward and backward: each product of the forward pass has two in the backward pass."""
        return 3 * self.forward_flops(num_sequences, num_tokens)

    def decode_flops(self, num_sequences: int, num_tokens: int) -> int:
        """FLOPs of one decoding step: a new token a sequence, attending to so many tokens with itself.

        Formula: 2 * matrix params + 4 * layers * tokens * width of all heads per sequence.
        """
        attention = 2 * FLOPS_PER_MULTIPLY_ADD * self.num_layers * num_tokens * self.attention_width
        return num_sequences * (FLOPS_PER_MULTIPLY_ADD * self.matrix_params + attention)

    def kv_cache_bytes(self, num_sequences: int, num_tokens: int, bytes_per_element: int = 4) -> int:
        """Bytes of the keys and values of so many tokens a sequence (fp32 by default).

        Formula: 2 * layers * key-value heads * head width * tokens * sequences * bytes per element.
        """
        per_token = 2 * self.num_layers * self.key_value_heads * self.head_width
        return per_token * num_tokens * num_sequences * bytes_per_element

    def in_words(self) -> str:
        """Say the shape in a few words."""
        head = "tied head" if self.tied_head else "own head"
        sort = "byte-level GPT" if self.vocabulary == 256 else f"GPT of {self.vocabulary:,} tokens"
        shared = self.key_value_heads != self.num_heads
        grouped = f" on {self.key_value_heads} of keys and values" if shared else ""
        narrow = f" of width {self.head_width}" if self.attention_width != self.width else ""
        return (
            f"{sort}, {self.num_layers} layers of width {self.width}, {self.num_heads} heads{narrow}{grouped}, "
            f"{self.activation} {self.feed_forward_width}, context {self.context_tokens}, {head}"
        )


class KeyValueCache:
    """Keys and values of the tokens seen so far, for each layer (sequences, key-value heads, tokens, head width).

    The memory for `num_tokens` tokens a sequence is taken at once; `length` says how many lie in it. No gradient
    flows through it.
    """

    def __init__(
        self,
        config: GptConfig,
        num_sequences: int,
        num_tokens: int,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        shape = (config.num_layers, 2, num_sequences, config.key_value_heads, num_tokens, config.head_width)
        self._held = torch.zeros(shape, device=device, dtype=dtype)
        self.length = 0

    @property
    def device(self) -> torch.device:
        """Where it lies."""
        return self._held.device

    @property
    def num_sequences(self) -> int:
        """Sequences that the cache serves."""
        return self._held.shape[2]

    @property
    def num_tokens(self) -> int:
        """Tokens of each sequence that the cache has room for."""
        return self._held.shape[4]

    @property
    def num_bytes(self) -> int:
        """Bytes that the cache takes, filled or not."""
        return self._held.nbytes

    def append(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Store keys and values of new tokens of a layer; returns those of all tokens so far, as views."""
        end = self.length + key.shape[2]
        self._held[layer, 0, :, :, self.length : end] = key.detach()
        self._held[layer, 1, :, :, self.length : end] = value.detach()
        return self._held[layer, 0, :, :, :end], self._held[layer, 1, :, :, :end]


class Gpt(nn.Module):
    """Tokens (sequences, tokens) to logits of the next token (sequences, tokens, vocabulary)."""

    cosine: Tensor
    sine: Tensor

    def __init__(self, config: GptConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.blocks = nn.ModuleList(Block(config, layer) for layer in range(config.num_layers))
        self.norm = nn.RMSNorm(config.width)
        self.head = None if config.tied_head else nn.Linear(config.width, config.vocabulary, bias=False)
        cosine, sine = _rotation(config.context_tokens, config.head_width)
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=INIT_STD)

    def new_cache(self, num_sequences: int, num_tokens: int) -> KeyValueCache:
        """Return an empty cache for so many tokens a sequence, where the model lies and in its numbers."""
        weight = self.embedding.weight
        return KeyValueCache(self.config, num_sequences, num_tokens, weight.device, weight.dtype)

    def forward(self, tokens: Tensor, cache: KeyValueCache | None = None) -> Tensor:
        """Return the logits of the token that follows each token.

        With a cache the tokens continue those in it and are added to it.
        Raises ValueError when the tokens do not fit into the context or the cache.
        """
        start, length = (0 if cache is None else cache.length), tokens.shape[1]
        room = self.config.context_tokens
        if cache is not None:
            room = min(room, cache.num_tokens)
        if start + length > room:
            raise ValueError(f"{start + length} tokens do not fit: there is room for {room}")
        cosine, sine = self.cosine[start : start + length], self.sine[start : start + length]
        hidden = self.embedding(tokens)
        for block in self.blocks:
            hidden = block(hidden, cosine, sine, cache)
        if cache is not None:
            cache.length += length
        hidden = self.norm(hidden)
        logits: Tensor = F.linear(hidden, self.embedding.weight) if self.head is None else self.head(hidden)
        return logits


class Block(nn.Module):
    """One layer: attention and feed-forward, each behind a norm and around a residual."""

    def __init__(self, config: GptConfig, layer: int) -> None:
        super().__init__()
        self.layer = layer
        self.num_heads = config.num_heads
        self.key_value_heads = config.key_value_heads
        self.head_width = config.head_width
        joint_width = (config.num_heads + 2 * config.key_value_heads) * config.head_width
        self.attention_norm = nn.RMSNorm(config.width)
        self.query_key_value = nn.Linear(config.width, joint_width, bias=False)
        self.attention_out = nn.Linear(config.attention_width, config.width, bias=False)
        self.feed_forward_norm = nn.RMSNorm(config.width)
        gated = config.activation == "swiglu"
        self.gate = nn.Linear(config.width, config.feed_forward_width, bias=False) if gated else None
        self.up = nn.Linear(config.width, config.feed_forward_width, bias=False)
        self.down = nn.Linear(config.feed_forward_width, config.width, bias=False)

    def forward(
        self, hidden: Tensor, cosine: Tensor, sine: Tensor, cache: KeyValueCache | None = None
    ) -> Tensor:
        """(sequences, tokens, width) to the same."""
        hidden = hidden + self.attention_out(self._attend(self.attention_norm(hidden), cosine, sine, cache))
        normed = self.feed_forward_norm(hidden)
        raised = F.gelu(self.up(normed)) if self.gate is None else F.silu(self.gate(normed)) * self.up(normed)
        out: Tensor = hidden + self.down(raised)
        return out

    def _attend(self, hidden: Tensor, cosine: Tensor, sine: Tensor, cache: KeyValueCache | None) -> Tensor:
        sequences, length, _ = hidden.shape
        joint = self.query_key_value(hidden).view(sequences, length, -1, self.head_width).transpose(1, 2)
        query, key, value = joint.split((self.num_heads, self.key_value_heads, self.key_value_heads), dim=1)
        query, key = _rotate(query, cosine, sine), _rotate(key, cosine, sine)
        mask, is_causal = None, True
        if cache is not None:
            past = cache.length
            key, value = cache.append(self.layer, key, value)
            # One new token sees all before it; several behind others see those and their own past.
            is_causal = past == 0 and length > 1
            if past and length > 1:
                mask = torch.ones(length, past + length, dtype=torch.bool, device=hidden.device).tril(past)
        # In trials on the CPU shared keys were never slower than repeated ones, and 2 to 4 times faster in decoding.
        grouped = self.key_value_heads != self.num_heads
        mixed = F.scaled_dot_product_attention(
            query, key, value, mask, is_causal=is_causal, enable_gqa=grouped
        )
        return mixed.transpose(1, 2).reshape(sequences, length, -1)


def _rotation(num_positions: int, head_width: int) -> tuple[Tensor, Tensor]:
    # Source: Su et al. 2021, RoFormer, equation 15.
    rates = ROTARY_BASE ** (-torch.arange(0, head_width, 2, dtype=torch.float32) / head_width)
    angles = torch.arange(num_positions, dtype=torch.float32)[:, None] * rates
    return angles.cos(), angles.sin()


def _rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, first * sine + second * cosine), dim=-1)
