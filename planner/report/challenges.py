"""The five technical challenges of a large model: what each costs in this plan, how sure that is, and what moves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planner.analysis.swings import Swing, moved_alone
from planner.report.entries import Entries
from planner.report.formats import Formats
from planner.report.sentences import input_label
from planner.result import Result

FIGURES = (
    "compute_challenge_usd", "privacy_challenge_usd", "optimisation_challenge_usd", "inference_challenge_usd",
    "multimodality_challenge_usd",
)  # fmt: skip


STUDIED_RECORDS = 113_620
"""The largest breach in the study that the cost of a breach comes from (IBM, Cost of a Data Breach 2025)."""


@dataclass(frozen=True)
class Lever:
    """The input that moves the cost of a challenge most, alone from its p10 to its p90."""

    name: str
    label: str
    at_p10: str
    at_p90: str


@dataclass(frozen=True)
class Challenge:
    """One challenge of the plan."""

    title: str
    figure: str
    cost: str
    sentences: tuple[str, ...]
    lever: Lever | None
    """None where no uncertain input moves it."""


class Challenges:
    """Reads the five challenges off a result."""

    def __init__(self, result: Result, entries: Entries, formats: Formats) -> None:
        """Take the result, its figures as text, and the language."""
        self.result = result
        self.entries = entries
        self.f = formats
        self._ = formats.messages.gettext

    def all(self) -> list[Challenge]:
        """Return the challenges, each with its cost over the plan, its risk and its lever."""
        _ = self._
        titles = (
            _("Compute"), _("Data privacy and security"), _("Optimising the algorithm"),
            _("Compression and inference"), _("Multimodality"),
        )  # fmt: skip
        said = (self._compute, self._privacy, self._optimisation, self._inference, self._multimodality)
        swings = moved_alone(self.result, FIGURES)
        return [
            Challenge(title, name, self._usd(name), (*self._risk(name), *about()), self._lever(swings[name]))
            for title, name, about in zip(titles, FIGURES, said, strict=True)
        ]

    def _usd(self, name: str, quantile: float = 0.5) -> str:
        figure = self.result[name]
        return self.f.money(float(figure.quantile(quantile)))

    def _risk(self, name: str) -> Iterator[str]:
        if self.result.num_draws > 1 and float(self.result[name].quantile(0.9)) > 0:
            yield self._("In one draw of ten it is more than %(usd)s.") % {"usd": self._usd(name, 0.9)}

    def _compute(self) -> Iterator[str]:
        _ = self._
        share = self.entries.central("total_training_compute_usd")
        whole = self.entries.central("compute_challenge_usd")
        if whole > 0:
            yield _("Training of own models is %(share)s of it; the rest serves, or trains for clients.") % {
                "share": self.f.chance(share / whole)
            }

    def _privacy(self) -> Iterator[str]:
        _ = self._
        values = {
            "records": self.f.number(self.entries.central("held_records")),
            "expected": self.f.money(self.entries.central("total_expected_breach_usd")),
        }
        yield _(
            "At the end data of %(records)s people are held. Breaches are to be expected to cost %(expected)s over the "
            "plan after insurance; on the central path none happens."
        ) % values  # fmt: skip
        if self.entries.central("held_records") > STUDIED_RECORDS:
            yield _(
                "Breaches of more records than the study of their cost looks at (113,620) are extrapolated; take the "
                "tail as an order of magnitude."
            )
        if self.result.num_draws > 1:
            figure = self.result["total_breach_usd"]
            share = float(figure.probability(lambda usd: usd > 0))
            worst = {"share": self.f.chance(share), "usd": self._usd("total_breach_usd", 0.99)}
            yield (
                _(
                    "A breach happens in %(share)s of the draws; one draw in a hundred loses more than %(usd)s."
                )
                % worst
            )

    def _optimisation(self) -> Iterator[str]:
        ratio = self.f.number(self.entries.central("research_compute_ratio"))
        yield self._(
            "Experiments and failed runs: all training compute is %(ratio)s times that of the final runs."
        ) % {"ratio": ratio}

    def _inference(self) -> Iterator[str]:
        _ = self._
        values = {
            "precision": self.result.scenario.serving.weight_precision,
            "saving": self.f.money(self.entries.central("total_compression_saving_usd")),
        }
        yield _(
            "The weights are served in %(precision)s. The compressed text filter saves %(saving)s over the plan."
        ) % values  # fmt: skip

    def _multimodality(self) -> Iterator[str]:
        _ = self._
        share = self.entries.central("multimodal_share")
        if share > 0:
            yield _("Images come with %(share)s of the requests and add %(more)s to the tokens served.") % {
                "share": self.f.chance(share),
                "more": self.f.percent(self.entries.central("multimodal_overhead_ratio")),
            }
        else:
            yield _(
                "The plan serves text only; multimodality.multimodal_share says how many requests hold images."
            )
        yield _("Fusing models of several kinds was not measured on this machine.")

    def _lever(self, swings: list[Swing]) -> Lever | None:
        strongest = max(swings, key=lambda swing: swing.size, default=None)
        if strongest is None or strongest.size <= 0:
            return None
        leaf = strongest.leaf
        label = input_label(leaf.help, self.f) or leaf.name
        return Lever(leaf.name, label, self.f.money(strongest.at_p10), self.f.money(strongest.at_p90))
