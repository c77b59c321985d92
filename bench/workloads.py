"""The models that the suites train and measure, with their data and recipes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from bench.data.digits import load_digits
from bench.data.source_text import load_source_text
from bench.data.splits import DataSet
from bench.models.convolutional import ConvConfig
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig
from bench.training.cycle import Workload
from bench.training.loop import Recipe

CONTEXT_TOKENS = 128

DIGITS = Workload(
    subject="mlp",
    make_data=load_digits,
    candidates=(MlpConfig(), MlpConfig(hidden_widths=(64,)), MlpConfig(hidden_widths=(256, 256, 256))),
    learning_rates=(1e-3, 3e-3, 1e-2),
    search=Recipe(num_steps=120, num_rows=64, learning_rate=0.0, warmup_steps=10),
    final=Recipe(num_steps=600, num_rows=64, learning_rate=0.0, warmup_steps=30),
    throughput_rows=256,
)

SOURCE_TEXT = Workload(
    subject="gpt",
    make_data=partial(load_source_text, CONTEXT_TOKENS, num_validation_rows=64, num_test_rows=256),
    candidates=(
        GptConfig(context_tokens=CONTEXT_TOKENS),
        GptConfig(context_tokens=CONTEXT_TOKENS, activation="swiglu", feed_forward_width=680),
    ),
    learning_rates=(1e-3, 2e-3, 4e-3),
    search=Recipe(num_steps=10, num_rows=8, learning_rate=0.0, warmup_steps=4),
    final=Recipe(
        num_steps=80, num_rows=8, learning_rate=0.0, warmup_steps=20, evaluate_every=40, max_seconds=35.0
    ),
    throughput_rows=4,
)
"""The second candidate has two thirds of the first one's width, since SwiGLU has three matrices for two.

Rows of throughput are few, so that a second holds enough calls: 512 tokens fill a processor's products as 2,048 do. The
ratio to int8 on one thread had standard deviations of 1.3 to 5.6 % in four series of quick timings with 16 rows, of 1.4
to 2.3 % in three with 4. A GPU wants more rows; the full suite has them.
"""


def _load_images() -> DataSet:
    return load_digits().as_images()


IMAGES = Workload(
    subject="conv",
    make_data=_load_images,
    candidates=(ConvConfig(), ConvConfig(widths=(32, 64))),
    learning_rates=(1e-3, 3e-3, 1e-2),
    search=Recipe(num_steps=40, num_rows=64, learning_rate=0.0, warmup_steps=4),
    final=Recipe(num_steps=300, num_rows=64, learning_rate=0.0, warmup_steps=20, max_seconds=40.0),
    throughput_rows=128,
)
LONG_DIGITS = replace(DIGITS, final=replace(DIGITS.final, num_steps=2000, warmup_steps=60))
LONG_SOURCE_TEXT = replace(
    SOURCE_TEXT,
    throughput_rows=16,
    final=replace(SOURCE_TEXT.final, num_steps=700, warmup_steps=60, evaluate_every=100, max_seconds=110.0),
)
