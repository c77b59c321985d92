"""Text of the user's: split by file whatever the order, turned into tokens and back byte for byte."""

from __future__ import annotations

import os
import random
import sys
from functools import cache
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.data.choosing import choose
from bench.data.splits import DataSet
from bench.data.texts import split_documents, windows
from bench.data.vocabularies import BpeVocabulary, ByteVocabulary, Document, Vocabulary, learn
from bench.errors import InputError

seeds = st.integers(0, 1000)
WORDS = [
    "the",
    "model",
    "learns",
    "from",
    "a",
    "text",
    "of",
    "many",
    "words;",
    "größer,",
    "猫",
    "and\ttabs\r\n",
]


def prose(seed: int, num_words: int = 200) -> str:
    chosen = random.Random(seed)
    return " ".join(chosen.choice(WORDS) for _ in range(num_words)) + f" {seed}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(20):
        path = tmp_path / "texts" / f"chapter {number % 3}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(prose(number).encode())
    return tmp_path / "texts"


def text_of(data: DataSet) -> bytes:
    assert data.vocabulary is not None
    inputs, targets = data.training
    return data.vocabulary.decode([*inputs.tolist(), int(targets[-1])])


@cache
def few_merges() -> Vocabulary:
    return learn("bpe:300", [Document("", prose(1).encode())])


def contents(documents: list[Document]) -> list[bytes]:
    return [document.content for document in documents]


@given(
    st.lists(st.binary(min_size=1, max_size=30), min_size=3, max_size=40, unique=True), seeds, st.randoms()
)
def test_documents_split_into_three_without_loss_and_whatever_their_order(
    texts: list[bytes], seed: int, chance: random.Random
) -> None:
    texts = texts + texts[:2]
    documents = [Document(str(number), text) for number, text in enumerate(texts)]
    parts = split_documents(documents, seed, "x")
    assert all(parts)
    assert sorted(text for part in parts for text in contents(part)) == sorted(texts)
    training, validation, test = (set(contents(part)) for part in parts)
    assert not training & validation | validation & test | training & test
    chance.shuffle(texts)
    again = split_documents([Document("other name", text) for text in texts], seed, "x")
    assert [contents(part) for part in again] == [contents(part) for part in parts]


def test_validation_and_test_get_about_a_tenth_of_the_bytes_each_and_no_giant() -> None:
    chance = random.Random(1)
    texts = [chance.randbytes(chance.randrange(50, 2000)) for _ in range(300)] + [chance.randbytes(200_000)]
    documents = [Document("", text) for text in texts]
    total = sum(len(text) for text in texts)
    for seed in range(20):
        _, validation, test = split_documents(documents, seed, "x")
        for part in (validation, test):
            assert 0.09 < sum(map(len, contents(part))) / total < 0.12


def test_another_seed_gives_another_split() -> None:
    documents = [Document("", prose(number).encode()) for number in range(30)]
    tests = {tuple(contents(split_documents(documents, seed, "x")[2])) for seed in range(10)}
    assert len(tests) == 10


def test_a_folder_of_text_is_split_by_file_and_nothing_is_lost(folder: Path) -> None:
    data = choose(str(folder), context_tokens=16)
    texts = {path.read_bytes() for path in folder.rglob("*.txt")}
    in_training = [text for text in texts if text in text_of(data)]
    assert len(text_of(data)) == sum(map(len, in_training)) + len(in_training) - 1
    assert data.item == "bytes"
    assert data.num_classes == 256
    assert data.facts["files"] == 20
    held_out = data.facts["validation_bytes"] + data.facts["test_bytes"]
    joints = 20 - 3
    assert data.facts["training_bytes"] + held_out == sum(map(len, texts)) + joints
    assert data.row_in_words == "16 bytes"


def test_names_of_files_do_not_matter(folder: Path) -> None:
    before = choose(str(folder), context_tokens=16, vocabulary="bpe:300")
    for number, path in enumerate(sorted(folder.rglob("*.txt"))):
        path.rename(folder / f"{99 - number}.text")
    after = choose(str(folder), context_tokens=16, vocabulary="bpe:300")
    assert torch.equal(before.training.inputs, after.training.inputs)
    assert torch.equal(before.test.inputs, after.test.inputs)


def test_hidden_and_binary_files_are_left_out(folder: Path) -> None:
    facts = choose(str(folder), context_tokens=16).facts
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("hidden")
    (folder / "image.png").write_bytes(b"\x89PNG\r\n\0\0")
    (folder / "empty.txt").write_text(" \n")
    (folder / "gone.txt").symlink_to(folder / "nowhere")
    data = choose(str(folder), context_tokens=16)
    assert data.facts == facts
    assert data.notes == ("1 file that hold no text (a NUL byte near the beginning) left out",)


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_byte_pairs_decode_byte_for_byte_whatever_the_text(texts: list[str]) -> None:
    documents = [Document("", text.encode()) for text in texts]
    words = few_merges()
    tokens = words.encode(documents)
    joined = b"\n".join(contents(documents))
    assert words.decode(tokens.tolist()) == joined
    assert int(words.bytes_of_tokens()[tokens.long()].sum()) == len(joined)
    assert ByteVocabulary().decode(ByteVocabulary().encode(documents).tolist()) == joined


