"""The catalogues fit the texts of the code, the templates, the schema and the figures."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from planner import evidence, strategies
from planner.engine import Function, figures_of
from planner.figure import documentation
from planner.preparing import COMPANY, strategy_figures
from planner.report.formats import Formats
from planner.report.measured import labels
from planner.report.messages import Messages, languages, messages
from planner.report.page import owner_words, section_words
from planner.scenario import bounded, discrete, distributions, truncation
from planner.scenario.keys import keys

METHODS = [("**.py", "python"), ("**.j2", "jinja2.ext:babel_extract")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
PLACE = re.compile(r"%\((\w+)\)s")
TRANSLATED = [name for name in languages() if name != "en"]
EVIDENCE = frozenset(
    {
        "default of Benchplan",
        "choice of the scenario",
        "chance",
        "the scenario lists none",
        "unknown",
        "set from outside in place of its formula",
    }
)
"""What stands behind an input that no source stands behind."""


class Recorder(Messages):
    """Keeps what it is asked to translate."""

    seen: set[str]

    def gettext(self, message: str) -> str:
        self.seen.add(message)
        return message


@pytest.fixture(scope="module")
def texts(root: Path) -> set[str | tuple[str, ...]]:
    """What the code and the templates mark as texts."""
    found: set[str | tuple[str, ...]] = set()
    for folder in ("planner/report", "planner/formulas", "planner/strategies", "templates"):
        for _file, _line, text, _comments, _context in extract_from_dir(
            root / folder, METHODS, keywords=KEYWORDS
        ):
            found.add(text)
    return found


@pytest.fixture(scope="module")
def required(texts: set[str | tuple[str, ...]]) -> set[str | tuple[str, ...]]:
    """What a complete catalogue has: the texts, the help of the inputs, the sentences of the figures, the units."""
    sentences = {documentation(function)[0] for _name, function in functions()}
    sentences |= {
        say(name) for name in strategies.names() for say in (strategies.title, strategies.statement)
    }
    return {text for text in texts | helps() | sentences | units() | kinds() | EVIDENCE if text}


def functions() -> Iterator[tuple[str, Function]]:
    for module in COMPANY:
        yield from figures_of(module).items()
    for strategy in strategies.names():
        yield from strategy_figures(strategy).items()


def helps() -> set[str]:
    schema = {key.description for key in keys(strategies.scenario_model()).values()}
    chance = {*evidence.SHOCKS.values(), *strategies.shocks().values()}
    return schema | chance | {*evidence.CHOICES.values(), *evidence.SPEEDS.values()}


def quantities() -> set[str]:
    inputs = {key.name for key in keys(strategies.scenario_model()).values() if key.is_quantity}
    measured = {name.replace("_step_", "_") for name in labels(str) if "_nats_" not in name}
    return (
        inputs | measured | {name for name, _function in functions()} | {*evidence.CHOICES, *evidence.SPEEDS}
    )


def units() -> set[str]:
    recorder = Recorder()
    object.__setattr__(recorder, "seen", set())
    formats = Formats(recorder)
    for name in quantities():
        for value in (1.0, 2.0):
            formats.quantity(value, name)
    return recorder.seen


def kinds() -> set[str]:
    classes = (
        one
        for module in (bounded, discrete, distributions, truncation)
        for _name, one in inspect.getmembers(module, inspect.isclass)
    )
    return {str(vars(one)["kind"]) for one in classes if isinstance(vars(one).get("kind"), str)}


def catalogue(root: Path, language: str) -> list[Message]:
    paths = sorted((root / "templates" / "messages" / language).glob("*.po"))
    return [message for path in paths for message in parsed(path) if message.id]


def parsed(path: Path) -> Iterable[Message]:
    with path.open("rb") as file:
        return list(read_po(file))


def spellings(text: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (text or "",) if isinstance(text, str | None) else tuple(text)


def test_there_are_texts(texts: set[str | tuple[str, ...]], required: set[object]) -> None:
    assert {"Verdict", "How much money is needed?", "measured", "undefined: no new customers"} <= texts
    assert {
        "Term on which it is rented.",
        "Revenue of the whole horizon.",
        "%(amount)s per GPU hour",
        "%(number)s month",
        "lognormal",
    } <= required


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_are_of_texts_that_there_are(root: Path, required: set[object], language: str) -> None:
    sources = {documentation(function)[1] for _name, function in functions()}
    assert [m.id for m in catalogue(root, language) if m.id not in required | sources] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_once(root: Path, language: str) -> None:
    ids = [str(message.id) for message in catalogue(root, language)]
    assert sorted({one for one in ids if ids.count(one) > 1}) == []


def test_chinese_is_complete(root: Path, required: set[object]) -> None:
    done = {message.id for message in catalogue(root, "zh") if all(spellings(message.string))}
    missing = sorted(map(str, required - done))
    assert missing == [], "\n".join(missing)


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_every_number(root: Path, language: str) -> None:
    wrong = [
        message.id
        for message in catalogue(root, language)
        for text in spellings(message.string)
        if text and set(PLACE.findall(text)) != set(PLACE.findall(spellings(message.id)[-1]))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_what_stands_in_backticks(root: Path, language: str) -> None:
    def marked(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
        return sorted(re.findall(r"`[^`]+`", spellings(text)[-1]))

    assert [m.id for m in catalogue(root, language) if marked(m.id) != marked(m.string)] == []


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


def test_quantities_in_chinese() -> None:
    formats = Formats(messages("zh"))
    assert formats.quantity(1, "runway_months") == "1 个月"
    assert formats.quantity(2.5, "price_usd_per_gpu_hour") == "US$2.50/GPU 小时"
    assert formats.quantity(8.03e9, "params") == "80.3亿个参数"
    assert formats.quantity(0.043, "churn_share_per_month") == "4.3%/月"
    assert formats.between("US$19/月", "US$29/月") == "US$19 至 US$29/月"
    assert formats.between("3 个月", "5 个月") == "3 至 5 个月"


def test_what_is_missing_stays_english() -> None:
    assert messages("zh").gettext("No such text in any catalogue.") == "No such text in any catalogue."
    assert messages("zh").gettext("") == ""
