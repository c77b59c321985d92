"""What the compressed form of a model is worth: in speed, in size, in quality and in money, said honestly."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bench.record import Measurement, Record
from planner.report.formats import Formats

PLAIN, COMPRESSED = "fp32", "int8"


@dataclass(frozen=True)
class Compression:
    """What the compressed form is worth: in speed, in size, in quality, in money."""

    headline: str
    sentences: tuple[str, ...]


def compression(
    record: Record | None, saving_usd: float, need_usd: float, used: str, formats: Formats
) -> Compression:
    """Return the verdict on compression; `used` is the form whose speed the plan is worked out with."""
    _ = formats.messages.gettext
    speed = record.find("gpt", "throughput_ratio", COMPRESSED) if record else None
    if record is None or speed is None or speed.value is None:
        why = _("The compressed text filter was not measured, so nothing can be said about it.")
        return Compression(_("Not measured"), (why,))
    money = _money(saving_usd, need_usd, is_noise(speed), formats)
    said = [_speed(speed, formats), *_size_and_quality(record, formats), money]
    values = {"form": used}
    said.append(_("The plan is worked out with the speed of the %(form)s form.") % values)
    return Compression(_verdict(speed, formats), tuple(filter(None, said)))


def _verdict(speed: Measurement, formats: Formats) -> str:
    _ = formats.messages.gettext
    if is_noise(speed):
        return _("No difference in speed that can be told from noise")
    values = {"ratio": formats.number(speed.value or 0.0, 2)}
    if (speed.value or 0.0) > 1:
        return _("Faster: %(ratio)s times the speed") % values
    return _("Slower: %(ratio)s times the speed") % values


def _speed(speed: Measurement, formats: Formats) -> str:
    _ = formats.messages.gettext
    values = {"ratio": formats.number(speed.value or 0.0)}
    said = _("The int8 form of the text filter reads text at %(ratio)s times the speed of fp32.") % values
    if speed.low is not None and speed.high is not None:
        values |= {"low": formats.number(speed.low), "high": formats.number(speed.high)}
        said += " " + _("The 95%% interval is %(low)s to %(high)s.") % values
    if speed.note:
        said += " " + _("The bench says: %(note)s.") % {"note": speed.note}
    return said


def _size_and_quality(record: Record, formats: Formats) -> list[str]:
    _, said = formats.messages.gettext, []
    size = record.find("gpt", "file_ratio", COMPRESSED)
    if size and size.value is not None:
        said.append(_("Its file takes %(share)s of the size.") % {"share": formats.percent(size.value)})
    loss = record.find("gpt", "loss_difference_nats_per_byte", COMPRESSED)
    plain = record.find("gpt", "loss_nats_per_byte", PLAIN)
    if loss and plain and loss.value is not None and plain.value:
        values = {"change": formats.number(abs(loss.value), 2), "plain": formats.number(plain.value)}
        if loss.low is not None and loss.high is not None and loss.low <= 0 <= loss.high:
            said.append(
                _("Its quality cannot be told from that of fp32 (loss %(plain)s nats per byte).") % values
            )
        elif loss.value > 0:
            said.append(
                _("Its loss on unseen text is %(change)s nats per byte higher than the %(plain)s of fp32.")
                % values
            )
        else:
            said.append(
                _("Its loss on unseen text is %(change)s nats per byte lower than the %(plain)s of fp32.")
                % values
            )
    return said


def _money(saving_usd: float, need_usd: float, noise: bool, formats: Formats) -> str:
    _ = formats.messages.gettext
    if math.isnan(saving_usd):
        return _("What it is worth in money cannot be said, because one of the two speeds is missing.")
    values = {"usd": formats.money(abs(saving_usd)), "need": formats.money(need_usd)}
    if noise:
        return (
            _("Over the plan the two speeds as measured differ by %(usd)s, which may as well be nothing.")
            % values
        )
    if saving_usd == 0:
        return _("In this plan it saves nothing.")
    if saving_usd < 0:
        return (
            _("Over the plan it would cost %(usd)s more than fp32: leave the filter uncompressed.") % values
        )
    said = _("Over the plan it saves %(usd)s against fp32.") % values
    if saving_usd < need_usd / 100:
        little = _(
            "That is little beside a funding need of %(need)s: compress the filter for memory or latency, "
            "not to save money here."
        )
        said += " " + little % values
    return said


def is_noise(speed: Measurement) -> bool:
    """Tell whether a ratio of speeds cannot be told from one, by its interval or by the bench's own control."""
    if speed.low is None or speed.high is None or speed.note.startswith("no difference"):
        return True
    return speed.low <= 1 <= speed.high
