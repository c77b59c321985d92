"""Text for language models: a folder of files, or documents from elsewhere, split document by document."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from bench.data.naming import counted
from bench.data.splits import NAMES, Batch, DataSet
from bench.data.vocabularies import Document, learn, merges_asked_for
from bench.errors import InputError

VALIDATION_SHARE = 0.1
TEST_SHARE = 0.1
MIN_DOCUMENTS = 3
_LOOKED_AT_BYTES = 8000

Parts = tuple[list[Document], list[Document], list[Document]]
"""Training, validation and test."""


def load_folder(
    folder: Path,
    vocabulary: str,
    context_tokens: int,
    num_validation_rows: int,
    num_test_rows: int,
    seed: int = 0,
) -> DataSet:
    """Read all text files of a folder and its folders, split by file.

    Hidden files are left out, and files with a NUL byte near their beginning, as git tells binary files.
    Raises InputError when there is no text, too little of it, or a file cannot be read or decoded.
    """
    merges_asked_for(vocabulary)
    documents: list[Document] = []
    num_binary = 0
    for path in _visible_files(folder):
        content = _read(path)
        if b"\0" in content[:_LOOKED_AT_BYTES]:
            num_binary += 1
        elif content.strip():
            documents.append(Document(str(path), content))
    binary = f"{counted(num_binary, 'file')} that hold no text (a NUL byte near the beginning) left out"
    if not documents:
        raise InputError(
            f"{folder}: no text in this folder; benchplan looks for text files in it and in its folders"
            + (f" ({binary})" if num_binary else "")
        )
    parts = split_documents(documents, seed, str(folder))
    num_files = len(documents)
    documents.clear()
    return language_data(
        f"the text in {folder}",
        parts,
        vocabulary,
        context_tokens,
        (num_validation_rows, num_test_rows),
        facts={"files": num_files},
        notes=(binary,) if num_binary else (),
    )


def split_documents(documents: Sequence[Document], seed: int, where: str) -> Parts:
    """Split documents by a hash of seed and content; validation and test get about a tenth of the bytes each.

    The parts depend neither on the order of the documents nor on their names, documents of the same text fall
    into the same part, and none is empty. A document much larger than what a part still lacks stays in training.
    Raises InputError when there are fewer than three different documents.
    """
    groups: dict[bytes, list[Document]] = {}
    for document in documents:
        digest = hashlib.sha256(f"{seed}:".encode() + document.content).digest()
        groups.setdefault(digest, []).append(document)
    if len(groups) < MIN_DOCUMENTS:
        raise InputError(
            f"{where}: {counted(len(groups), 'different text')}; training, validation and test share none, so at "
            f"least {MIN_DOCUMENTS} are needed: cut the text into more pieces"
        )
    left = dict(sorted(groups.items()))
    total = sum(len(d.content) for group in left.values() for d in group)
    test = _take(left, TEST_SHARE * total, spare=2)
    validation = _take(left, VALIDATION_SHARE * total, spare=1)
    return [document for group in left.values() for document in group], validation, test


def _take(left: dict[bytes, list[Document]], wanted_bytes: float, spare: int) -> list[Document]:
    """Take groups out of those that are left until a part has its bytes; so many groups stay in any case."""
    sizes = {digest: sum(len(d.content) for d in group) for digest, group in left.items()}
    chosen: list[bytes] = []
    taken = 0
    for digest, size in sizes.items():
        if taken >= wanted_bytes or len(chosen) == len(left) - spare:
            break
        if size <= 2 * (wanted_bytes - taken):
            chosen.append(digest)
            taken += size
    if not chosen:
        chosen = [min(sizes, key=lambda digest: (sizes[digest], digest))]
    return [document for digest in chosen for document in left.pop(digest)]


def language_data(
    name: str,
    parts: Parts,
    vocabulary: str,
    context_tokens: int,
    num_rows: tuple[int, int],
    *,
    facts: dict[str, float],
    notes: tuple[str, ...] = (),
    whole: str = "file",
) -> DataSet:
    """Turn split documents into tokens; `num_rows` are the most windows of validation and test.

    Takes the documents out of the parts as it goes, so that the text is not held twice.
    Raises InputError when a part has too few tokens for the context, or its text cannot be decoded.
    """
    words = learn(vocabulary, parts[0])
    facts = dict(facts)
    streams: list[Tensor] = []
    for part_name, part in zip(NAMES, parts, strict=True):
        facts[f"{part_name}_bytes"] = sum(len(d.content) for d in part) + len(part) - 1
        streams.append(words.encode(part))
        part.clear()
        _check_length(name, part_name, len(streams[-1]), context_tokens)
    training, validation, test = streams
    data = DataSet(
        name=name,
        item="bytes" if vocabulary == "bytes" else "tokens",
        training=Batch(training[:-1], training[1:]),
        validation=windows(validation, context_tokens, num_rows[0]),
        test=windows(test, context_tokens, num_rows[1]),
        windows_of=context_tokens,
        notes=notes,
        whole=whole,
        vocabulary=words,
        facts=facts,
    )
    return data if data.item == "bytes" else replace(data, facts={**facts, **_token_facts(data, streams)})


def _token_facts(data: DataSet, streams: Sequence[Tensor]) -> dict[str, float]:
    facts: dict[str, float] = {"vocabulary_tokens": data.num_classes}
    for part_name, stream in zip(NAMES, streams, strict=True):
        facts[f"{part_name}_tokens"] = len(stream)
    for part_name, batch in (("validation", data.validation), ("test", data.test)):
        facts[f"{part_name}_bytes_per_token"] = data.bytes_per_target(batch)
    return facts


def windows(stream: Tensor, context_tokens: int, num_rows: int) -> Batch:
    """Cut windows at even distances: inputs and the tokens that follow, both (rows, context).

    Fewer windows are cut where so many would overlap.
    """
    last = len(stream) - context_tokens - 1
    num_rows = max(1, min(num_rows, (len(stream) - 1) // context_tokens))
    starts = torch.linspace(0, last, num_rows, dtype=torch.float64).long()
    places = starts[:, None] + torch.arange(context_tokens)
    return Batch(stream[places].long(), stream[places + 1].long())


def _check_length(name: str, part: str, num_tokens: int, context_tokens: int) -> None:
    # Two windows are the least over which a loss and its spread can be told.
    if num_tokens < 2 * context_tokens + 1:
        raise InputError(
            f"{name}: too little text for a context of {context_tokens:,} tokens: the {part} part has "
            f"{num_tokens:,} tokens and needs {2 * context_tokens + 1:,}; take more text, smaller files, or a "
            "smaller context"
        )


def _visible_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file():
            yield path


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as err:
        raise InputError(
            f"{path} cannot be read ({err.strerror}); make it readable or take it out of the folder"
        ) from err
