"""A small decoder-only transformer over bytes: RMSNorm, rotary positions, causal attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.measuring.flops import FLOPS_PER_MULTIPLY_ADD

ROTARY_BASE = 10_000.0
INIT_STD = 0.02


@dataclass(frozen=True)
class GptConfig:
    """Shape of the transformer; the vocabulary is the 256 bytes."""

    width: int = 256
    num_layers: int = 2
    num_heads: int = 8
    feed_forward_width: int = 1024
    context_tokens: int = 128
    activation: Literal["gelu", "swiglu"] = "gelu"
    tied_head: bool = False
    vocabulary: int = 256

    def __post_init__(self) -> None:
        if self.width % self.num_heads or (self.width // self.num_heads) % 2:
            raise ValueError(f"width {self.width} must split into {self.num_heads} heads of even width")

    @property
    def params(self) -> int:
        """All parameters: those in matrix products, the norms, and the embedding unless it is the head."""
        embedding = 0 if self.tied_head else self.vocabulary * self.width
        norms = (2 * self.num_layers + 1) * self.width
        return self.matrix_params + embedding + norms

    @property
    def matrix_params(self) -> int:
        """Parameters that every token is multiplied with: attention, feed-forward and the head."""
        attention = 4 * self.width**2
        num_matrices = 3 if self.activation == "swiglu" else 2
        feed_forward = num_matrices * self.width * self.feed_forward_width
        return self.num_layers * (attention + feed_forward) + self.vocabulary * self.width

    def forward_flops(self, num_sequences: int, num_tokens: int | None = None) -> int:
        """FLOPs of one forward pass over sequences of so many tokens (the whole context by default).

        Formula: 2 * matrix params * tokens + 4 * layers * sequence^2 * width per sequence.
        Source: Kaplan et al. 2020, Scaling Laws for Neural Language Models, table 1, with the full square.
        """
        length = self.context_tokens if num_tokens is None else num_tokens
        products = FLOPS_PER_MULTIPLY_ADD * self.matrix_params * length
        attention = 2 * FLOPS_PER_MULTIPLY_ADD * self.num_layers * length**2 * self.width
        return num_sequences * (products + attention)

    def training_flops(self, num_sequences: int, num_tokens: int | None = None) -> int:
        """FLOPs of forward and backward: each product of the forward pass has two in the backward pass."""
        return 3 * self.forward_flops(num_sequences, num_tokens)

    def in_words(self) -> str:
        """Say the shape in a few words."""
        head = "tied head" if self.tied_head else "own head"
        return (
            f"byte-level GPT, {self.num_layers} layers of width {self.width}, {self.num_heads} heads, "
            f"{self.activation} {self.feed_forward_width}, context {self.context_tokens}, {head}"
        )


class Gpt(nn.Module):
    """Bytes (sequences, tokens) to logits of the next byte (sequences, tokens, 256)."""

    cosine: Tensor
    sine: Tensor

    def __init__(self, config: GptConfig) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(config.vocabulary, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.num_layers))
        self.norm = nn.RMSNorm(config.width)
        self.head = None if config.tied_head else nn.Linear(config.width, config.vocabulary, bias=False)
        cosine, sine = _rotation(config.context_tokens, config.width // config.num_heads)
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=INIT_STD)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits of the byte that follows each byte."""
        length = tokens.shape[1]
        hidden = self.embedding(tokens)
        for block in self.blocks:
            hidden = block(hidden, self.cosine[:length], self.sine[:length])
        hidden = self.norm(hidden)
        logits: Tensor = F.linear(hidden, self.embedding.weight) if self.head is None else self.head(hidden)
        return logits


class Block(nn.Module):
    """One layer: attention and feed-forward, each behind a norm and around a residual."""

    def __init__(self, config: GptConfig) -> None:
        super().__init__()
        self.num_heads = config.num_heads
        self.attention_norm = nn.RMSNorm(config.width)
        self.query_key_value = nn.Linear(config.width, 3 * config.width, bias=False)
        self.attention_out = nn.Linear(config.width, config.width, bias=False)
        self.feed_forward_norm = nn.RMSNorm(config.width)
        gated = config.activation == "swiglu"
        self.gate = nn.Linear(config.width, config.feed_forward_width, bias=False) if gated else None
        self.up = nn.Linear(config.width, config.feed_forward_width, bias=False)
        self.down = nn.Linear(config.feed_forward_width, config.width, bias=False)

    def forward(self, hidden: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """(sequences, tokens, width) to the same."""
        sequences, length, width = hidden.shape
        joint = self.query_key_value(self.attention_norm(hidden))
        heads = joint.view(sequences, length, 3, self.num_heads, width // self.num_heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        query, key = _rotate(query, cosine, sine), _rotate(key, cosine, sine)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        hidden = hidden + self.attention_out(mixed.transpose(1, 2).reshape(sequences, length, width))
        normed = self.feed_forward_norm(hidden)
        raised = F.gelu(self.up(normed)) if self.gate is None else F.silu(self.gate(normed)) * self.up(normed)
        out: Tensor = hidden + self.down(raised)
        return out


def _rotation(num_positions: int, head_width: int) -> tuple[Tensor, Tensor]:
    # Source: Su et al. 2021, RoFormer, equation 15.
    rates = ROTARY_BASE ** (-torch.arange(0, head_width, 2, dtype=torch.float32) / head_width)
    angles = torch.arange(num_positions, dtype=torch.float32)[:, None] * rates
    return angles.cos(), angles.sin()


def _rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, first * sine + second * cosine), dim=-1)
