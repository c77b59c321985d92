"""A YAML 1.2 file as a tree in which every value knows its place, and the problems found on the way.

The reading is done on ruamel.yaml's parse events: nothing is ever constructed from a tag, and what a plain
scalar means follows the core schema of YAML 1.2.2, section 10.3.2 (`010` is ten, `no` is a text).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

DEEPEST = 20
LONGEST_NUMBER = 300

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(inf|Inf|INF)")
_NAN = frozenset({".nan", ".NaN", ".NAN"})

_IN_PLAIN_WORDS = (
    ("mapping values are not allowed", "a ':' stands where no key can; check the indentation of this line "
     "and of the one above, and quote a text that contains ': '"),
    ("found unexpected end of stream", "the file ends inside a quoted text; close the quote"),
    ("expected <block end>", "this line does not fit the indentation or the list or mapping it stands in"),
    ("expected ',' or", "a list or mapping in brackets is not closed, or lacks a comma"),
    ("could not find expected ':'", "a ':' is missing after a key"),
    ("cannot start any token", "a text cannot start with this character; put the text in quotes"),
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Place:
    """Where something was written; places sort in the order in which files were read."""

    rank: int
    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Spell `file:line:column`, or the file alone where no line is meant."""
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong, at its place, with the dotted key that it concerns."""

    place: Place
    key: str
    text: str

    def __str__(self) -> str:
        """Spell `file:line:column: key.path: what is wrong`."""
        return f"{self.place}: {self.key}: {self.text}" if self.key else f"{self.place}: {self.text}"


@dataclass(frozen=True)
class Node:
    """A value with its place; mappings hold nodes by key, lists hold nodes."""

    value: Any
    place: Place
    key_place: Place
    """Where the key stands; for the root and the items of a list, where the value stands."""
    is_broken: bool = False
    """A problem of this value was found already, so what else is said of it would mislead."""
    lacks_keys: bool = False
    """A key of this mapping could not be read, so a missing key may be only that."""

    def plain(self) -> Any:  # noqa: ANN401
        """Return the value without places: dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def scalar(text: str) -> str | int | float | bool | None:
    """Return what a plain scalar means in YAML 1.2."""
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if len(text) > LONGEST_NUMBER and (_FLOAT.fullmatch(text) or _HEXADECIMAL.fullmatch(text)):
        return math.inf  # refused wherever a number is read; int() itself gives up at 4,300 digits
    if _DECIMAL.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITY.fullmatch(text):
        return -math.inf if text.startswith("-") else math.inf
    return math.nan if text in _NAN else text


def read_tree(text: str, start: Place, problems: list[Problem]) -> Node | None:
    """Read one YAML document; what is wrong is added to `problems`, and None says that nothing can be read.

    `start` names the file; a place without a line (a value on the command line) is kept for every node.
    """
    before = len(problems)
    for number, line in enumerate(text.splitlines(), start=1):
        indentation = line[: len(line) - len(line.lstrip())]
        if "\t" in indentation and line.strip():
            place = _at(start, number, indentation.index("\t") + 1)
            problems.append(Problem(place, "", "a tab indents this line; YAML allows only spaces there"))
    if len(problems) > before:
        return None
    try:
        return _Reader(text, start, problems).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _at(start, mark.line + 1, mark.column + 1) if mark else start
        problems.append(Problem(place, "", f"not YAML: {_plain_words(str(error.problem or error.context))}"))
    except ReaderError as error:
        lines = text[: error.position].split("\n")
        place = _at(start, len(lines), len(lines[-1]) + 1)
        character = f"U+{ord(text[error.position]):04X}"
        problems.append(Problem(place, "", f"not YAML: the character {character} is not allowed"))
    return None


def _plain_words(problem: str) -> str:
    for start, words in _IN_PLAIN_WORDS:
        if start in problem:
            return words
    return problem


def _at(start: Place, line: int, column: int) -> Place:
    return Place(start.rank, start.file, line, column) if start.line else start


