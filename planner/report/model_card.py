"""The model of the plan in four aspects: parameters, compute, data, and how hard it is to optimise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from planner import catalogue
from planner.report.entries import Entries, Row
from planner.report.formats import Formats, power_of_ten
from planner.result import Result

LARGE_MODEL_PARAMS = 1e8
"""From about so many parameters on a model is called large."""


@dataclass(frozen=True)
class Aspect:
    """One of the four aspects of a large model, with its lines."""

    title: str
    sentence: str
    rows: tuple[Row, ...]


class ModelCard:
    """Reads the model card off a result."""

    def __init__(self, result: Result, entries: Entries, formats: Formats) -> None:
        """Take the result, its figures as text, and the language."""
        self.result = result
        self.entries = entries
        self.f = formats
        self._ = formats.messages.gettext
        self.scenario = result.scenario

    @property
    def name(self) -> str:
        """The model by its name in the catalogue."""
        return catalogue.model(self.scenario.model.base).display_name

    def origin(self) -> list[str]:
        """Return where the model comes from, and from which month, in sentences."""
        _, model = self._, self.scenario.model
        launch = self.f.month(self.result["service_month"].central)
        said = [_("From %(date)s on: %(source)s.") % {"date": launch, "source": self.source(model.source)}]
        if model.switch_source and model.switch_month:
            switch = self.result["successor_month"].central
            values = {"date": self.f.month(switch), "source": self.source(model.switch_source)}
            late = switch > self.result.months
            said.append(
                _("From %(date)s on: %(source)s.") % values
                + (" " + _("That is after the end of the plan.") if late else "")
            )
        if not self.is_trained:
            said.append(_("The company trains no model of its own."))
        return said

    def source(self, word: str) -> str:
        """Return one of the four sources of a model in words."""
        _ = self._
        return {
            "api": _("bought from a vendor's API"),
            "open_weights": _("open weights as they are, served on rented accelerators"),
            "fine_tuned": _("open weights that the company fine-tunes"),
            "pretrained": _("pretrained by the company itself"),
        }[word]

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the model comes from, first and after a switch."""
        model = self.scenario.model
        return (model.source, *((model.switch_source,) if model.switch_source else ()))

    @property
    def is_trained(self) -> bool:
        """Tell whether the company trains at all, for itself or for clients."""
        return self.entries.central("total_training_gpu_hours") > 0

    @property
    def is_hosted(self) -> bool:
        """Tell whether the company serves on accelerators that it rents."""
        return set(self.sources) != {"api"}

    def serves(self, tokens: str) -> bool:
        """Tell whether there are such tokens in any month of the central path."""
        return bool(np.any(np.asarray(self.result[tokens].central) > 0))

    def aspects(self) -> list[Aspect]:
        """Return the four aspects; those that do not arise say so."""
        return [self.parameters(), self.compute(), self.data(), self.optimisation()]

    def parameters(self) -> Aspect:
        """How large the model is."""
        _, params = self._, self.entries.central("params")
        values = {
            "params": self.f.number(params, 2),
            "mark": power_of_ten(round(math.log10(LARGE_MODEL_PARAMS))),
        }
        large = (
            _("With %(params)s parameters it is a large model, for which %(mark)s is the usual mark.")
            % values
        )
        small = (
            _("With %(params)s parameters it is below %(mark)s, the usual mark of a large model.") % values
        )
        rows = [
            self.entries.row(_("Parameters"), "params"),
            self.entries.row(_("Parameters that one token uses"), "active_params"),
        ]
        if self.is_hosted:
            note = _("in %(precision)s") % {"precision": self.scenario.serving.weight_precision}
            rows.append(self.entries.row(_("Memory for the weights"), "weights_bytes", note))
        return Aspect(_("Many parameters"), large if params >= LARGE_MODEL_PARAMS else small, tuple(rows))

    def compute(self) -> Aspect:
        """What it takes to train and to serve the model."""
        _, s = self._, self.scenario
        rows = [self.entries.row(_("To read or write one token"), "forward_flops_per_token")]
        if self.is_trained:
            rows += [
                self.entries.row(_("To train on one token"), "training_flops_per_token"),
                Row(
                    _("Trained on"), self._hardware(s.training.training_accelerator, s.training.training_term)
                ),
                self.entries.row(_("Price of the hardware"), "training_usd_per_gpu_hour"),
                self.entries.row(_("Accelerator time for all training"), "total_training_gpu_hours"),
                self.entries.row(_("Cost of all training"), "total_training_compute_usd"),
            ]
        if self.serves("hosted_tokens"):
            rows.append(
                Row(_("Served on"), self._hardware(s.serving.serving_accelerator, s.serving.serving_term))
            )
            rows.append(
                self.entries.row(
                    _("Serving at full load, first month"), "full_load_usd_per_million_tokens", month=1
                )
            )
        if self.serves("api_tokens"):
            rows.append(
                self.entries.row(
                    _("Vendor's price, first month"), "vendor_price_usd_per_million_tokens", month=1
                )
            )
        if self.serves("served_tokens"):
            rows.append(
                self.entries.row(_("Serving as it is used, last month"), "serving_usd_per_million_tokens")
            )
        sentence = _(
            "Compute is paid twice: once to train the model, and again for each token that it serves."
        )
        if not self.serves("served_tokens"):
            sentence = _("No tokens are served in this plan; compute is paid for training alone.")
            if not self.is_trained:
                sentence = _("No tokens are served in this plan and nothing is trained.")
        elif not self.is_trained:
            sentence = _("Compute is paid for each token that the model serves.")
        return Aspect(_("High demand for compute"), sentence, tuple(rows))

    def data(self) -> Aspect:
        """How much text the training takes."""
        _ = self._
        if not self.is_trained:
            return Aspect(
                _("High demand for data"), _("Nothing is trained, so no training data is needed."), ()
            )
        rows = [
            self.entries.row(_("Tokens of the first training"), "first_training_tokens"),
            self.entries.row(_("Bytes of text in a token"), "text_bytes_per_token"),
            self.entries.row(_("Share of raw text that is kept"), "corpus_kept_share"),
            self.entries.row(_("Cleaning before the first revenue"), "startup_cleaning_usd"),
            self.entries.row(_("Licences for data"), "data_licence_usd_per_month"),
        ]
        sentence = _(
            "Raw text is filtered on the measured kind of machine; only a part of it is fit for training."
        )
        return Aspect(_("High demand for data"), sentence, tuple(rows))

    def optimisation(self) -> Aspect:
        """How much of what is paid for reaches the model."""
        _ = self._
        if not self.is_trained:
            return Aspect(
                _("Difficult to optimise"), _("Nothing is trained, so there is nothing to optimise."), ()
            )
        rows = [
            self.entries.row(_("Share of the peak that training reaches"), "training_mfu_share"),
            self.entries.row(_("Share of the paid time that counts"), "training_goodput_share"),
            self.entries.row(_("All training over the final runs"), "research_compute_ratio"),
        ]
        sentence = _(
            "What is paid for and what ends in the model differ: hardware idles, runs fail, "
            "and most of them are experiments."
        )
        return Aspect(_("Difficult to optimise"), sentence, tuple(rows))

    def _hardware(self, accelerator: str, term: str) -> str:
        _ = self._
        terms = {
            "on_demand": _("on demand"), "spot": _("spot"), "reserved_1_year": _("reserved for a year"),
            "reserved_3_years": _("reserved for three years"),
        }  # fmt: skip
        record = self.result.measured.of(accelerator)
        if record:
            return _("%(machine)s, as measured") % {"machine": record[0][1].machine.description}
        return f"{catalogue.accelerator(accelerator).display_name}, {terms[term]}"
