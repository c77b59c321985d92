"""How text becomes tokens: its bytes as they are, or byte-pair encoding learnt from the training part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch
from torch import Tensor

from bench.data.naming import wanted
from bench.errors import InputError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NUM_BYTES = 256
MAX_VOCABULARY = 65_536
LEARNT_FROM_BYTES = 16 * 2**20
"""So much of the training part is enough to learn merges from; more would take minutes and change few of them."""
_ENCODED_AT_ONCE_BYTES = 2**20


class Document(NamedTuple):
    """One text that stays in one part, and what an error calls it."""

    name: str
    content: bytes


class Vocabulary(Protocol):
    """Turns text into tokens and back."""

    @property
    def size(self) -> int:
        """Number of different tokens."""
        ...

    def encode(self, documents: Sequence[Document]) -> Tensor:
        """Return the tokens of all documents, each but the last followed by a line break, as one row."""
        ...

    def decode(self, tokens: Iterable[int]) -> bytes:
        """Return the text of tokens, byte for byte."""
        ...

    def bytes_of_tokens(self) -> Tensor:
        """Return how many bytes each token stands for, (size,)."""
        ...

    def in_words(self) -> str:
        """Say the vocabulary in a few words."""
        ...


class ByteVocabulary:
    """Every byte is a token: takes any text, whatever its encoding."""

    size = NUM_BYTES

    def encode(self, documents: Sequence[Document]) -> Tensor:
        """Return the bytes of all documents, joined by line breaks."""
        joined = bytearray(b"\n").join(document.content for document in documents)
        return torch.frombuffer(joined, dtype=torch.uint8) if joined else torch.zeros(0, dtype=torch.uint8)

    def decode(self, tokens: Iterable[int]) -> bytes:
        """Return the text of tokens."""
        return bytes(tokens)

    def bytes_of_tokens(self) -> Tensor:
        """Return ones: a token is a byte."""
        return torch.ones(NUM_BYTES, dtype=torch.long)

    def in_words(self) -> str:
        """Say the vocabulary in a few words."""
        return "bytes"


class BpeVocabulary:
    """Byte-pair encoding over bytes (Sennrich et al. 2016, in the byte-level form of Radford et al. 2019)."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        letters = {letter: value for value, letter in enumerate(_letters_of_bytes())}
        tokens = [tokenizer.id_to_token(number) or "" for number in range(tokenizer.get_vocab_size())]
        self._texts = [bytes(letters[letter] for letter in token) for token in tokens]

    @property
    def size(self) -> int:
        """Number of different tokens."""
        return len(self._texts)

    def encode(self, documents: Sequence[Document]) -> Tensor:
        """Return the tokens of all documents, each but the last followed by a line break.

        Raises InputError when one is not UTF-8.
        """
        dtype = torch.int16 if self.size <= 2**15 else torch.int32
        pieces = [torch.zeros(0, dtype=dtype)]
        for some in _in_pieces(documents):
            # Line breaks within a document and after it are encoded alike.
            found = self.tokenizer.encode_batch_fast(some, add_special_tokens=False)
            pieces += [torch.tensor(encoding.ids, dtype=dtype) for encoding in found]
        return torch.cat(pieces)

    def decode(self, tokens: Iterable[int]) -> bytes:
        """Return the text of tokens, byte for byte, even where it begins or ends within a character."""
        return b"".join(self._texts[token] for token in tokens)

    def bytes_of_tokens(self) -> Tensor:
        """Return how many bytes each token stands for, (size,)."""
        return torch.tensor([len(text) for text in self._texts])

    def in_words(self) -> str:
        """Say the vocabulary in a few words."""
        return f"byte-pair encoding with {self.size:,} tokens, learnt from the training part"


def merges_asked_for(spec: str) -> int:
    """Read `bytes` (0) or `bpe:N`, N tokens in all.

    Raises InputError for anything else.
    """
    if spec == "bytes":
        return 0
    found = re.fullmatch(r"bpe:(\d{1,9})", spec)
    if not found or not NUM_BYTES < int(found[1]) <= MAX_VOCABULARY:
        raise InputError(
            f"vocabulary {spec!r}: say bytes, or bpe:N with N tokens in all, "
            f"{NUM_BYTES + 1} to {MAX_VOCABULARY:,} (bpe:1024)"
        )
    return int(found[1])


def learn(spec: str, training: Sequence[Document]) -> Vocabulary:
    """Return the vocabulary of a spec (`bytes` or `bpe:N`), learnt from the training part alone.

    Raises InputError for another spec, for text that is not UTF-8, and when `tokenizers` is not installed.
    """
    size = merges_asked_for(spec)
    if not size:
        return ByteVocabulary()
    wanted("tokenizers", "text", "the vocabulary bpe")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    # All bytes are in the vocabulary, so that no text of validation and test is unknown to it.
    trainer = trainers.BpeTrainer(
        vocab_size=size, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(_first_texts(training), trainer)
    return BpeVocabulary(tokenizer)


def _first_texts(documents: Sequence[Document]) -> Iterator[str]:
    left = LEARNT_FROM_BYTES
    for document in documents:
        if left <= 0:
            return
        yield as_utf8(document)
        left -= len(document.content)


def as_utf8(document: Document) -> str:
    """Decode a document.

    Raises InputError with the offset when it is not UTF-8.
    """
    try:
        return document.content.decode()
    except UnicodeDecodeError as err:
        raise InputError(
            f"{document.name}: not UTF-8 at offset {err.start:,} (byte 0x{err.object[err.start]:02x}); convert it "
            "to UTF-8, or take the vocabulary bytes, which needs no encoding"
        ) from None


def _in_pieces(documents: Sequence[Document]) -> Iterator[list[str]]:
    """Give the texts in lists of about a megabyte: encodings take many times the memory of their tokens."""
    piece: list[str] = []
    num_bytes = 0
    for number, document in enumerate(documents, start=1):
        text = as_utf8(document)
        piece.append(text if number == len(documents) else text + "\n")
        num_bytes += len(document.content)
        if num_bytes > _ENCODED_AT_ONCE_BYTES:
            yield piece
            piece, num_bytes = [], 0
    yield piece


def _letters_of_bytes() -> list[str]:
    """Return the letter that byte-level BPE writes for each byte: itself if it shows, else one from 256 on.

    Source: Radford et al. 2019, Language Models are Unsupervised Multitask Learners, the published encoder.
    """
    shows = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(NUM_BYTES, 2 * NUM_BYTES))
    return [chr(value if value in shows else next(others)) for value in range(NUM_BYTES)]
