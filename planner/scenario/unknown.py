"""What to say of a key that the schema does not know: where it belongs, its unit, its nearest spelling."""

from __future__ import annotations

from collections.abc import Iterable

from planner.errors import nearest, suggestion
from planner.scenario.base import Section
from planner.scenario.keys import Key, children, keys
from planner.units import SINGULAR, UNIT_WORDS, is_share, unit_of

MOST_LISTED = 12

_FAMILIES = {
    "money": "usd dollar dollars cent cents eur euro euros gbp pound pounds cny rmb yuan jpy yen inr chf",
    "time": "second seconds minute minutes hour hours day days week weeks month months quarters year years",
    "share": "share ratio percent percentage pct fraction",
    "bytes": "bit bits byte bytes kb mb gb tb pb kib mib gib tib",
    "energy": "kwh mwh wh joule joules",
    "power": "watt watts kw kilowatts",
}
_FAMILY = {word: family for family, words in _FAMILIES.items() for word in words.split()}
_SCALES = frozenset(
    {"k", "thousand", "thousands", "1k", "m", "million", "millions", "1m", "b", "billion", "billions"}
)


def unknown_key(model: type[Section], path: tuple[str, ...]) -> str:
    """Return what is wrong with the last segment of a path and what is probably meant."""
    name = path[-1]
    siblings = children(model, path[:-1]) or ()
    elsewhere = [key for key in keys(model).values() if key.name == name]
    if elsewhere:
        return f"is not a key here; '{name}' {_home(elsewhere[0])}"
    everywhere = {key.name: key for key in keys(model).values()}
    for candidates in (siblings, everywhere):
        if meant := same_quantity(name, candidates):
            return f"is not a key; {_other_unit(name, meant)}{_elsewhere(meant, siblings, everywhere)}"
    if nearest(name, siblings):
        return f"is not a key{suggestion(name, siblings)}"
    if close := nearest(name, everywhere):
        return f"is not a key; did you mean '{close[0]}'?{_elsewhere(close[0], siblings, everywhere)}"
    listed = ", ".join(siblings[:MOST_LISTED]) + (", ..." if len(siblings) > MOST_LISTED else "")
    return f"is not a key; allowed here: {listed}" if siblings else "is not a key"


def same_quantity(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that says the same as `name` in another unit (`..._eur_...` for `..._usd_...`)."""
    words = name.split("_")
    matches = []
    for candidate in candidates:
        what = _what(candidate)
        rest = words[len(what) :]
        if not what or not rest or words[: len(what)] != what:
            continue
        if all(_is_unit_word(word) for word in rest) and _measures(rest) == _measures(_unit_words(candidate)):
            matches.append(candidate)
    matches = [match for match in matches if unit_of(match) != unit_of(name)]
    return next(iter(nearest(name, matches) or matches), None)


def _other_unit(name: str, meant: str) -> str:
    given = " ".join(name.split("_")[len(_what(meant)) :])
    percent = " (5 % is 0.05)" if is_share(meant) else ""
    unit = " ".join(_unit_words(meant))
    return f"write '{meant}', in {unit}{percent}, and convert the value from '{given}' yourself"


def _home(key: Key) -> str:
    section = key.path.rpartition(".")[0].removesuffix(".*")
    return f"belongs under {section}" if section else "stands at the left margin, in no section"


def _elsewhere(name: str, siblings: Iterable[str], everywhere: dict[str, Key]) -> str:
    return "" if name in siblings else f" ({_home(everywhere[name])})"


def _what(name: str) -> list[str]:
    """Return the words of a name before its unit."""
    first = name.split("_per_")[0].split("_")
    return first[: len(first) - len(unit_of(name).numerator)] if unit_of(name).numerator else []


def _unit_words(name: str) -> list[str]:
    return name.split("_")[len(_what(name)) :]


def _is_unit_word(word: str) -> bool:
    return word == "per" or word in UNIT_WORDS or word in SINGULAR or word in _FAMILY or word in _SCALES


def _measures(words: list[str]) -> tuple[str, ...]:
    """Return what the words before the first `per` measure: money, time, a share, or what is counted."""
    top = words[: words.index("per")] if "per" in words else words
    return tuple(_FAMILY.get(word) or SINGULAR.get(word, word) for word in top if word not in _SCALES)
