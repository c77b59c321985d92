"""How the spellings of distributions and numbers are read, with a message that says what to write instead."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache

from planner.errors import suggestion
from planner.scenario.bounded import Beta, Pert, Triangular, Uniform
from planner.scenario.discrete import ROUNDING, Chance, Choice, Empirical, Poisson
from planner.scenario.distributions import (
    WIDEST_RATIO,
    Continuous,
    Distribution,
    LogitNormal,
    Lognormal,
    Normal,
    number_text,
)
from planner.scenario.truncation import Truncated
from planner.units import Unit, unit_of

NUMBER = r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
"""A decimal number as YAML 1.2 reads it (core schema, section 10.3.2)."""
LARGEST_NUMBER = 1e100

_INTERVAL = re.compile(r"(?P<low>.+?)\s+to\s+(?P<high>.+)")
_CALL = re.compile(r"(?P<kind>[A-Za-z_]\w*)\s*\((?P<numbers>.*)\)")
_WITHIN = re.compile(r"(?P<base>.*?)\s+within\b\s*(?P<ends>.*)")
_ENDS = re.compile(rf"(?P<low>{NUMBER})?\s*\.\.\s*(?P<high>{NUMBER})?")
_RANGE = re.compile(rf"({NUMBER})\s*(?:-+|\.\.+|\u2026|\u2013|\u2014|~|,|and|to)\s*({NUMBER})")
_COMMA = re.compile(r"[-+]?[0-9]{1,3}(?:[._'][0-9]{3})+,[0-9]+|[-+]?[0-9]+,[0-9]+(?:[eE][-+]?[0-9]+)?")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(?:[,_'][0-9]{3})+(?:\.[0-9]+)?")

ORDERED: dict[str, tuple[Callable[..., Distribution], tuple[str, ...]]] = {
    "normal": (Normal, ("p5", "p95")),
    "uniform": (Uniform, ("low", "high")),
    "triangular": (Triangular, ("low", "mode", "high")),
    "pert": (Pert, ("low", "mode", "high")),
}
"""The distributions whose numbers run from low to high."""
SHAPED: dict[str, tuple[Callable[..., Distribution], tuple[str, ...]]] = {
    "beta": (Beta, ("alpha", "beta")),
    "chance": (Chance, ("probability",)),
    "poisson": (Poisson, ("mean",)),
}
KINDS = (*ORDERED, *SHAPED, "choice", "empirical")
ALLOWED = (
    "write a number (0.25, 1e6), a 90 % interval (`5 to 10`), normal(p5, p95), uniform(low, high), "
    "triangular(low, mode, high), pert(low, mode, high), beta(alpha, beta), chance(probability), "
    "choice(value:probability, ...), poisson(mean) or empirical(sample, ...); "
    "`within low..high` behind it cuts it off"
)


@lru_cache(maxsize=4096)
def parse(text: str, unit: Unit | str = "", may_be_negative: bool = True) -> Distribution:
    """Read the spelling of a distribution of a quantity whose unit, or whose name, is given.

    The same spelling gives the same object, which knows its mean and its quantiles once they were asked for.
    Raises ValueError with what is wrong and the spelling that says what was probably meant.
    """
    written = text.strip()
    unit = unit_of(unit) if isinstance(unit, str) else unit
    if match := _WITHIN.fullmatch(written):
        return _truncated(parse(match["base"], unit, may_be_negative=True), match["ends"], written)
    if match := _INTERVAL.fullmatch(written):
        low, high = (_number(match[end], written) for end in ("low", "high"))
        return _interval(low, high, share=unit.numerator == ("share",), may_be_negative=may_be_negative)
    if match := _CALL.fullmatch(written):
        return _call(match["kind"], match["numbers"], written)
    if (match := _RANGE.fullmatch(written)) and not (
        _GROUPED.fullmatch(written) or _COMMA.fullmatch(written)
    ):
        raise ValueError(f"'{written}' is not an interval; write `{match[1]} to {match[2]}`")
    if re.fullmatch(r"[A-Za-z_]\w*\s*\([^)]*", written):
        raise ValueError(
            f"'{written}' lacks its closing bracket; inside {{...}} and [...] a comma ends the text, "
            'so quote it: "normal(5, 10)"'
        )
    _number(written, written)
    raise ValueError(f"'{written}' is a text; write the number without quotes: {written}")


def _interval(low: float, high: float, *, share: bool, may_be_negative: bool) -> Distribution:
    written = f"`{number_text(low)} to {number_text(high)}`"
    _check_order(written, (low, high), f"{number_text(high)} to {number_text(low)}")
    if share and not 0.0 < low < high < 1.0:
        raise ValueError(
            f"{written} does not lie inside 0 and 1, which an interval of a share must"
            f"{_share_instead(low, high)}"
        )
    if share:
        return LogitNormal(low, high)
    if low <= 0.0:
        raise ValueError(
            f"{written} touches zero or goes below, but `A to B` stands for a positive quantity (lognormal); "
            f"{_negative_instead(low, high, may_be_negative)}"
        )
    if high > WIDEST_RATIO * low:
        raise ValueError(
            f"{written} is too wide: its ends may differ by a factor of at most {WIDEST_RATIO:g}"
        )
    return Lognormal(low, high)


def _share_instead(low: float, high: float) -> str:
    if low > 0.0 and 1.0 < high < 100.0:
        percent = f"{number_text(low)} % to {number_text(high)} %"
        return f"; for {percent} write `{low / 100:.12g} to {high / 100:.12g}`"
    low, high = max(low, 0.0), min(high, 1.0)
    return f"; write uniform({number_text(low)}, {number_text(high)})" if low < high else ""


def _negative_instead(low: float, high: float, may_be_negative: bool) -> str:
    if may_be_negative:
        return f"write normal({number_text(low)}, {number_text(high)}) for a quantity that may be negative"
    if high <= 0.0:
        return "this quantity cannot be negative"
    return f"this quantity cannot be negative, so raise the low end or write uniform(0, {number_text(high)})"


def _truncated(base: Distribution, ends: str, written: str) -> Distribution:
    match = _ENDS.fullmatch(ends.strip())
    if match is None or not (match["low"] or match["high"]):
        raise ValueError(
            f"'{written}' does not say where it is cut off; write `{base.text} within low..high`"
        )
    if not isinstance(base, Continuous):
        raise ValueError(f"`{base.text}` cannot be cut off; leave `within` out and list what is possible")
    low = _number(match["low"], written) if match["low"] else -math.inf
    high = _number(match["high"], written) if match["high"] else math.inf
    if low > high:
        raise ValueError(
            f"'{written}' does not run from low to high; write `within {match['high']}..{match['low']}`"
        )
    try:
        return Truncated(base, low, high)
    except ValueError as error:
        raise ValueError(f"'{written}': {error}") from error


def _call(kind: str, inside: str, written: str) -> Distribution:
    if kind not in KINDS:
        hint = suggestion(kind.lower(), KINDS)
        raise ValueError(f"'{kind}' is not a distribution; {ALLOWED}{hint}")
    parts = [part.strip() for part in inside.split(",")]
    if kind == "choice":
        return _choice(parts, written)
    if kind == "empirical":
        return _empirical(parts, written)
    build, names = (ORDERED | SHAPED)[kind]
    if len(parts) != len(names):
        grouped = "; numbers are written without thousands separators" if len(parts) > len(names) else ""
        raise ValueError(
            f"'{written}' has {len(parts)} {'number' if len(parts) == 1 else 'numbers'}; "
            f"write {kind}({', '.join(names)}){grouped}"
        )
    values = tuple(_number(part, written) for part in parts)
    if kind in ORDERED:
        in_order = ", ".join(number_text(value) for value in sorted(values))
        _check_order(f"`{written}`", values, f"{kind}({in_order})")
    try:
        return build(*values)
    except ValueError as error:
        raise ValueError(f"'{written}': {error}") from error


def _choice(parts: list[str], written: str) -> Distribution:
    pairs = [part.split(":") for part in parts]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"'{written}' does not pair values with probabilities; write choice(3:0.2, 6:0.8)")
    outcomes = sorted((_number(value.strip(), written), _number(p.strip(), written)) for value, p in pairs)
    values = [value for value, _ in outcomes]
    shares = [share for _, share in outcomes]
    total = math.fsum(shares)
    if len(set(values)) < len(values):
        raise ValueError(f"'{written}' names a value twice; add its probabilities together")
    if len(values) == 1:
        raise ValueError(
            f"'{written}' leaves nothing uncertain; write the number alone: {number_text(values[0])}"
        )
    if min(shares) <= 0:
        raise ValueError(f"'{written}' has a probability that is not above zero; leave such a value out")
    if abs(total - 1) > ROUNDING:
        raise ValueError(f"'{written}' has probabilities that add up to {total:.6g}; they must add up to 1")
    return Choice(tuple(outcomes))


def _empirical(parts: list[str], written: str) -> Distribution:
    samples = [_number(part, written) for part in parts]
    if len(set(samples)) == 1:
        raise ValueError(
            f"'{written}' leaves nothing uncertain; write the number alone: {number_text(samples[0])}"
        )
    return Empirical.of(samples)


def _check_order(written: str, values: tuple[float, ...], swapped: str) -> None:
    if values[0] == values[-1] == max(values):
        raise ValueError(
            f"{written} leaves nothing uncertain; write the number alone: {number_text(values[0])}"
        )
    if list(values) != sorted(values):
        raise ValueError(f"{written} does not run from low to high; write `{swapped}`")


def _number(text: str, written: str) -> float:
    """Read one number of a spelling."""
    if re.fullmatch(NUMBER, text):
        value = float(text)
        if abs(value) > LARGEST_NUMBER:
            raise ValueError(f"'{text}' is too large; numbers stay below {LARGEST_NUMBER:g}")
        return value
    if _GROUPED.fullmatch(text):
        plain = re.sub(r"[,_']", "", text)
        raise ValueError(f"'{text}' has thousands separators; write {plain}")
    without_percent = text.removesuffix("%").rstrip()
    if _COMMA.fullmatch(without_percent):
        plain = re.sub(r"[._']", "", without_percent).replace(",", ".")
        meant = plain if without_percent == text else f"{float(plain) / 100:.12g}"
        raise ValueError(f"'{text}' has a decimal comma; write {meant}")
    if match := re.fullmatch(rf"({NUMBER})\s*%", text):
        raise ValueError(f"'{text}' is a percentage; write {float(match[1]) / 100:.12g}")
    where = "" if text == written else f" in '{written}'"
    raise ValueError(f"'{text}'{where} is not a number; {ALLOWED}")
