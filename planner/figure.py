"""One figure of a finished plan: its value, its quantiles over the draws, and how it is worked out."""

from __future__ import annotations

import inspect
import math
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from planner.engine import Phase
from planner.errors import InputError
from planner.statuses import reason
from planner.tails import Mean, guarded_mean
from planner.tally import EXACT_VALUES, Histogram
from planner.units import unit_text


@dataclass(frozen=True)
class Figure:
    """One figure of a plan: its central path, its draws if there are any, and how it is worked out."""

    name: str
    phase: Phase
    function: Callable[..., Any] | None
    central: Any
    """With every input at its median: a number, or `(months,)` for a figure of each month."""
    draws: Any = None
    """`(draws,)`, `(months, draws)`, or a histogram of very many; None when not drawn or not kept."""
    scrambles: Sequence[slice] = ()
    """The rows of each independent part of the draws, from whose spread errors are estimated."""

    @property
    def unit(self) -> str:
        """The unit, read from the name."""
        return unit_text(self.name)

    @property
    def is_monthly(self) -> bool:
        """Tell whether the figure has a value for each month."""
        return self.phase == "monthly"

    @property
    def has_items(self) -> bool:
        """Tell whether the figure has a value for each item of a list (each domain, each class) inside a month."""
        return bool(np.ndim(self.central) > self.is_monthly)

    @property
    def sentence(self) -> str:
        """What the figure is, as its docstring says."""
        return documentation(self.function)[0]

    @property
    def source(self) -> str:
        """Where its formula comes from, as its docstring says."""
        return documentation(self.function)[1]

    @property
    def formula(self) -> str:
        """The formula as it stands in the code."""
        return formula(self.function)

    def quantile(self, probability: float) -> Any:  # noqa: ANN401
        """Return the quantile over draws, for each month where there are months; without draws the central path.

        A month that never comes counts as later than any other, so the quantile may be infinite.
        """
        return self.central if self.draws is None else self.quantiles((probability,))[0]

    def quantiles(self, probabilities: Sequence[float]) -> Any:  # noqa: ANN401
        """Return several quantiles over draws along the first axis, in little more time than one takes.

        Those of a figure known at the end are over the draws in which it is defined; `known_share` tells how many.
        """
        if isinstance(self.draws, Histogram):
            counted = self.draws if self.is_monthly else self.draws.where_defined()
            found = np.stack([counted.quantile(probability) for probability in probabilities])
            return found if self.is_monthly else found[:, 0]
        return _quantiles(self._defined(self.draws), probabilities)

    @property
    def known_share(self) -> float:
        """Share of the draws in which a figure known at the end is defined; one without draws and for each month."""
        if self.draws is None or self.is_monthly:
            return 1.0
        if isinstance(self.draws, Histogram):
            defined = int(self.draws.counts.sum())
            return defined / max(defined + int(self.draws.num_undefined.sum()), 1)
        return 1.0 - float(np.mean(np.isnan(self.draws)))

    def _defined(self, draws: Any) -> Any:  # noqa: ANN401
        """Return the draws in which a figure known at the end is defined, or one that is not where there are none."""
        if self.is_monthly or not np.isnan(draws).any():
            return draws
        return draws[~np.isnan(draws)] if self.known_share else np.array([np.nan])

    def status(self, value: float) -> str:
        """Say in words why a value of the figure is not there, as its formula's module says; empty when it is there."""
        return reason(self.function, value)

    def quantile_error(self, probability: float) -> Any:  # noqa: ANN401
        """Return the standard error of a quantile over draws; None where there are too few draws to tell.

        Source: L'Ecuyer and Lemieux 2002, error from independent randomisations of one sample.
        """
        found = self.quantile_errors((probability,))
        return None if found is None else found[0]

    def quantile_errors(self, probabilities: Sequence[float]) -> Any:  # noqa: ANN401
        """Return the standard errors of several quantiles along the first axis; None where there are too few draws."""
        if isinstance(self.draws, Histogram):
            counted = self.draws if self.is_monthly else self.draws.where_defined()
            errors = [counted.quantile_error(probability) for probability in probabilities]
            known = [error if self.is_monthly else error[0] for error in errors if error is not None]
            return np.stack(known) if len(known) == len(probabilities) else None
        if self.draws is None or len(self.scrambles) < 2:
            return None
        parts = [_quantiles(self._defined(self.draws[..., part]), probabilities) for part in self.scrambles]
        with np.errstate(invalid="ignore"):  # a quantile that never comes has no error
            return np.std(parts, axis=0, ddof=1) / math.sqrt(len(parts))

    def each_draw(self) -> Any:  # noqa: ANN401
        """Return the value in each draw, `(draws,)` or `(months, draws)`; without draws the central path as one.

        Raises:
            InputError: the draws were so many that only their histogram was kept.
        """
        if isinstance(self.draws, Histogram):
            most = EXACT_VALUES // len(self.draws.edges)
            raise InputError(f"{self.name} has room for {most:,} single draws, not more; give --draws {most}")
        return np.asarray(self.central)[..., None] if self.draws is None else self.draws

    def mean(self) -> Mean:
        """Return the mean over draws of a figure known at the end; refused where a heavy tail leaves none."""
        if self.draws is None or self.is_monthly or isinstance(self.draws, Histogram):
            return Mean(
                None,
                None,
                None,
                None,
                "only the draws of a figure known at the end have one, up to 4 million",
            )
        return guarded_mean(self.draws, self.scrambles)

    def probability(self, holds: Callable[[Any], Any]) -> Any:  # noqa: ANN401
        """Return the share of the draws for which a condition on the figure holds (for each month, if monthly)."""
        if self.draws is None:
            return np.asarray(holds(self.central), dtype=float)
        if isinstance(self.draws, Histogram):
            share = self.draws.probability(holds)
            return share if self.is_monthly else share[0]
        return np.mean(holds(self.draws), axis=-1)


def documentation(function: Callable[..., Any] | None) -> tuple[str, str]:
    """Split a figure's docstring into its sentence and its source."""
    text = " ".join((inspect.getdoc(function) or "").split()) if function else ""
    sentence, _, source = text.partition(" Source: ")
    return sentence, source


def formula(function: Callable[..., Any] | None) -> str:
    """Return the body of a figure's function as it stands in the code, without its docstring."""
    if function is None:
        return ""
    code = textwrap.dedent(inspect.getsource(function))
    body = re.sub(r'^.*?"""(?:.|\n)*?"""\n', "", code, count=1, flags=re.DOTALL)
    return textwrap.dedent(body).strip()


def _quantiles(draws: Any, probabilities: Sequence[float]) -> Any:  # noqa: ANN401
    # The inverse of the distribution function: no interpolation, so a month that never comes stays one. What
    # np.quantile(method="inverted_cdf") gives, in a third of its time: one sort serves all probabilities.
    count = np.shape(draws)[-1]
    if not count:
        return np.full((len(probabilities), *np.shape(draws)[:-1]), np.nan)
    ordered = np.sort(draws, axis=-1)
    places = np.maximum(np.ceil(count * np.asarray(probabilities) - 1.0), 0.0).astype(np.intp)
    found = np.moveaxis(ordered[..., places], -1, 0)
    return np.where(np.isnan(ordered[..., -1]), np.nan, found)
