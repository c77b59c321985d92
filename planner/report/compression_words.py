"""What the bench says of a compressed form, in the language of the page: verdicts, reasons, losses of quality."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from bench.record import Measurement
from planner.report.formats import Formats

Loss = Literal["kept", "some", "much", "unknown"]
"""How much quality a form loses against fp32."""

LITTLE_SHARE, MUCH_SHARE = 0.01, 0.05
"""Losses of accuracy, or rises of the loss over that of fp32, from which on they count as some and as much."""
COLLAPSED = "collapsed"
NO_DIFFERENCE, NO_SPEED_UP = "no difference", "no speed-up here"

WORDS = {
    "zeros": r"zeros are multiplied like any other number when the matrices stay dense",
    "overhead": r"a call takes (?P<call>[0-9.e+-]+ us), of which arithmetic and reading the weights need "
    r"(?P<least>[0-9.e+-]+ us): the model is so small that overhead rules",
    "converted": r"this processor has no (?P<format>\w+) arithmetic \((?P<has>[^)]*)\) and converts to fp32 and back",
    "sparse": r"the kernels for zeros cost more than the multiplications that they save at this density and batch",
    "values": r"nothing but the weights' values has changed",
    "eager": r"torchao without compilation converts numbers in operations of their own at every call",
    "noisy": r"fp32 against itself differed by (?P<floor>[\d.]+%): measure again on a quiet machine",
    "kernels": r"the kernels of (?P<engine>\w+) for it gain nothing over fp32 at this batch on this machine",
    "accuracy": r"collapsed: accuracy fell by (?P<points>[\d.]+) points",
    "loss": r"collapsed: the loss is (?P<times>[\d.]+) times that of before",
    "nan": r"collapsed: the loss is no longer a number",
    "small": r"Small model: at batch 1 a call takes (?P<call>[0-9.e+-]+ us), of which arithmetic and reading "
    r"the weights need (?P<least>[0-9.e+-]+ us): the model is so small that overhead rules\. Formats gain little; "
    r"engines gain most\.",
    "useless": r"Quality collapsed, so that these are of no use: (?P<which>.*)\.$",
}
"""What the bench says of speed and of quality, as it writes it; anything else is shown as it stands."""


def verdict(speed: Measurement, formats: Formats) -> str:
    """Return in a sentence whether a form is faster than fp32, and if the bench says why not, because of what."""
    _ = formats.messages.gettext
    if speed.value is None:
        return _("not measured")
    if is_faster(speed):
        return _("faster")
    words = _("no speed-up here: slower")
    if tells_no_difference(speed):
        words = _("no speed-up here: no difference that can be told from noise")
    _said, because, reason = speed.note.partition("because ")
    if not because:
        return words
    return _("%(verdict)s, because %(reason)s") % {
        "verdict": words,
        "reason": told(reason.partition("; ")[0], formats),
    }


def is_faster(speed: Measurement) -> bool:
    """Tell whether a form is faster than fp32 beyond what may be noise."""
    says_no = speed.note.startswith(NO_SPEED_UP) or tells_no_difference(speed)
    return speed.value is not None and speed.value > 1 and not says_no


def tells_no_difference(speed: Measurement) -> bool:
    """Tell whether a ratio of speeds may as well be one, by the bench's words or by its interval."""
    if speed.note.startswith(NO_DIFFERENCE):
        return True
    return speed.low is not None and speed.high is not None and speed.low <= 1 <= speed.high


def told(words: str, formats: Formats) -> str:
    """Return words of the bench in the language of the page; those that are not known as they stand."""
    for kind, pattern in WORDS.items():
        if found := re.match(pattern, words):
            values = {name: _in_units(text, formats) for name, text in found.groupdict().items()}
            return _told(formats.messages.gettext)[kind] % values + words[found.end() :]
    return words


def _in_units(text: str, formats: Formats) -> str:
    """Return microseconds, which the bench may write as `1.18e+03 us`, as the page writes them; other texts as is."""
    number, _, unit = text.rpartition(" ")
    return formats.quantity(float(number) * 1e-6, "call_seconds") if unit == "us" else text


def _told(gettext: Callable[[str], str]) -> dict[str, str]:
    _ = gettext
    return {
        "zeros": _("zeros are multiplied like any other number when the matrices stay dense"),
        "overhead": _(
            "a call takes %(call)s, of which arithmetic and reading the weights need %(least)s: "
            "the model is so small that overhead rules"
        ),
        "converted": _("this processor has no %(format)s arithmetic (%(has)s) and converts to fp32 and back"),
        "sparse": _(
            "the kernels for zeros cost more than the multiplications that they save at this density and batch"
        ),
        "values": _("nothing but the weights' values has changed"),
        "eager": _("torchao without compilation converts numbers in operations of their own at every call"),
        "noisy": _("fp32 against itself differed by %(floor)s: measure again on a quiet machine"),
        "kernels": _("the kernels of %(engine)s for it gain nothing over fp32 at this batch on this machine"),
        "accuracy": _("collapsed: accuracy fell by %(points)s points"),
        "loss": _("collapsed: the loss is %(times)s times that of before"),
        "nan": _("collapsed: the loss is no longer a number"),
        "small": _(
            "Small model: at batch 1 a call takes %(call)s, of which arithmetic and reading the weights need "
            "%(least)s. Number formats gain little there, engines most, and the ratios say little of large models."
        ),
        "useless": _("Quality collapsed, so that these are of no use: %(which)s."),
    }


def loss_of(given_up: float | None) -> Loss:
    """Return how much quality a form loses: accuracy given up, or the rise of its loss over that of fp32."""
    if given_up is None:
        return "unknown"
    if given_up < LITTLE_SHARE:
        return "kept"
    return "some" if given_up < MUCH_SHARE else "much"


def losses(formats: Formats) -> dict[Loss, str]:
    """Return what the losses of quality are called in the legend of the chart."""
    _ = formats.messages.gettext
    ends = {"little": formats.number(100 * LITTLE_SHARE), "much": formats.number(100 * MUCH_SHARE)}
    return {
        "kept": _("less than %(little)s point of accuracy, or %(little)s %% of loss, given up") % ends,
        "some": _("up to %(much)s points or %(much)s %%") % ends,
        "much": _("more than that") % ends,
        "unknown": _("quality not measured"),
    }


def compared(difference: Measurement, is_accuracy: bool, formats: Formats) -> str:
    """Say whether a distilled form is better than the same shape from scratch; only an interval without zero tells."""
    _ = formats.messages.gettext
    value, low, high = difference.value, difference.low, difference.high
    if value is None:
        return _("not measured")
    if low is None or high is None:
        return _("no interval, so nothing can be said")
    if low <= 0 <= high:
        return _("no difference that can be told from chance")
    is_better = (value > 0) == is_accuracy
    return _("better than from scratch") if is_better else _("worse than from scratch")
