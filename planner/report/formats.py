"""Numbers, money, dates and units as a reader of a language writes them, never more precise than asked."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from babel import Locale, dates, numbers

from planner.formulas.calendar import year_and_month
from planner.report.messages import Messages
from planner.units import SINGULAR, unit_text

SMALLEST_COMPACT = 1000.0
"""From here on money is written with a suffix: `$4.3K`."""
SMALLEST_DECIMAL = 1e-4
"""Below it a number is written with a power of ten."""
LARGEST_WORD = 1e15
"""From here on a number is written with a power of ten."""
LARGEST_EXACT = 1e6
"""Below it a whole number is written with all its digits."""
SINGULAR_OF = {plural: singular for singular, plural in SINGULAR.items()}
MOST_DATED_MONTHS = 12_000
"""Months of the plan that have a date; later ones, a thousand years away, are meant for never."""
SI_PREFIXES = (
    (1e24, "Y"),
    (1e21, "Z"),
    (1e18, "E"),
    (1e15, "P"),
    (1e12, "T"),
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
)
RAISED = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")
NEVER = ("never", "not within the horizon")
"""What figures say of a month that does not come."""
HAN_SPACE = re.compile("(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
"""A space between two Chinese characters, as after a number that is written with one."""
FULL_WIDTH_SPACE = re.compile("(?<=[\u3002\uff01\uff1f]) ")
"""A space after a full stop that is as wide as a character."""
SMALL_SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"))


def rounded(value: float, digits: int) -> float:
    """Return a number with so many significant digits."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


