"""Writes up what was timed: absolute times as wide as the machine was busy, ratios beside their control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bench.measuring.contention import QuietWatch
from bench.measuring.interleaving import Timing
from bench.measuring.latency import Estimate, estimate, noise_floor, paired_ratio, verdict
from bench.measuring.samples import percentile, remarks
from bench.measuring.speed import CONTROL, SpeedTimes
from bench.sheet import Sheet

INTERLEAVED = (
    "median over rounds of the fastest block; variants interleaved in random order in a fresh process"
)


@dataclass(frozen=True)
class SpeedNotes:
    """Writes times onto the sheet of their subject."""

    sheet: Sheet
    times: SpeedTimes
    device: str
    num_threads: int
    rows: int
    """Rows of a call for throughput, with so many items in them."""
    items: int
    item: str
    row_in_words: str

    def speed(self, variant: str) -> None:
        """Note latency on one thread and on all, its percentiles, and throughput of one variant."""
        self._latency(variant)
        self._percentiles(variant)
        watch, timing = self.times.all_threads_watch, self.times.throughputs[variant]
        self.sheet.add(
            f"throughput_{self.item}_per_second",
            _seconds(timing, watch).inverted(self.items),
            f"{INTERLEAVED}; forward pass and loss over the test part in batches of {self.rows}, "
            f"{self._where(self.num_threads)}",
            variant=variant,
            note=self._note(timing, watch, self.times.throughputs),
            samples=[self.items / seconds for seconds in timing.seconds],
        )

    def ratios(self, variant: str) -> None:
        """Note how much faster a variant is than fp32, in latency and in throughput."""
        self._ratio(
            "latency_ratio", variant, self.times.latencies, self.times.one_thread_watch,
            f"batch 1, {self._where(1)}",
        )  # fmt: skip
        times = self.times
        steady = times.one_thread_throughputs
        if not steady:
            self._ratio(
                "throughput_ratio", variant, times.throughputs, times.all_threads_watch,
                f"batch {self.rows}, {self._where(self.num_threads)}",
            )  # fmt: skip
            return
        self._ratio(
            "throughput_ratio",
            variant,
            steady,
            times.one_thread_watch,
            f"batch {self.rows}, {self._where(1)}",
        )
        self._ratio(
            "throughput_ratio", variant, times.throughputs, times.all_threads_watch,
            f"batch {self.rows}, {self._where(self.num_threads)}", {"threads": self.num_threads},
        )  # fmt: skip

    def generation(self, variant: str) -> None:
        """Note time to first token and time per further token of a language model, for each cell."""
        watch = self.times.one_thread_watch
        where = self._where(1)
        for found in self.times.generation.get(variant, ()):
            prefill, step = _seconds(found.prefill, watch), _seconds(found.decode, watch)
            tokens_per_second = step.inverted(found.cell.batch)
            for name, value, timing, method in (
                ("prefill_seconds", prefill, found.prefill, "until each sequence has its first new token"),
                ("decode_seconds_per_token", step, found.decode, "one more token for each sequence"),
                ("decode_tokens_per_second", tokens_per_second, found.decode, "new tokens of all sequences"),
            ):
                self.sheet.add(
                    name,
                    value,
                    f"{method}, with keys and values kept; the fastest block of each round, median; {where}",
                    variant=variant,
                    conditions=found.cell.conditions,
                    note=self._note(timing, watch),
                    samples=value.samples,
                )

    def _latency(self, variant: str) -> None:
        watch, timing = self.times.one_thread_watch, self.times.latencies[variant]
        method = f"{INTERLEAVED}; batch 1 ({self.row_in_words}), "
        self.sheet.add(
            "latency_seconds",
            _seconds(timing, watch),
            method + self._where(1),
            variant=variant,
            note=self._note(timing, watch, self.times.latencies),
            samples=timing.seconds,
        )
        if self.device == "cpu":
            self.sheet.add(
                "latency_processor_seconds",
                estimate(timing.processor_seconds),
                f"processor time of the same blocks as latency_seconds, {self._where(1)}",
                variant=variant,
                samples=timing.processor_seconds,
            )
        if variant in self.times.all_threads:
            watch, timing = self.times.all_threads_watch, self.times.all_threads[variant]
            self.sheet.add(
                "latency_seconds",
                _seconds(timing, watch),
                method + self._where(self.num_threads),
                variant=variant,
                conditions={"threads": self.num_threads},
                note=self._note(timing, watch, self.times.all_threads),
                samples=timing.seconds,
            )

    def _percentiles(self, variant: str) -> None:
        calls = self.times.single_calls[variant]
        for percent in (95, 99):
            value, said = percentile(calls, percent)
            self.sheet.add(
                f"latency_p{percent}_seconds",
                value,
                f"{percent}th percentile of single calls, one after the other; batch 1, {self._where(1)}",
                variant=variant,
                note=said + _beside_other_work(self.times.one_thread_watch),
                # The same samples stand behind both.
                samples=calls if percent == 95 else (),
            )

    def _ratio(
        self,
        name: str,
        variant: str,
        timings: Mapping[str, Timing],
        watch: QuietWatch,
        where: str,
        conditions: Mapping[str, int | float | str] = MappingProxyType({}),
    ) -> None:
        contended, one_thread = watch.contended, watch.one_thread
        ratio = paired_ratio(timings["fp32"], timings[variant], contended=contended and one_thread)
        control = paired_ratio(timings["fp32"], timings[CONTROL], contended=contended and one_thread)
        floor = noise_floor(control)
        self.sheet.add(
            name,
            ratio,
            f"speed of {variant} over fp32 (above 1 is faster), median over rounds of paired ratios; {where}",
            variant=variant,
            conditions=conditions,
            note=(
                f"{verdict(ratio, floor)}; fp32 against itself gave {control.value:.3f} "
                f"({control.low:.3f} to {control.high:.3f}), so less than {floor:.1%} means nothing"
                + "".join(f"; {remark}" for remark in _apart(timings["fp32"]))
                + _beside_other_work(watch)
            ),
            samples=ratio.samples,
        )

    def _note(self, timing: Timing, watch: QuietWatch, beside: Mapping[str, Timing] | None = None) -> str:
        floor = 0.0
        if beside and CONTROL in beside:
            floor = noise_floor(paired_ratio(beside["fp32"], beside[CONTROL]))
        said = [f"fastest {min(timing.seconds):.3g} s", *remarks(timing.seconds, timing.blocks, floor)]
        said += _apart(timing)
        if not timing.warm:
            said.append("the time had not become stable when the warm-up ended")
        return "; ".join(said) + _beside_other_work(watch)

    def _where(self, num_threads: int) -> str:
        if self.device == "cuda":
            return "on the GPU"
        return "1 thread" if num_threads == 1 else f"{num_threads} threads"


def _apart(timing: Timing) -> list[str]:
    """Say in how many rounds the cores lay apart; usually nothing."""
    if timing.unfit:
        return [
            f"in {timing.unfit} of {len(timing.seconds)} rounds the cores lay apart (threads took longer to hand each "
            "other data): where they share a cache threads may be faster, and another ratio come out"
        ]
    if timing.left_out:
        rounds = "round does" if timing.left_out == 1 else "rounds do"
        return [f"{timing.left_out} further {rounds} not count: the cores lay apart"]
    return []


def _seconds(timing: Timing, watch: QuietWatch) -> Estimate:
    found = estimate(timing.seconds)
    return found.widened(watch.slowdown_ratio) if watch.contended else found


def _beside_other_work(watch: QuietWatch) -> str:
    if not watch.contended:
        return ""
    return f"; contended ({watch.in_words()}): on a quiet machine it may take less, as the interval says"
