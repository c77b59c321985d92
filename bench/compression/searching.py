"""Searches for recipes that keep within a budget of size, speed and quality: from the best so far to their neighbours.

Quality steers by the validation part; the test part is only reported. What is found is timed again beside all others.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.compression.frontier import Place
from bench.compression.recipes import CompressionRecipe, Step, read_recipe
from bench.compression.timing import SHORT, SINGLE, Timed, time_forms
from bench.compression.workshop import PLAIN, Bench, Finished, Workshop
from bench.errors import InputError
from bench.measuring.latency import median_speed

PARENTS = 3
"""Of so many of the best the neighbours are tried, and so many of the best are kept at the end."""
MIN_SHARE, MAX_SHARE = 0.05, 0.97
FURTHER = 0.5
"""How far a share of pruning moves: what is left is halved or doubled."""
FINISHES = ("int8", "bf16", "onnx", "onnx(int8)", "onnx(int4)", "")


@dataclass(frozen=True)
class Budget:
    """What a recipe must keep to, and how long may be searched; None means no bound."""

    seconds: float
    max_file_bytes: float | None = None
    min_speed_ratio: float | None = None
    max_accuracy_loss_share: float | None = None
    max_loss_ratio: float | None = None

    def __post_init__(self) -> None:
        """Raise InputError for a search without any bound: everything would do."""
        bounds = (
            self.max_file_bytes,
            self.min_speed_ratio,
            self.max_accuracy_loss_share,
            self.max_loss_ratio,
        )
        if all(bound is None for bound in bounds):
            raise InputError(
                "--search: needs a bound to search under: --max-bytes, --min-speed-ratio, --max-accuracy-loss or "
                "--max-loss-ratio"
            )

    def in_words(self) -> str:
        """Say the bounds."""
        said = {
            "at most {:,.0f} bytes": self.max_file_bytes,
            "at least {:g} times faster": self.min_speed_ratio,
            "at most {:g} of accuracy lost": self.max_accuracy_loss_share,
            "at most {:g} times the loss": self.max_loss_ratio,
        }
        return ", ".join(text.format(bound) for text, bound in said.items() if bound is not None)


@dataclass(frozen=True)
class Candidate:
    """A recipe with where it stands on the validation part, and what it loses there."""

    recipe: CompressionRecipe
    place: Place
    accuracy_loss_share: float
    loss_ratio: float

    def misses(self, budget: Budget) -> float:
        """Return how far it is from the budget, in e-folds summed over the bounds that it breaks; zero keeps to all."""
        over = [
            _over(self.place.file_bytes, budget.max_file_bytes),
            _over(budget.min_speed_ratio, self.place.speed_ratio),
            _over(self.loss_ratio, budget.max_loss_ratio),
        ]
        if budget.max_accuracy_loss_share is not None:
            over.append(10 * max(0.0, self.accuracy_loss_share - budget.max_accuracy_loss_share))
        return sum(over)

    def rank(self, budget: Budget) -> tuple[float, float]:
        """Order candidates: those that keep to the budget first, the fastest of them first."""
        return self.misses(budget), -self.place.speed_ratio


@dataclass(frozen=True)
class Search:
    """What a search came to."""

    finished: list[Finished]
    """All that were there before, and the best new ones, with all seeds."""
    words: tuple[str, ...]


def search(
    budget: Budget,
    finished: Sequence[Finished],
    timed: Timed,
    bench: Bench,
    seeds: Sequence[int],
) -> Search:
    """Try neighbours of the best recipes until the time is over or none is left; finish the best with all seeds."""
    until = time.perf_counter() + budget.seconds
    workshop = Workshop(bench, seeds[0])
    plain = finished[0]
    known = {
        str(each.recipe): _candidate(each, plain, _speed(each, timed))
        for each in finished
        if _usable(each, timed)
    }
    tried, new = {str(each.recipe) for each in finished}, dict[str, Finished]()
    while time.perf_counter() < until:
        best = sorted(known.values(), key=lambda c: c.rank(budget))[:PARENTS]
        fresh = [r for c in best for r in neighbours(c.recipe) if str(r) not in tried]
        if not fresh:
            break
        recipe = fresh[0]
        tried.add(str(recipe))
        bench.say(f"search, {max(0.0, until - time.perf_counter()):.0f} s left: {recipe}")
        each = Finished(recipe)
        workshop.finish(each)
        if each.form is None or plain.form is None:
            continue
        pair = {str(PLAIN): plain.form.module, str(recipe): each.form.module}
        short = time_forms(pair, bench.data.validation.inputs, bench.device, thoroughness=SHORT)
        if _usable(each, short):
            new[str(recipe)] = each
            known[str(recipe)] = _candidate(each, plain, _speed(each, short))
    return Search([*finished, *_best_finished(budget, known, new, bench, seeds)], _words(budget, known))


def _best_finished(
    budget: Budget,
    known: dict[str, Candidate],
    new: dict[str, Finished],
    bench: Bench,
    seeds: Sequence[int],
) -> list[Finished]:
    """Finish the best of the new ones with the seeds that are left."""
    best = sorted((known[name] for name in new), key=lambda c: c.rank(budget))[:PARENTS]
    chosen = [new[str(candidate.recipe)] for candidate in best]
    for seed in seeds[1:]:
        workshop = Workshop(bench, seed)
        for each in chosen:
            workshop.finish(each)
    return chosen


def neighbours(recipe: CompressionRecipe) -> Iterator[CompressionRecipe]:
    """Yield recipes one change away: another share, a teacher, another format or engine."""
    found = dict.fromkeys(filter(None, (_sound(steps) for steps in _changes(recipe.steps))))
    yield from (other for other in found if other != recipe and other.steps)


def _changes(steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    for index, step in enumerate(steps):
        if step.name == "prune" and step.word("kind") != "2:4":
            for share in _shares(step.number("share")):
                changed = replace(step, arguments={**step.arguments, "share": share})
                yield (*steps[:index], changed, *steps[index + 1 :])
    training = tuple(step for step in steps if step.method.stage == "training")
    if not training:
        for text in ("prune(structured, 0.5) -> distil", "prune(structured, 0.75) -> distil"):
            yield (*read_recipe(text).steps, *steps)
    for text in FINISHES:
        yield (*training, *(read_recipe(text).steps if text else ()))


def _shares(share: float) -> Iterator[float]:
    """Yield shares that leave half as much, twice as much, and a step between."""
    left = 1.0 - share
    for factor in (FURTHER, FURTHER**0.5, FURTHER**-0.5, 1.0 / FURTHER):
        new = round(1.0 - left * factor, 3)
        if MIN_SHARE <= new <= MAX_SHARE:
            yield new


def _sound(steps: Iterable[Step]) -> CompressionRecipe | None:
    """Return the recipe of these steps, or None where they make none."""
    try:
        return read_recipe(str(CompressionRecipe(tuple(steps))))
    except InputError:
        return None


def _usable(finished: Finished, timed: Timed) -> bool:
    return bool(finished.form and finished.validation) and str(finished.recipe) in timed.rows[SINGLE]


def _speed(finished: Finished, timed: Timed) -> float:
    timings = timed.rows[SINGLE]
    return median_speed(timings[str(PLAIN)], timings[str(finished.recipe)])


def _candidate(finished: Finished, plain: Finished, speed: float) -> Candidate:
    assert finished.form is not None
    mine, before = finished.validation[0], plain.validation[0]
    lost = np.mean(before.accuracies_share) - np.mean(mine.accuracies_share)
    return Candidate(
        finished.recipe,
        Place(finished.form.file_bytes, speed, mine.loss_nats),
        float(lost),
        mine.loss_nats / max(before.loss_nats, 1e-12),
    )


def _over(value: float | None, bound: float | None) -> float:
    return 0.0 if value is None or bound is None else max(0.0, float(np.log(value / bound)))


def _words(budget: Budget, known: dict[str, Candidate]) -> tuple[str, ...]:
    best = min(known.values(), key=lambda c: c.rank(budget))
    what = (
        f"{best.recipe}: {best.place.file_bytes:,.0f} bytes, {best.place.speed_ratio:.2f} times faster, "
        f"{100 * best.accuracy_loss_share:.2f} points of accuracy lost and {best.loss_ratio:.3f} times the loss on the "
        "validation part"
    )
    asked = f"The search for {budget.in_words()} tried {len(known)} recipes"
    if best.misses(budget):
        return (f"{asked} and found none; the nearest is {what}.",)
    return (f"{asked}; the fastest that keeps to it is {what}.",)
