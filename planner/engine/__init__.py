"""Resolves plain functions by name into a program and runs it over the months.

A function's name is the quantity, its parameters are the quantities that it needs. Five prefixes have a meaning:
`previous_X` is X of the month before (`opening_X` before the first), `closing_X` X of the last month, `series_X` the
whole row of X once the months are over (`(months, draws)`, also when X is the same in all draws), `each_X` the X of
every strategy that has one, as a tuple. A leaf `shock_X` has a value for
each month and draw. `month` counts from 1. What depends on no month is computed once. Names are
looked up in the strategy first, then in the company.

The engine knows no quantity of ours; it raises `planner.errors.FigureError` for the user's misspelt names.
"""

from planner.engine.graph import PREFIXES, Graph, figures_of
from planner.engine.program import (
    BLOCK_DRAWS,
    MONTH,
    Function,
    Node,
    Parameter,
    Phase,
    Program,
    is_shock,
    needs,
)

__all__ = [
    "BLOCK_DRAWS",
    "MONTH",
    "PREFIXES",
    "Function",
    "Graph",
    "Node",
    "Parameter",
    "Phase",
    "Program",
    "figures_of",
    "is_shock",
    "needs",
]
