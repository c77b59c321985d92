"""The catalogues fit the texts of the code and the templates."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from planner import strategies
from planner.preparing import COMPANY
from planner.report.formats import Formats
from planner.report.messages import languages, messages
from planner.report.page import owner_words, section_words
from planner.scenario.keys import keys

METHODS = [("**.py", "python"), ("**.j2", "jinja2.ext:babel_extract")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
PLACE = re.compile(r"%\((\w+)\)s")


@pytest.fixture(scope="module")
def texts(root: Path) -> set[str | tuple[str, ...]]:
    found: set[str | tuple[str, ...]] = set()
    for folder in ("planner/report", "planner/formulas", "planner/strategies", "templates"):
        for _file, _line, text, _comments, _context in extract_from_dir(
            root / folder, METHODS, keywords=KEYWORDS
        ):
            found.add(text)
    return found


def catalogue(root: Path, language: str) -> list[Message]:
    with (root / "templates" / "messages" / f"{language}.po").open("rb") as file:
        return [message for message in read_po(file) if message.id]


def test_there_are_texts(texts: set[str | tuple[str, ...]]) -> None:
    assert {"Verdict", "How much money is needed?", "measured", "undefined: no new customers"} <= texts


@pytest.mark.parametrize("language", [name for name in languages() if name != "en"])
def test_translations_are_of_texts_that_there_are(root: Path, texts: set[object], language: str) -> None:
    assert [message.id for message in catalogue(root, language) if message.id not in texts] == []


def test_chinese_is_complete(root: Path, texts: set[object]) -> None:
    done = {message.id for message in catalogue(root, "zh") if all(spellings(message.string))}
    assert sorted(map(str, texts - done)) == []


@pytest.mark.parametrize("language", [name for name in languages() if name != "en"])
def test_translations_keep_every_number(root: Path, language: str) -> None:
    wrong = [
        message.id
        for message in catalogue(root, language)
        for text in spellings(message.string)
        if text and set(PLACE.findall(text)) != set(PLACE.findall(spellings(message.id)[-1]))
    ]
    assert wrong == []


def spellings(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def test_every_owner_of_figures_and_section_of_inputs_has_words() -> None:
    formats = Formats(messages("zh"))
    owners = owner_words(formats)
    names = {*(module.__name__.rpartition(".")[2] for module in COMPANY), *strategies.names()}
    assert sorted(names - set(owners)) == []
    sections = {
        path.partition(".")[0] for path, key in keys(strategies.scenario_model()).items() if key.is_quantity
    }
    assert sorted(sections - set(section_words(formats)) - {"reported"}) == []
    assert [words for words in (*owners.values(), *section_words(formats).values()) if words.isascii()] == []


def test_what_is_missing_stays_english() -> None:
    assert messages("zh").gettext("No such text in any catalogue.") == "No such text in any catalogue."
