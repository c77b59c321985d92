"""The three statements of a finished plan as a tidy table, by month, fiscal quarter or fiscal year."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.errors import InputError, suggestion
from planner.formulas.calendar import MONTHS_IN, Length, Period, periods

if TYPE_CHECKING:
    import pandas as pd

    from planner.figure import Figure
    from planner.result import Result

STATEMENTS = {
    "income": (
        "revenue_usd", "cost_of_revenue_usd", "gross_profit_usd", "research_usd", "staff_usd", "marketing_usd",
        "overhead_usd", "privacy_usd", "setup_usd", "ebitda_usd", "depreciation_usd", "amortisation_usd",
        "disposal_gain_usd", "operating_income_usd", "interest_usd", "pretax_income_usd", "tax_usd", "net_income_usd",
    ),
    "cash_flow": (
        "net_income_usd", "interest_usd", "depreciation_usd", "amortisation_usd", "disposal_gain_usd",
        "working_capital_flow_usd", "operating_cash_flow_usd", "resale_usd", "gpu_purchases_usd",
        "capitalised_training_usd", "investing_cash_flow_usd", "net_cash_flow_usd", "new_funding_usd", "new_debt_usd",
        "loan_repayments_usd", "interest_paid_usd", "financing_cash_flow_usd", "cash_usd",
    ),
    "balance": (
        "cash_usd", "receivables_usd", "fixed_assets_usd", "trained_models_usd", "total_assets_usd", "payables_usd",
        "deferred_revenue_usd", "debt_usd", "total_liabilities_usd", "paid_in_capital_usd", "retained_earnings_usd",
        "equity_usd", "balance_gap_usd",
    ),
}  # fmt: skip
"""The lines of each statement in order; costs and outlays are positive, as their figures are."""

STOCKS = frozenset(STATEMENTS["balance"])
"""What is told at the end of a period; everything else is summed over it."""
FIGURES = tuple(dict.fromkeys(name for lines in STATEMENTS.values() for name in lines))
"""What `planner.plan(figures=...)` has to keep for quantiles of all lines."""
SHOWN = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


def statements(result: Result, period: Length = "month") -> pd.DataFrame:
    """Return the statements as a table: statement, period, figure, the central path, and quantiles where drawn.

    Amounts are in the scenario's reporting currency. Quantiles are those of the period's sums over the draws, never
    sums of quantiles. A first or last period of which the plan has only a part says so.

    Raises:
        InputError: there is no such period.
    """
    import pandas as pd

    if period not in MONTHS_IN:
        raise InputError(f"period '{period}': give {', '.join(MONTHS_IN)}{suggestion(period, MONTHS_IN)}")
    scenario = result.scenario
    spans = periods(scenario.start_month, result.months, period, scenario.finance.fiscal_year_start_month)
    return pd.DataFrame(list(_rows(result, spans)))


def _rows(result: Result, spans: list[Period]) -> Iterator[dict[str, Any]]:
    reporting = result.scenario.finance.reporting
    for statement, lines in STATEMENTS.items():
        for span in spans:
            about = {"statement": statement, "period": span.label, "months": span.months}
            for name in lines:
                values = _values(result[name], span, result.months)
                money = {label: value * reporting.units_per_usd for label, value in values.items()}
                yield {
                    **about,
                    "is_partial": span.is_partial,
                    "figure": name,
                    "currency": reporting.reporting_currency,
                    **money,
                }


def _values(figure: Figure, span: Period, months: int) -> dict[str, float]:
    def told(rows: Any) -> Any:  # noqa: ANN401
        return span.end_of(rows) if figure.name in STOCKS else span.sum_of(rows)

    found = {"central": float(told(np.broadcast_to(figure.central, (months,))))}
    if isinstance(figure.draws, np.ndarray):
        # what no month changes is the same in each
        rows = np.broadcast_to(figure.draws, (months, figure.draws.shape[-1]))
        drawn = told(rows)
        found |= {label: float(np.quantile(drawn, q, method="inverted_cdf")) for label, q in SHOWN.items()}
    return found
