"""A finished plan: figures with values, quantiles, formulas and evidence, as objects, frames and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.drawing import Draws
from planner.engine import Program
from planner.errors import FigureError
from planner.evidence import Leaf
from planner.figure import Figure
from planner.formulas.calendar import Length
from planner.measurements import Measured
from planner.scenario.loading import Loaded
from planner.scenario.schema import Company
from planner.tracing import Trace, trace

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
SCHEMA = "benchplan.plan/1"


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


def _item_rows(figure: Figure) -> Iterator[dict[str, Any]]:
    for place, value in np.ndenumerate(np.asarray(figure.central)):
        month, items = ({"month": place[0] + 1}, place[1:]) if figure.is_monthly else ({}, place)
        item = {"item": ".".join(str(number + 1) for number in items)}
        yield {**month, **item, "figure": figure.name, "unit": figure.unit, "central": float(value)}


def _figure_json(figure: Figure) -> dict[str, Any]:
    entry: dict[str, Any] = {"unit": figure.unit, "value": _plain(figure.central)}
    central = np.asarray(figure.central, dtype=float)
    missing = {figure.status(float(value)) for value in central[~np.isfinite(central)]}
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
    if array.shape[-1:] == (1,) and array.ndim > 1:
        array = array[..., 0]
    known, items = np.isfinite(array), array.astype(object)
    items[~known] = None
    return items.tolist()
