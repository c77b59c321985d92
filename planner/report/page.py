"""Puts the page together: context from the result, templates, and a content security policy for what is inside."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

import planner
from planner import strategies
from planner.evidence import Kind
from planner.measurements import COMPRESS
from planner.report import charts, outlook, words
from planner.report.challenges import Challenges
from planner.report.compression import compression_runs
from planner.report.compression_money import CompressionMoney
from planner.report.dependence import Dependences
from planner.report.earning import Earnings
from planner.report.entries import Entries
from planner.report.formats import Formats
from planner.report.measured import Measured
from planner.report.messages import messages
from planner.report.model_card import ModelCard
from planner.report.money import Money
from planner.report.resting import Resting
from planner.report.second_looks import second_looks
from planner.report.worth import compression
from planner.resources import templates
from planner.result import Result

TEMPLATE = "report.html.j2"


def page(result: Result, lang: str = "en", now: datetime | None = None) -> str:
    """Return the report on a plan as one HTML document.

    Raises:
        InputError: there is no catalogue of messages for the language.
    """
    formats = Formats(messages(lang), result.scenario.start_month)
    return document(TEMPLATE, _context(result, formats, (now or datetime.now(UTC)).date()), formats, now)


def document(template: str, context: Mapping[str, Any], formats: Formats, now: datetime | None = None) -> str:
    """Return a template filled with a context as one HTML document that carries its style, script and policy."""
    folder = templates()
    style, script = (_inline(folder / name) for name in ("report.css", "report.js"))
    common = {
        "f": formats,
        "lang": formats.messages.language,
        "version": planner.__version__,
        "made": formats.day((now or datetime.now(UTC)).date()),
        "style": Markup(style),
        "script": Markup(script),
        "policy": _policy(style, script),
    }
    return _environment(folder, formats).get_template(template).render({**common, **context})


def _context(result: Result, formats: Formats, today: date) -> dict[str, Any]:
    entries = Entries(result, formats)
    seen = outlook.outlook(result)
    verdict = words.Verdict(seen, formats)
    record = result.measured.record
    saving_usd = entries.central("total_compression_saving_usd")
    owners = owner_words(formats)
    return {
        "result": result,
        "scenario": result.scenario,
        "answers": verdict.answers(),
        "is_drawn": verdict.say.is_drawn,
        "average": seen.average,
        "kinds": seen.kinds,
        "kinds_bar": _kinds_bar(seen.kinds),
        "money": Money(result, seen, formats),
        "card": ModelCard(result, entries, formats),
        "earnings": Earnings(result, entries, formats),
        "challenges": Challenges(result, entries, formats).all(),
        "record": record,
        "resting": Resting(result, entries, formats),
        "measured": Measured(record, formats) if record and record.suite != COMPRESS else None,
        "recipes": CompressionMoney(result, entries, formats),
        "compressed": compression_runs(result.measured, result.scenario.serving.serving_accelerator, formats),
        "compression": compression(
            record, saving_usd, seen.need_usd.p50, result.scenario.data.filter_precision, formats
        ),
        "dependences": Dependences(result, entries, formats),
        "entries": entries,
        "second_looks": second_looks(result, formats, today),
        "strategies": [owners[name] for name in result.scenario.strategies],
        "owner_words": owners,
        "section_words": section_words(formats),
        "has_link": entries.has,
    }


def _strategies(formats: Formats) -> dict[str, str]:
    """Return what every strategy is called: what its file says, in the page's language where its catalogue has it."""
    return {name: formats.messages.gettext(strategies.title(name)) for name in strategies.names()}


def owner_words(formats: Formats) -> dict[str, str]:
    """Return what the modules of formulas and the strategies, to which figures belong, are called."""
    _ = formats.messages.gettext
    return _strategies(formats) | {
        "architecture": _("The model: parameters, FLOPs and bytes"),
        "assets": _("What the company owns: accelerators and trained models"),
        "balance": _("Balance sheet and cash flow"),
        "capacity": _("Accelerators under contract and on demand"),
        "challenges": _("The five challenges"),
        "compression": _("Compression: what it saves and costs"),
        "customers": _("Customers"),
        "data": _("Data"),
        "efficiency": _("Burn, growth and efficiency"),
        "exits": _("A sale at the end of the plan"),
        "funding": _("Funding and loans"),
        "investment": _("The plan as an investment"),
        "metrics": _("Known at the end of the plan"),
        "mix": _("What the strategies share"),
        "multimodality": _("Multimodality"),
        "ownership": _("Who owns the company"),
        "people": _("People"),
        "privacy": _("Privacy and security"),
        "releases": _("When models go live"),
        "serving": _("Serving"),
        "statements": _("Profit and loss, and cash"),
        "training": _("Training"),
    }


def section_words(formats: Formats) -> dict[str, str]:
    """Return what the sections of a scenario are called in the list of inputs."""
    _ = formats.messages.gettext
    return _strategies(formats) | {
        "model": _("Model"),
        "training": _("Training"),
        "serving": _("Serving"),
        "data": _("Data"),
        "privacy": _("Privacy and security"),
        "multimodality": _("Multimodality"),
        "people": _("People"),
        "market": _("Market"),
        "mix": _("Between strategies"),
        "finance": _("Finance"),
        "bench": _("Measured side by side"),
        "choices": _("Choices of the scenario"),
        "chance": _("Chance of the month"),
    }


def _kinds_bar(kinds: Mapping[Kind, int]) -> Markup:
    ends = np.cumsum([0, *kinds.values()])
    pieces = [(float(a), float(b), kind) for kind, (a, b) in zip(kinds, pairwise(ends), strict=True)]
    return charts.spans(pieces, 0.0, float(max(ends[-1], 1)))


def _environment(folder: Path, formats: Formats) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    install: Callable[..., None] = environment.install_gettext_callables  # type: ignore[attr-defined]
    install(formats.messages.gettext, formats.messages.ngettext, newstyle=True)
    return environment


def _inline(path: Path) -> str:
    return f"\n{path.read_text('utf-8').strip()}\n"


def _policy(style: str, script: str) -> str:
    """Return a policy that lets nothing load and nothing run but the style and the script inside the page."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_hash(style)}'",
            f"script-src '{_hash(script)}'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
