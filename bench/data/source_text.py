"""The text of Python's own standard library: on every machine that has Python, and needs no download."""

from __future__ import annotations

import hashlib
import platform
import sysconfig
from pathlib import Path

from bench.data.splits import DataSet
from bench.data.texts import language_data
from bench.data.vocabularies import Document
from bench.errors import MeasurementError

LEFT_OUT = frozenset(
    {"test", "tests", "idle_test", "encodings", "site-packages", "dist-packages", "__pycache__", "_bundled"}
)
"""Tests would fill half of the text; the encodings are near copies of each other, which would put parts of the
training text into the test; the others are no part of the library or hold no text."""

VALIDATION_SHARE = 0.05
TEST_SHARE = 0.05
MIN_PART_BYTES = 100_000
_HASH_RANGE = 2**64
_FILE = "a file of Python's standard library"


def load_source_text(
    context_tokens: int,
    num_validation_rows: int,
    num_test_rows: int,
    seed: int = 0,
    vocabulary: str = "bytes",
) -> DataSet:
    """Return the library's text as bytes or tokens (`bpe:1024`), split by file.

    Validation and test are so many windows of the context, evenly spread over their parts.
    Raises MeasurementError when this Python carries too little source text.
    """
    texts = read_library(Path(sysconfig.get_paths()["stdlib"]))
    split = split_by_content(texts, seed)
    sizes = [sum(len(text) + 1 for text in part) for part in split]
    if min(sizes) < max(MIN_PART_BYTES, 2 * context_tokens + 2):
        raise MeasurementError(
            f"this Python {platform.python_version()} carries too little source text for a language model "
            f"({sum(sizes):,} bytes in {len(texts)} files): use a Python with its standard library as .py files"
        )
    training, validation, test = ([Document(_FILE, text) for text in part] for part in split)
    return language_data(
        f"the standard library of Python {platform.python_version()}",
        (training, validation, test),
        vocabulary,
        context_tokens,
        (num_validation_rows, num_test_rows),
        facts={"files": len(texts)},
    )


def read_library(folder: Path) -> list[bytes]:
    """Read all source files of a library in the order of their names, without tests and generated files.

    Raises MeasurementError when a file cannot be read.
    """
    texts = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).parts
        # _sysconfigdata is written when Python is built, with the paths of the builder's machine.
        if LEFT_OUT.isdisjoint(parts) and not path.name.startswith("_sysconfigdata"):
            texts.append(_read(path))
    return [text for text in texts if text.strip()]


def split_by_content(texts: list[bytes], seed: int) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """Split files into training, validation and test by a hash of seed and content.

    A file's part does not depend on the other files, and two files of the same text fall into the same part.
    """
    training: list[bytes] = []
    validation: list[bytes] = []
    test: list[bytes] = []
    for text in texts:
        digest = hashlib.sha256(f"{seed}:".encode() + text).digest()
        place = int.from_bytes(digest[:8], "big") / _HASH_RANGE
        part = (
            test if place < TEST_SHARE else validation if place < TEST_SHARE + VALIDATION_SHARE else training
        )
        part.append(text)
    return training, validation, test


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as err:
        raise MeasurementError(
            f"{path.name} of Python's standard library cannot be read ({err.strerror})"
        ) from err