def test_byte_pairs_learn_from_the_training_part_only(folder: Path) -> None:
    data = choose(str(folder), context_tokens=16, vocabulary="bpe:400")
    assert isinstance(data.vocabulary, BpeVocabulary)
    training = text_of(data)
    again = learn("bpe:400", [Document("", training)])
    assert isinstance(again, BpeVocabulary)
    assert again.tokenizer.to_str() == data.vocabulary.tokenizer.to_str()
    tokens = {data.vocabulary.decode([number]) for number in range(data.num_classes)}
    assert all(token in training for token in tokens if len(token) > 1)
    assert b" model" in tokens
    assert tokens >= {bytes([value]) for value in range(256)}


def test_a_loss_per_token_becomes_one_per_byte(folder: Path) -> None:
    data = choose(str(folder), context_tokens=16, vocabulary="bpe:300")
    assert data.item == "tokens"
    assert data.vocabulary is not None
    assert data.num_classes == data.facts["vocabulary_tokens"]
    targets = data.test.targets.flatten().tolist()
    assert data.bytes_per_target(data.test) == len(data.vocabulary.decode(targets)) / len(targets)
    assert data.facts["test_bytes_per_token"] == data.bytes_per_target(data.test) > 1.5
    in_bytes = choose(str(folder), context_tokens=16)
    assert in_bytes.bytes_per_target(in_bytes.test) == 1.0
    assert data.facts["training_bytes"] == in_bytes.facts["training_bytes"]


def test_a_uniform_guess_over_bytes_costs_as_much_by_token_as_by_byte(folder: Path) -> None:
    # A model that guesses each byte uniformly gives a token of n bytes the loss n ln 256.
    data = choose(str(folder), context_tokens=16, vocabulary="bpe:300")
    assert data.vocabulary is not None
    lengths = data.vocabulary.bytes_of_tokens()[data.test.targets].double()
    loss_nats_per_token = float((lengths * torch.tensor(256.0).log()).mean())
    assert loss_nats_per_token / data.bytes_per_target(data.test) == pytest.approx(5.545177)


def test_windows_do_not_overlap_and_are_fewer_in_a_short_text() -> None:
    batch = windows(torch.arange(33), 8, 100)
    assert batch.inputs.shape == (4, 8)
    assert batch.inputs.flatten().tolist() == list(range(32))


def test_source_text_comes_as_byte_pairs_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bench.data.source_text.MIN_PART_BYTES", 1000)
    for number in range(120):
        (tmp_path / f"module_{number}.py").write_text(prose(number))
    monkeypatch.setattr("sysconfig.get_paths", lambda: {"stdlib": str(tmp_path)})
    data = choose(
        "source-text", vocabulary="bpe:280", context_tokens=32, num_test_rows=7, num_validation_rows=5
    )
    assert (data.test.inputs.shape, data.validation.inputs.shape) == ((7, 32), (5, 32))
    assert data.facts["test_bytes_per_token"] > 1


def refused(*args: object, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        choose(*args, **options)  # type: ignore[arg-type]
    return str(caught.value)


def test_text_that_is_not_utf8_is_named_with_its_offset(folder: Path) -> None:
    latin = folder / "latin.txt"
    latin.write_bytes(b"a caf\xe9 " + prose(77).encode())
    said = refused(str(folder), context_tokens=16, vocabulary="bpe:300")
    assert said.startswith(f"{latin}: not UTF-8 at offset 5 (byte 0xe9)")
    assert "vocabulary bytes" in said
    assert choose(str(folder), context_tokens=16).facts["files"] == 21


def test_a_folder_without_text_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(10))
    said = refused(str(tmp_path))
    assert "no text in this folder" in said
    assert "1 file" in said


def test_too_little_text_for_the_context_is_said(folder: Path) -> None:
    said = refused(str(folder), context_tokens=100_000)
    assert "too little text for a context of 100,000 tokens" in said
    assert "200,001" in said


def test_copies_of_two_texts_are_two_texts(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}.txt").write_text(prose(number % 2))
    assert "2 different texts" in refused(str(tmp_path), context_tokens=4)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_an_unreadable_file_is_named(folder: Path) -> None:
    secret = folder / "secret.txt"
    secret.write_text("x")
    secret.chmod(0)
    assert f"{secret} cannot be read" in refused(str(folder))


@pytest.mark.parametrize(
    "spec", ["words", "bpe", "bpe:", "bpe:256", "bpe:-3", "bpe:99999", "bpe:1e3", "Bytes", ""]
)
def test_another_vocabulary_is_refused(spec: str) -> None:
    assert "say bytes, or bpe:N" in refused("digits", vocabulary=spec)


def test_missing_tokenizers_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    assert "pip install tokenizers" in refused(str(folder), vocabulary="bpe:300")
    assert choose(str(folder), context_tokens=16).item == "bytes"