class _Reader:
    """Builds the tree from parse events."""

    def __init__(self, text: str, start: Place, problems: list[Problem]) -> None:
        self.events: Iterator[Any] = iter(YAML(typ="safe", pure=True).parse(text))
        self.start = start
        self.problems = problems

    def document(self) -> Node | None:
        root = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    self.problem(event, "", "a second document starts here; write one scenario per file")
                    break
                if event.version not in (None, (1, 2)):
                    self.problem(event, "", "this file is read as YAML 1.2; take the %YAML line out")
            elif isinstance(event, AliasEvent | ScalarEvent | MappingStartEvent | SequenceStartEvent):
                root = self.node(event, (), self.place(event))
        return root

    def node(self, event: Any, path: tuple[str, ...], key_place: Place) -> Node:  # noqa: ANN401
        """Read the value that starts with `event`."""
        key, place, count = ".".join(path), self.place(event), len(self.problems)
        if isinstance(event, AliasEvent):
            self.problem(event, key, f"an alias (*{event.anchor}) is not read; write the value out")
            return Node(None, place, key_place, is_broken=True)
        if event.anchor:
            self.problem(event, key, f"an anchor (&{event.anchor}) is not read; take it out")
        if event.ctag is not None:
            self.problem(event, key, f"a tag ({event.tag}) is not read; take it out")
        is_broken = len(self.problems) > count
        if isinstance(event, ScalarEvent):
            if not event.value and event.style is None:
                place = key_place  # the parser sees an empty value only where the next thing begins
            value = scalar(event.value) if event.implicit[0] or event.style is None else event.value
            if isinstance(value, str) and not _is_unicode(value):
                self.problem(event, key, "the text holds half a character (a lone surrogate)")
                is_broken = True
            return Node(value, place, key_place, is_broken)
        if len(path) >= DEEPEST:
            self.problem(event, key, f"is nested deeper than {DEEPEST} levels")
            self.skip(event)
            return Node(None, place, key_place, is_broken=True)
        if isinstance(event, SequenceStartEvent):
            return Node(self.items(path), place, key_place, is_broken)
        values, lacks_keys = self.entries(path)
        return Node(values, place, key_place, is_broken, lacks_keys)

    def items(self, path: tuple[str, ...]) -> list[Node]:
        nodes: list[Node] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            nodes.append(self.node(event, (*path, str(len(nodes))), self.place(event)))
        return nodes

    def entries(self, path: tuple[str, ...]) -> tuple[dict[str, Node], bool]:
        """Read the keys and values of a mapping; the first of two equal keys counts."""
        nodes: dict[str, Node] = {}
        lacks_keys = False
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self.key(event, path)
            if key is None:
                lacks_keys = True
                self.skip(event)
                self.skip(next(self.events))
            elif key in nodes:
                first = nodes[key].key_place
                dotted = ".".join((*path, key))
                self.problem(event, dotted, f"is written twice; the first is at line {first.line}, keep one")
                self.skip(next(self.events))
            else:
                nodes[key] = self.node(next(self.events), (*path, key), self.place(event))
        return nodes, lacks_keys

    def key(self, event: Any, path: tuple[str, ...]) -> str | None:  # noqa: ANN401
        """Return the key, or None when it cannot be one, which is then a problem."""
        key = ".".join(path)
        if not isinstance(event, ScalarEvent):
            self.problem(event, key, "a key must be a plain text")
        elif event.anchor or event.ctag is not None:
            self.problem(event, key, "a key cannot have an anchor or a tag; take it out")
        elif event.style is None and event.value == "<<":
            self.problem(event, key, "a merge key (<<) is not read; write the keys out, or use extends:")
        elif event.style is None and not isinstance(scalar(event.value), str):
            given = event.value or "nothing"
            self.problem(event, key, f"a key must be a text (was {given})")
        elif not _is_unicode(event.value):
            self.problem(event, key, "the key holds half a character (a lone surrogate)")
        else:
            return str(event.value)
        return None

    def skip(self, event: Any) -> None:  # noqa: ANN401
        """Pass over the value that starts with `event`."""
        depth = 0
        while True:
            depth += isinstance(event, MappingStartEvent | SequenceStartEvent)
            depth -= isinstance(event, MappingEndEvent | SequenceEndEvent)
            if depth == 0:
                return
            event = next(self.events)

    def place(self, event: Any) -> Place:  # noqa: ANN401
        return _at(self.start, event.start_mark.line + 1, event.start_mark.column + 1)

    def problem(self, event: Any, key: str, text: str) -> None:  # noqa: ANN401
        self.problems.append(Problem(self.place(event), key, text))


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
