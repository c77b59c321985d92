"""Scalars are read as YAML 1.2 reads them, and nothing that YAML can do beyond plain data is read at all."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.scenario.tree import Place, Problem, read_tree

START = Place(0, "plan.yaml", 1, 1)


def read(text: str) -> tuple[object, list[str]]:
    problems: list[Problem] = []
    node = read_tree(text, START, problems)
    return node.plain() if node else None, [str(problem) for problem in sorted(problems)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("010", 10),
        ("0o17", 15),
        ("0x1F", 31),
        ("+12", 12),
        ("1e6", 1e6),
        (".5", 0.5),
        ("5.", 5.0),
        ("1E-3", 0.001),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("~", None),
        ("null", None),
        ("", None),
        ("2026-11-23", "2026-11-23"),
        ("2027-01", "2027-01"),
        ("'5'", "5"),
        ('"null"', "null"),
        ("''", ""),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("=", "="),
        ("5 to 10", "5 to 10"),
        ("normal(-5, 10)", "normal(-5, 10)"),
        ("[1, no, {b: 2}]", [1, "no", {"b": 2}]),
        ("9" * 5000, math.inf),
    ],
)
def test_values_are_read_as_yaml_1_2_reads_them(text: str, value: object) -> None:
    plain, problems = read(f"a: {text}\n")
    assert problems == []
    assert plain == {"a": value}
    assert type(plain["a"]) is type(value)  # type: ignore[index]


def test_folded_text_is_joined_by_spaces_alone() -> None:
    assert read("a: >-\n  one two\n  three\n") == ({"a": "one two three"}, [])


def test_not_a_number_is_read_as_such() -> None:
    plain, _ = read("a: .nan")
    assert math.isnan(plain["a"])  # type: ignore[index]


def test_places_count_from_one() -> None:
    problems: list[Problem] = []
    node = read_tree("a:\n  bc: [1,\n    22]\n", START, problems)
    assert node is not None
    inner = node.value["a"].value["bc"]
    assert (inner.key_place.line, inner.key_place.column) == (2, 3)
    assert (inner.place.line, inner.place.column) == (2, 7)
    assert (inner.value[1].place.line, inner.value[1].place.column) == (3, 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", "plan.yaml:3:1: a: is written twice; the first is at line 1, keep one"),
        ("m:\n  {x: 1, x: 2}\n", "plan.yaml:2:10: m.x: is written twice"),
        ("a: &x 1\n", "plan.yaml:1:4: a: an anchor (&x) is not read"),
        ("a: *x\n", "plan.yaml:1:4: a: an alias (*x) is not read; write the value out"),
        ("<<: {b: 1}\n", "plan.yaml:1:1: a merge key (<<) is not read"),
        ("a: !!int '3'\n", "plan.yaml:1:4: a: a tag (tag:yaml.org,2002:int) is not read"),
        ("a: !!python/object/apply:os.system [ls]\n", "plan.yaml:1:4: a: a tag"),
        ("a: ! 3\n", "plan.yaml:1:4: a: a tag"),
        ("!!map {a: 1}\n", "plan.yaml:1:1: a tag"),
        ("5: 1\n", "plan.yaml:1:1: a key must be a text (was 5)"),
        ("m: {true: 1}\n", "plan.yaml:1:5: m: a key must be a text (was true)"),
        ("~: 1\n", "plan.yaml:1:1: a key must be a text (was ~)"),
        ("? [a]\n: 1\n", "plan.yaml:1:3: a key must be a plain text"),
        ("? &k a\n: 1\n", "plan.yaml:1:3: a key cannot have an anchor or a tag"),
        ("a: 1\n---\nb: 2\n", "plan.yaml:2:1: a second document starts here"),
        ("%YAML 1.1\n---\na: 1\n", "plan.yaml:2:1: this file is read as YAML 1.2"),
        ("a:\n\tb: 1\n", "plan.yaml:2:1: a tab indents this line"),
        ("a: b: c\n", "plan.yaml:1:5: not YAML: a ':' stands where no key can"),
        ("a: 'x\n", "plan.yaml:2:1: not YAML: the file ends inside a quoted text"),
        ("a: [1, 2\n", "plan.yaml:2:1: not YAML: a list or mapping in brackets is not closed"),
        ("a: @x\n", "plan.yaml:1:4: not YAML: a text cannot start with this character"),
        ("- 1\nb: 2\n", "plan.yaml:2:1: not YAML: this line does not fit the indentation"),
        ("a: 1\nb: x\x07\n", "plan.yaml:2:5: not YAML: the character U+0007 is not allowed"),
        ('a: "\\ud800"\n', "plan.yaml:1:4: a: the text holds half a character"),
        (
            "a: " + "[" * 30 + "]" * 30,
            "plan.yaml:1:23: a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0: is nested deeper",
        ),
    ],
)
def test_what_is_not_plain_data_is_refused(text: str, expected: str) -> None:
    _, problems = read(text)
    assert len(problems) == 1
    assert problems[0].startswith(expected)


def test_reading_goes_on_after_a_problem() -> None:
    plain, problems = read("a: *x\nb: 1\nb: 2\n? {c: 1}\n: {d: [2]}\ne: 5\n")
    assert len(problems) == 3
    assert plain == {"a": None, "b": 1, "e": 5}


def test_nothing_is_nothing() -> None:
    assert read("") == (None, [])
    assert read("# only a comment\n") == (None, [])


@given(st.text(alphabet=st.sampled_from("ab:-[]{},'\"&*!|>%@#?~ \n\t0.5e\\\x00\ud800\u00e9"), max_size=40))
def test_any_text_is_read_or_refused_at_a_place(text: str) -> None:
    _, problems = read(text)
    assert all(problem.startswith("plan.yaml:") for problem in problems)


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(alphabet="abc no~15e:.-"),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_json_is_read_as_json_reads_it(value: object) -> None:
    import json

    text = json.dumps({"a": value}).replace("-Infinity", "-.inf").replace("Infinity", ".inf")
    assert read(text) == ({"a": value}, [])
