"""Every figure says what it is, in which unit, and where its formula comes from; every name means one thing."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from planner import strategies
from planner.engine import PREFIXES, figures_of
from planner.evidence import SHOCKS
from planner.figure import documentation, formula
from planner.planning import HEADLINES
from planner.preparing import COMPANY, prepare, strategy_figures
from planner.printing import HEADLINES as PRINTED
from planner.scenario.keys import ANY, keys
from planner.units import UNIT_WORDS, unit_of

SCHEMA = keys(strategies.scenario_model())
QUANTITIES = {path: key for path, key in SCHEMA.items() if key.is_quantity}
BARE_COUNTS = {
    "ffn_width", "head_width", "model_width", "qkv_bias", "sequence_length", "tied_embeddings", "vocabulary_size",
}  # fmt: skip
"""Lengths of a model's shape and its two switches, which have no unit in the papers that define them either."""


def figures() -> Iterator[tuple[str, Callable[..., object]]]:
    for module in COMPANY:
        yield from figures_of(module).items()
    for strategy in strategies.names():
        owned = strategy_figures(strategy)
        yield from ((f"{strategy}.{name}", figure) for name, figure in owned.items())


FIGURES = list(figures())


@pytest.mark.parametrize(("name", "figure"), FIGURES, ids=[name for name, _ in FIGURES])
def test_a_figure_is_one_sentence_with_a_source(name: str, figure: Callable[..., object]) -> None:
    sentence, source = documentation(figure)
    first_paragraph = " ".join((inspect.getdoc(figure) or "").split("\n\n")[0].split())
    assert sentence.startswith(first_paragraph)
    assert re.fullmatch(r"[A-Z][^.]+(\.\d[^.]*)*\.", first_paragraph), "one sentence, with a full stop"
    assert len(source) > len("definition"), "`Source:` with what it is or defines"
    assert source.endswith((".", ")")), source
    assert '"""' not in formula(figure)
    assert "return" in formula(figure)


@pytest.mark.parametrize("name", [name for name, _ in FIGURES])
def test_a_figure_carries_its_unit(name: str) -> None:
    assert unit_of(name).text or name in BARE_COUNTS


@pytest.mark.parametrize("path", QUANTITIES)
def test_a_key_carries_its_unit_and_a_help(path: str) -> None:
    name = QUANTITIES[path].name
    assert unit_of(name).text or name in BARE_COUNTS or name.startswith("num_")
    assert len(QUANTITIES[path].description) > len("How many")


def test_compound_units_are_meant() -> None:
    # `deal_usd_per_deal` would read as deals times dollars: two unit words stand side by side only where this is meant
    names = {name for name, _ in FIGURES} | {key.name for key in QUANTITIES.values()}
    tops = {unit_of(name).numerator for name in names if len(unit_of(name).numerator) > 1}
    assert tops <= {("gpus", "hours")}


def test_the_last_segments_of_the_keys_are_unique_among_all_quantities_and_figures() -> None:
    names = Counter(key.name for key in QUANTITIES.values())
    assert [name for name, count in names.items() if count > 1] == []
    every = {name for name, _ in FIGURES} | {name.rpartition(".")[2] for name, _ in FIGURES}
    assert set(names) & every == set(), "an input of that name would never be read"


def test_no_figure_begins_with_a_prefix_of_the_wiring() -> None:
    assert [n for n, _ in FIGURES if n.rpartition(".")[2].startswith((*PREFIXES, "month_"))] == []


def test_one_company_figure_has_one_home() -> None:
    names = Counter(name for module in COMPANY for name in figures_of(module))
    assert [name for name, count in names.items() if count > 1] == []


def test_every_parameter_of_every_figure_is_read_by_the_names_that_exist() -> None:
    bare = {name.rpartition(".")[2] for name, _ in FIGURES} | {key.name for key in QUANTITIES.values()}
    unknown = set()
    for name, figure in FIGURES:
        for spelling in inspect.signature(figure).parameters:
            word = next((spelling.removeprefix(p) for p in PREFIXES if spelling.startswith(p)), spelling)
            if word not in {*bare, *SHOCKS, *strategies.shocks(), "month"}:
                unknown.add((name, word))
    choices = {word for _, word in unknown if not word.endswith("_share")}
    # These leaves follow from a choice among words (source, precision) or from the bench, so no key is called so.
    assert choices <= {
        "switch_month", "weight_bits_per_param", "plain_filter_bytes_per_machine_second",
        "compressed_filter_bytes_per_machine_second",
    }  # fmt: skip
    assert {word for _, word in unknown} - choices <= {
        f"{order}_{source}_share" for order in ("first", "second") for source in ("api", "fine_tuned", "pretrained")
    } | {"free_tier_marketing_share", "round_safe_share", "training_capitalised_share"}  # fmt: skip


def test_every_key_that_is_a_quantity_is_used_by_some_figure_or_choice() -> None:
    used = {
        next((s.removeprefix(p) for p in PREFIXES if s.startswith(p)), s)
        for _, figure in FIGURES
        for s in inspect.signature(figure).parameters
    }
    openings = {name for name in (key.name for key in QUANTITIES.values()) if name.startswith("opening_")}
    unused = {key.name for key in QUANTITIES.values()} - used
    assert unused - openings == set()
    assert all(name.removeprefix("opening_") in used for name in openings & unused)


def test_the_headlines_are_figures() -> None:
    known = {name for name, _ in FIGURES}
    assert set(HEADLINES) <= known
    assert set(PRINTED) <= known


def test_words_for_missing_values_are_about_figures_of_their_module() -> None:
    modules = [*COMPANY, *(strategies.module(name) for name in strategies.names())]
    for module in modules:
        words = getattr(module, "STATUS", {})
        assert set(words) <= set(figures_of(module))
        assert {value for said in words.values() for value in said} <= {"nan", "inf", "-inf"}


def test_the_leaves_of_a_plan_are_named_as_their_keys_end(root: Path) -> None:
    speed = "data.filter_bytes_per_machine_second=1e6"
    ready = prepare(root / "scenarios" / "base.yaml", [speed], measurements_choice="none")
    for name, leaf in ready.leaves.items():
        assert leaf.name == name
        assert not leaf.key or leaf.key.rpartition(".")[2] == name
        assert ANY not in leaf.key or leaf.is_list


def test_unit_words_are_lower_case_words() -> None:
    assert all(re.fullmatch(r"[a-z]+", word) for word in UNIT_WORDS)