@dataclass(frozen=True)
class Formats:
    """How one language writes what the report shows; the plan's first month turns months into dates."""

    messages: Messages
    start_month: str = "2027-01"
    locale: Locale = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "locale", Locale.parse(self.messages.language, sep="_"))

    def money(self, usd: float, digits: int = 2) -> str:
        """Return US dollars in short form: `$2.7M`, `$430K`, `$24`, `$0.076`."""
        if not math.isfinite(usd):
            return (
                self.messages.gettext("undefined")
                if math.isnan(usd)
                else self.messages.gettext("without limit")
            )
        value = rounded(usd, digits)
        if 0 < abs(value) < SMALLEST_DECIMAL or abs(value) >= LARGEST_WORD:
            return f"{numbers.get_currency_symbol('USD', self.locale)}{self.number(value, digits)}"
        if abs(value) >= SMALLEST_COMPACT:
            return numbers.format_compact_currency(
                value, "USD", locale=self.locale, fraction_digits=max(digits - 1, 0)
            )
        pattern = self.locale.currency_formats["standard"].pattern.split(";")[0]
        places = 0 if value == 0 else max(digits - 1 - math.floor(math.log10(abs(value))), 0)
        shown = pattern.replace("0.00", "0" + ("." + "0" * places if places else ""))
        return numbers.format_currency(value, "USD", shown, locale=self.locale, currency_digits=False)

    def number(self, value: float, digits: int = 3) -> str:
        """Return a plain number, in words from a million on: `1,234`, `0.043`, `8.03 billion`."""
        if not (value == round(value) and abs(value) < LARGEST_EXACT):
            value = rounded(value, digits)
        if abs(value) >= LARGEST_WORD or 0 < abs(value) < SMALLEST_DECIMAL:
            mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
            return f"{numbers.format_decimal(float(mantissa), locale=self.locale)} x {power_of_ten(int(exponent))}"
        if abs(value) >= LARGEST_EXACT:
            has_words = "long" in self.locale.compact_decimal_formats
            return numbers.format_compact_decimal(
                value,
                format_type="long" if has_words else "short",
                locale=self.locale,
                fraction_digits=max(digits - 1, 0),
            )
        return numbers.format_decimal(value, "#,##0.########", locale=self.locale)

    def percent(self, share: float, digits: int = 2) -> str:
        """Return a share in per cent: `38%`, `4.3%`, `100%`."""
        per_cent = rounded(100.0 * share, max(digits, 3 if abs(share) >= 0.995 else digits))
        return str(self.locale.percent_formats[None].pattern).replace("#,##0", self.number(per_cent, 9))

    def chance(self, share: float) -> str:
        """Return a share of draws so that it rounds neither to never nor to always: `38%`, `less than 1%`."""
        if 0 < share < 0.01:
            return self.messages.gettext("less than %(share)s") % {"share": self.percent(0.01)}
        if 0.99 < share < 1:
            return self.messages.gettext("more than %(share)s") % {"share": self.percent(0.99)}
        return self.percent(share)

    def month(self, month: float) -> str:
        """Return the date of a month of the plan, which counts from 1: `March 2028`."""
        return dates.format_skeleton("yMMMM", self.date_of(month), locale=self.locale)

    def short_month(self, month: float) -> str:
        """Return the date of a month of the plan in a table: `Mar 2028`."""
        return dates.format_skeleton("yMMM", self.date_of(month), locale=self.locale)

    def day(self, day: date) -> str:
        """Return a day: `November 23, 2026`."""
        return dates.format_date(day, "long", locale=self.locale)

    def date_of(self, month: float) -> date:
        """Return the first day of a month of the plan, which counts from 1."""
        return date(*year_and_month(self.start_month, round(month)), 1)

    def quantity(self, value: float, name: str, digits: int = 3) -> str:
        """Return a number with the unit that its name carries, or in words why it is not there."""
        unit = unit_text(name)
        if math.isnan(value):
            return self.messages.gettext("undefined")
        if math.isinf(value) or (unit == "month" and abs(value) > MOST_DATED_MONTHS):
            _ = self.messages.gettext
            beyond = {"month": _("not within the plan"), "months": _("beyond the plan")}
            return beyond.get(unit) or _("without limit")
        head, per, rest = unit.partition(" per ")
        if unit == "month":
            return self.messages.gettext("%(date)s (month %(number)s)") % {
                "date": self.month(value), "number": f"{value:g}"
            }  # fmt: skip
        written = self._with_unit(value, head, digits)
        return self._per(written, head, rest) if per else written

    def missing(self, words: str) -> str:
        """Return in the language of the page why a number is not there; what never comes may come after the plan."""
        _ = self.messages.gettext
        return _("not within the plan") if words in NEVER else _(words)

    def between(self, low: str, high: str) -> str:
        """Return a range of two texts that `quantity` or `money` wrote: `$19 to $29 per month`, the unit once."""
        if low == high:
            return low
        below, above = low.split(" "), high.split(" ")
        while min(len(below), len(above)) > 1 and below[-1] == above[-1]:
            below.pop()
            above.pop()
        if len(below) == 1 and below[-1].partition("/")[2] == above[-1].partition("/")[2]:
            below[-1] = below[-1].partition("/")[0]  # a unit that follows without a space, as in Chinese
        values = {"low": " ".join(below), "high": high}
        return self.messages.gettext("%(low)s to %(high)s") % values

    def joined(self, sentences: Iterable[str]) -> str:
        """Return sentences one after the other, with the space between them that the language has."""
        return FULL_WIDTH_SPACE.sub("", " ".join(sentences))

    def _with_unit(self, value: float, head: str, digits: int) -> str:
        if head == "usd" or head.endswith(" usd"):
            return self.money(value, digits)
        if head == "share":
            return self.percent(value, digits)
        if head == "ratio":
            return self._filled("%(number)s x", number=self.number(value, digits))
        if head in ("bytes", "flops"):
            return self._prefixed(value, {"bytes": "B", "flops": "FLOP"}[head], digits)
        if head == "seconds" and 0 < abs(value) < 1.0:
            return self._small_seconds(value, digits)
        shown = " ".join(SINGULAR_OF.get(word, word) for word in head.split()) if value == 1 else head
        number = self.number(value, digits)
        return self._filled(f"%(number)s {_spelt(shown)}", number=number) if shown else number

    def _per(self, amount: str, head: str, rest: str) -> str:
        of_what = rest.removesuffix("second").strip()
        if head in ("bytes", "flops") and rest.split()[-1] == "second":
            return (
                self._filled(f"%(amount)s/s per {_spelt(of_what)}", amount=amount)
                if of_what
                else f"{amount}/s"
            )
        if rest.endswith(" second"):
            return self._filled(f"%(amount)s per second per {_spelt(of_what)}", amount=amount)
        return self._filled(f"%(amount)s per {_spelt(rest)}", amount=amount)

    def _filled(self, text: str, **values: str) -> str:
        return HAN_SPACE.sub("", self.messages.gettext(text) % values)

    def _prefixed(self, value: float, unit: str, digits: int) -> str:
        scale, prefix = next(((s, p) for s, p in SI_PREFIXES if abs(value) >= s), (1.0, ""))
        return f"{self.number(value / scale, digits)} {prefix}{unit}"

    def _small_seconds(self, value: float, digits: int) -> str:
        scale, unit = next(((s, u) for s, u in SMALL_SECONDS if abs(value) >= s), SMALL_SECONDS[-1])
        return f"{self.number(value / scale, digits)} {unit}"


def power_of_ten(exponent: int) -> str:
    """Return a power of ten with a raised exponent, which text of any kind can hold."""
    return "10" + str(exponent).translate(RAISED)


def _spelt(unit: str) -> str:
    return unit.replace("gpu", "GPU")
