"""Two records are held against each other: symmetric, honest about noise, and never across machines."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.comparing import Line, compare
from bench.errors import InputError
from bench.record import Measurement, Record, load

MakeRecord = Callable[..., Record]
ROOT = Path(__file__).resolve().parents[2]
BUSY, QUIET = (
    load(ROOT / place)
    for place in ("tests/data/quick-record.json", "scenarios/measurements/quick-cpu-x86-2-cores.json")
)
"""Two real quick runs on one machine, the first beside other work."""
POSITIVE = st.floats(1e-6, 1e6)


def timed(samples: list[float], name: str = "latency_seconds", **fields: object) -> Measurement:
    middle = sorted(samples) or [0.0]
    value = (middle[(len(middle) - 1) // 2] + middle[len(middle) // 2]) / 2
    given_fields = {
        "subject": "gpt",
        "name": name,
        "value": value,
        "method": "timed",
        "samples": tuple(samples),
    }
    return Measurement.model_validate(given_fields | fields)


def by_name(lines: tuple[Line, ...], subject: str, name: str, variant: str = "fp32") -> Line:
    [found] = [line for line in lines if (line.subject, line.name, line.variant) == (subject, name, variant)]
    return found


def only(make_record: MakeRecord, a: Measurement, b: Measurement) -> Line:
    [line] = compare(make_record(measurements=(a,)), make_record(measurements=(b,))).lines
    return line


def elsewhere(record: Record) -> Record:
    machine = record.machine.model_copy(update={"fingerprint": "f" * 16, "description": "another machine"})
    return record.model_copy(update={"machine": machine})


def test_a_record_is_the_same_as_itself() -> None:
    found = compare(QUIET, QUIET)
    assert len(found.lines) == len(QUIET.measurements)
    assert {line.verdict for line in found.lines} == {"same"}
    assert {line.ratio for line in found.lines} <= {1.0, None}


def test_swapping_two_real_records_inverts_every_ratio_and_interval() -> None:
    there, back = compare(BUSY, QUIET), compare(QUIET, BUSY)
    turned = {"B higher": "B lower", "B lower": "B higher"}
    assert len(there.lines) == len(back.lines) == 76
    for one, other in zip(there.lines, back.lines, strict=True):
        assert other.verdict == turned.get(one.verdict, one.verdict)
        assert (one.how, one.floor) == (other.how, other.floor)
        for a, b in ((one.ratio, other.ratio), (one.low, other.high), (one.high, other.low)):
            assert (a is None) == (b is None)
            assert a is None or b is None or a * b == pytest.approx(1)


@given(st.lists(POSITIVE, min_size=3, max_size=12), st.lists(POSITIVE, min_size=3, max_size=12))
@settings(max_examples=25, deadline=None)
def test_swapping_any_samples_inverts_the_ratio(a: list[float], b: list[float]) -> None:
    one = BUSY.model_copy(update={"measurements": (timed(a),)})
    other = BUSY.model_copy(update={"measurements": (timed(b),)})
    [there], [back] = compare(one, other).lines, compare(other, one).lines
    assert there.how == ("paired" if len(a) == len(b) else "unpaired")
    for x, y in ((there.ratio, back.ratio), (there.low, back.high), (there.high, back.low)):
        assert x is not None
        assert y is not None
        assert x * y == pytest.approx(1, rel=1e-9)


def test_the_ratio_is_that_of_the_values_that_stand_beside_it() -> None:
    for line in compare(BUSY, QUIET).lines:
        if line.ratio is not None and line.a and line.b is not None:
            assert line.ratio == pytest.approx(line.b / line.a)


def test_rounds_are_paired_only_on_one_machine_and_in_equal_number() -> None:
    found = compare(BUSY, QUIET).lines
    assert by_name(found, "gpt", "latency_seconds").how == "paired"  # 25 rounds each
    assert by_name(found, "gpt", "training_step_seconds").how == "unpaired"  # 10 and 15 blocks
    assert by_name(found, "gpt", "training_mfu_share").how == "intervals"  # no samples
    assert by_name(found, "gpt", "params").how == "values"
    apart = compare(BUSY, elsewhere(QUIET), unlike_machines=True).lines
    assert by_name(apart, "gpt", "latency_ratio", "int8").how == "unpaired"


def test_paired_rounds_that_rise_together_leave_the_ratio_certain(make_record: MakeRecord) -> None:
    a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    line = only(make_record, timed(a), timed([1.5 * each for each in a]))
    # every resample of rounds has the same ratio of medians
    assert (line.ratio, line.low, line.high) == pytest.approx((1.5, 1.5, 1.5))
    assert line.verdict == "B higher"
    loose = only(make_record, timed(a), timed([1.5 * each for each in [*a, 7.5]]))
    assert loose.how == "unpaired"
    assert loose.low is not None
    assert loose.low < 1.2


def test_a_difference_below_the_floor_of_the_control_is_not_called_one(make_record: MakeRecord) -> None:
    a, b = [1.0, 1.001, 1.002], [1.03, 1.031, 1.032]
    note = "slower; fp32 against itself gave 1.010 (0.952 to 1.047), so less than 5.0% means nothing"
    control = Measurement(
        subject="gpt", name="latency_ratio", variant="int8", value=0.9, method="m", note=note
    )
    plain = only(make_record, timed(a), timed(b))
    assert (plain.floor, plain.verdict) == (None, "B higher")
    records = [make_record(measurements=(timed(each), control)) for each in (a, b)]
    line = by_name(compare(*records).lines, "gpt", "latency_seconds")
    assert line.floor == pytest.approx(1 / 0.952 - 1)  # the farther end of the control, the same both ways
    assert line.verdict == "no difference"
    far = make_record(measurements=(timed([1.2, 1.21, 1.22]),))
    assert by_name(compare(records[0], far).lines, "gpt", "latency_seconds").verdict == "B higher"


def test_the_floor_of_throughput_is_not_that_of_latency() -> None:
    found = compare(QUIET, BUSY).lines
    latency, throughput = (
        by_name(found, "mlp", f"{kind}_ratio", "int8").floor for kind in ("latency", "throughput")
    )
    assert latency == pytest.approx(0.140)  # 0.910 to 1.140 in one record, 0.990 to 1.047 in the other
    assert throughput == pytest.approx(0.504)
    assert by_name(found, "mlp", "training_mfu_share").floor == pytest.approx(0.504)
    assert by_name(found, "mlp", "accuracy_share").floor is None


def test_the_best_of_samples_is_not_given_the_spread_of_their_median(make_record: MakeRecord) -> None:
    samples = [1.0, 2.0, 3.0, 9.0]
    line = only(make_record, timed(samples, value=9.0), timed([2 * each for each in samples], value=18.0))
    assert (line.ratio, line.low, line.how, line.verdict) == (2.0, None, "values", "no interval")


def test_intervals_of_records_without_samples_are_combined(make_record: MakeRecord) -> None:
    a = timed([], value=100.0, low=90.0, high=110.0)
    b = timed([], value=130.0, low=120.0, high=140.0)
    line = only(make_record, a, b)
    # by hand: ln 1.3 less sqrt(ln(130/120)^2 + ln(110/100)^2)
    assert line.low == pytest.approx(1.3 / math.exp(math.hypot(math.log(130 / 120), math.log(1.1))))
    assert line.verdict == "B higher"


def test_what_lies_about_zero_is_judged_by_its_difference(make_record: MakeRecord) -> None:
    def loss(value: float, half: float) -> Measurement:
        fields = {"value": value, "low": value - half, "high": value + half}
        return timed([], "loss_difference_nats_per_byte", **fields)

    line = only(make_record, loss(-0.01, 0.002), loss(0.01, 0.002))
    assert (line.ratio, line.verdict) == (None, "B higher")
    assert only(make_record, loss(0.01, 0.02), loss(-0.01, 0.02)).verdict == "no difference"


def test_unknown_and_zero_values_have_no_ratio(make_record: MakeRecord) -> None:
    unknown = Measurement(subject="gpt", name="latency_seconds", value=None, method="m", note="out of memory")
    line = only(make_record, unknown, timed([1.0, 2.0, 3.0]))
    assert (line.ratio, line.verdict) == (None, "unknown")
    zero = timed([], "reload_differing_outputs", value=0.0)
    assert only(make_record, zero, zero).verdict == "same"
    assert only(make_record, zero, zero.model_copy(update={"value": 3.0})).ratio is None


def test_conditions_keep_measurements_apart(make_record: MakeRecord) -> None:
    one, four = (timed([1.0, 2.0, 3.0], conditions={"batch": batch}) for batch in (1, 4))
    a, b = make_record(measurements=(one, four)), make_record(measurements=(four,))
    found = compare(a, b)
    assert [line.conditions for line in found.lines] == [{"batch": 4}]
    assert (found.only_a, found.only_b) == (1, 0)


def test_unlike_machines_are_refused_unless_told() -> None:
    with pytest.raises(InputError, match=r"A is of 2 cores .* B is? ?of another machine|--unlike-machines"):
        compare(QUIET, elsewhere(BUSY))
    found = compare(QUIET, elsewhere(BUSY), unlike_machines=True)
    assert not found.same_machine
    for line in found.lines:
        is_absolute = line.name.endswith(("seconds", "per_second", "mfu_share", "memory_bytes"))
        if is_absolute:
            assert (line.ratio, line.verdict) == (None, "two machines"), line.name
            assert line.a is not None, "the times of both stand side by side"
    compared = {line.name for line in found.lines if line.verdict not in ("two machines", "unknown")}
    assert {
        "latency_ratio",
        "file_ratio",
        "params",
        "forward_flops",
        "file_bytes",
        "accuracy_share",
    } <= compared
    assert {"accuracy_difference_share", "loss_nats_per_byte"} <= compared


def test_records_with_nothing_in_common_are_refused(make_record: MakeRecord) -> None:
    other = timed([1.0], "training_seconds")
    with pytest.raises(InputError, match="no quantity in common"):
        compare(make_record(), make_record(measurements=(other,)))
