"""A finished plan: figures with values, quantiles, formulas and evidence, as objects, frames and JSON."""

from __future__ import annotations

import inspect
import math
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.drawing import Draws
from planner.engine import Phase, Program
from planner.errors import FigureError, InputError
from planner.evidence import Leaf
from planner.formulas.calendar import Length
from planner.measurements import Measured
from planner.scenario.loading import Loaded
from planner.scenario.schema import Company
from planner.statuses import reason
from planner.tails import Mean, guarded_mean
from planner.tally import EXACT_VALUES, Histogram
from planner.tracing import Trace, trace
from planner.units import unit_text

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
SCHEMA = "benchplan.plan/1"


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


@dataclass(frozen=True)
class Result:
    """Everything that a plan found."""

    loaded: Loaded[Company]
    program: Program
    leaves: Mapping[str, Leaf]
    measured: Measured
    figures: Mapping[str, Figure]
    num_draws: int
    seed: int
    central_leaves: Mapping[str, Any]
    drawing: Draws
    """How the uncertain inputs are drawn: any block of them again, and which depend on each other."""

    @property
    def scrambles(self) -> tuple[slice, ...]:
        """The rows of each independent part of the draws, from whose spread errors are estimated."""
        return self.drawing.scrambles

    @property
    def scenario(self) -> Company:
        """The scenario as it was read."""
        return self.loaded.scenario

    @property
    def months(self) -> int:
        """Months of the horizon."""
        return self.scenario.horizon_months

    def __getitem__(self, name: str) -> Figure:
        """Return a figure by its name, bare where one strategy has it; raises FigureError for an unknown one."""
        found = self._find(name)
        if found not in self.figures:
            raise FigureError(f"'{name}' is an input, not a figure; --set gives it a value")
        return self.figures[found]

    def __contains__(self, name: str) -> bool:
        """Tell whether the plan has a figure of that full name."""
        return name in self.figures

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the figures."""
        return iter(self.figures)

    def trace(self, name: str, month: int | None = None) -> Trace:
        """Return the tree from a figure down to its leaves, on the central path, at a month (the last by default)."""
        values = {name: figure.central for name, figure in self.figures.items()}
        return trace(self.program, self._find(name), values, self.central_leaves, self.months, month)

    def frame(self, *names: str) -> pd.DataFrame:
        """Return figures of each month as a tidy frame: month, figure, unit, central, and quantiles if drawn."""
        import pandas as pd

        return pd.DataFrame([row for name in names for row in self._rows(self[name])])

    def total(self, name: str) -> Any:  # noqa: ANN401
        """Return a figure on the central path, summed over the items of a list where it has some."""
        figure = self[name]
        return np.sum(figure.central, axis=-1) if figure.has_items else figure.central

    def statements(self, period: Length = "month") -> pd.DataFrame:
        """Return profit and loss, cash flow and balance sheet as a tidy frame by `month`, `quarter` or `year`."""
        from planner.accounts import statements

        return statements(self, period)

    def used_leaves(self) -> dict[str, Leaf]:
        """Return the leaves that the plan rests on, in the order of the schema."""
        needed = set(self.program.leaves)
        return {name: leaf for name, leaf in self.leaves.items() if name in needed}

    def to_json(self) -> dict[str, Any]:
        """Return the plan as one JSON document; what is unknown or never happens is null, and `status` says why."""
        return {
            "schema": SCHEMA,
            "scenario": self.scenario.name,
            "strategies": list(self.scenario.strategies),
            "start_month": self.scenario.start_month,
            "horizon_months": self.months,
            "draws": self.num_draws,
            "seed": self.seed,
            "measurements": self.measured.headline,
            "figures": {name: _figure_json(figure) for name, figure in self.figures.items()},
            "dependence": {
                "correlated": sorted(self.drawing.dependence.names),
                "repairs": [str(repair) for repair in self.drawing.dependence.repairs],
                "notes": list(self.drawing.dependence.notes),
            },
            "evidence": {name: _leaf_json(leaf) for name, leaf in self.used_leaves().items()},
        }

    def _find(self, name: str) -> str:
        return self.program.find(name)

    def _rows(self, figure: Figure) -> Iterator[dict[str, Any]]:
        if figure.has_items:
            yield from _item_rows(figure)
            return
        columns = {"central": np.atleast_1d(figure.central)}
        if figure.draws is not None:
            columns |= {f"p{round(100 * q)}": np.atleast_1d(figure.quantile(q)) for q in QUANTILES}
        for index in range(len(columns["central"])):
            month = {"month": index + 1} if figure.is_monthly else {}
            values = {label: float(column[index]) for label, column in columns.items()}
            yield {**month, "figure": figure.name, "unit": figure.unit, **values}


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
    # The inverse of the distribution function: no interpolation, so a month that never comes stays one.
    return np.quantile(draws, probabilities, axis=-1, method="inverted_cdf")


def _item_rows(figure: Figure) -> Iterator[dict[str, Any]]:
    for place, value in np.ndenumerate(np.asarray(figure.central)):
        month, items = ({"month": place[0] + 1}, place[1:]) if figure.is_monthly else ({}, place)
        item = {"item": ".".join(str(number + 1) for number in items)}
        yield {**month, **item, "figure": figure.name, "unit": figure.unit, "central": float(value)}


def _figure_json(figure: Figure) -> dict[str, Any]:
    entry: dict[str, Any] = {"unit": figure.unit, "value": _plain(figure.central)}
    missing = {figure.status(float(v)) for v in np.ravel(np.asarray(figure.central, dtype=float))} - {""}
    if missing:
        entry["status"] = " and ".join(sorted(missing))
    if figure.draws is not None:
        names = [f"p{round(100 * q)}" for q in QUANTILES]
        entry["quantiles"] = dict(zip(names, map(_plain, figure.quantiles(QUANTILES)), strict=True))
        errors = figure.quantile_errors(QUANTILES)
        entry["standard_errors"] = (
            dict.fromkeys(names) if errors is None else dict(zip(names, map(_plain, errors), strict=True))
        )
        if not figure.is_monthly:
            entry["known_share"] = figure.known_share
            entry["mean"] = asdict(figure.mean())
    return entry


def _leaf_json(leaf: Leaf) -> dict[str, Any]:
    value: Any = [q.value for q in leaf.quantities] if leaf.is_list else _plain(leaf.central())
    entry = {
        "kind": leaf.evidence.kind,
        "value": value,
        "unit": leaf.unit,
        "reference": leaf.evidence.reference,
    }
    optional = {"key": leaf.key, "as_of": leaf.evidence.as_of, "note": leaf.evidence.note}
    entry |= {name: text for name, text in optional.items() if text}
    if leaf.uncertain:
        entry["distribution"] = {name: {"text": str(q), **_summary(q)} for name, q in leaf.uncertain.items()}
    return entry


def _summary(quantity: Any) -> dict[str, Any]:  # noqa: ANN401
    return {name: _plain(value) for name, value in quantity.distribution.summary().items()}


def _plain(value: Any) -> Any:  # noqa: ANN401
    """Turn arrays into lists and what is not finite into None, so that JSON holds no NaN."""
    array = np.asarray(value, dtype=float)
    if array.ndim == 0:
        return float(array) if np.isfinite(array) else None
    if array.shape[-1] == 1 and array.ndim > 1:
        array = array[..., 0]
    return [_plain(item) for item in array]
