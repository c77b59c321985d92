"""The cost of the five challenges is that of the months; each has a section of its own in the report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.analysis.swings import moved_alone, swings
from planner.formulas import challenges
from planner.planning import plan
from planner.report.challenges import FIGURES, Challenges
from planner.report.entries import Entries
from planner.report.formats import Formats
from planner.report.messages import messages
from planner.result import Result

BASE = Path(__file__).resolve().parents[3] / "scenarios" / "base.yaml"


@pytest.fixture(scope="module")
def drawn() -> Result:
    return plan(BASE, draws=512)


def test_experiments_are_what_is_not_the_final_run() -> None:
    assert challenges.experiment_usd(600.0, 3.0) == pytest.approx(400.0)
    assert challenges.experiment_usd(600.0, 1.0) == 0
    assert challenges.experiment_usd(600.0, 0.0) == 0


def test_compute_is_training_and_serving(drawn: Result) -> None:
    months = sum(
        drawn[name].central for name in ("training_compute_usd", "client_compute_usd", "serving_usd")
    )
    assert drawn["compute_challenge_usd"].central == pytest.approx(float(np.sum(months)))


def test_every_challenge_tells_its_cost_its_risk_and_its_lever(drawn: Result) -> None:
    formats = Formats(messages("en"))
    found = Challenges(drawn, Entries(drawn, formats), formats).all()
    assert [one.figure for one in found] == list(FIGURES)
    for one in found:
        assert one.cost
        assert one.sentences
        if float(drawn[one.figure].quantile(0.9)) > 0:
            assert any("one draw of ten" in sentence for sentence in one.sentences), one
            assert one.lever is not None, one
    assert any("multimodal_share" in sentence for sentence in found[-1].sentences)


def test_images_are_told_where_the_plan_has_them() -> None:
    result = plan(BASE, sets=["multimodal_share=0.3"])
    formats = Formats(messages("en"))
    last = Challenges(result, Entries(result, formats), formats).all()[-1]
    assert float(result["multimodality_challenge_usd"].central) > 0
    assert any("30%" in sentence for sentence in last.sentences)


def test_moving_inputs_for_several_figures_at_once_changes_none(drawn: Result) -> None:
    together = moved_alone(drawn, [*FIGURES, "funding_need_usd"])
    alone = {swing.leaf.name: swing for swing in swings(drawn, "funding_need_usd")}
    for swing in together["funding_need_usd"]:
        assert (swing.at_p10, swing.at_p90) == (alone[swing.leaf.name].at_p10, alone[swing.leaf.name].at_p90)
