"""What the bench found of compressed forms: for each model a table of recipes, the frontier, distillation's control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bench.record import Record
from planner.measurements import COMPRESS, Measured
from planner.report.compression_chart import Point, Texts, frontier, legend_mark, outer
from planner.report.compression_forms import AGAIN, BASELINES, ENGINES, PLAIN, SINGLE, Forms
from planner.report.compression_quality import Control, controls
from planner.report.compression_rows import FrontierRow, RecipeRow, Rows
from planner.report.compression_words import is_faster, loss_of, losses, told
from planner.report.entries import prose
from planner.report.formats import Formats
from planner.report.measured import cell, subject_title


@dataclass(frozen=True)
class CompressedSubject:
    """Everything about one model's compressed forms."""

    name: str
    title: str
    counts: tuple[tuple[str, int], ...]
    """How many recipes there are, are faster, bring no speed-up, failed; what there is none of is left out."""
    lead: str
    """The column of speeds by which forms are ranked."""
    columns: tuple[str, ...]
    rows: tuple[RecipeRow, ...]
    chart: Markup
    losses: tuple[tuple[Markup, str], ...]
    frontier: tuple[FrontierRow, ...]
    engines: tuple[Markup, ...]
    """How fast the engines alone are, in sentences."""
    noise: str
    controls: tuple[Control, ...]
    methods: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CompressionRun:
    """One record of the bench, and the models in it of which it is the newest on its machine."""

    record: Record
    file: str
    is_of_the_plan: bool
    """The plan serves on the machine that was measured."""
    warnings: tuple[str, ...]
    """Those of the record, but for recipes that failed: they stand in the table."""
    subjects: tuple[CompressedSubject, ...]


def compression_runs(measured: Measured, hardware: str, formats: Formats) -> list[CompressionRun]:
    """Return what was measured of compression, newest first; `hardware` is what the scenario serves on."""
    own = {path for path, _record in measured.of(hardware)}
    seen: set[tuple[str, str]] = set()
    found: list[CompressionRun] = []
    for path, record in measured.kept:
        if record.suite != COMPRESS:
            continue
        names = [n for n in _subjects(record) if (record.machine.fingerprint, n) not in seen]
        seen |= {(record.machine.fingerprint, name) for name in names}
        subjects = tuple(
            compressed_subject(Forms(record, name, formats), f"compression-{len(found) + 1}-{number}")
            for number, name in enumerate(names, start=1)
        )
        if subjects:
            found.append(
                CompressionRun(record, path.name, path in own, tuple(_warnings(record, formats)), subjects)
            )
    return found


def _warnings(record: Record, formats: Formats) -> Iterator[str]:
    failed = {m.variant for m in record.measurements if m.name == "latency_ratio" and m.value is None}
    starts = tuple(f"{variant} was not {done}:" for variant in failed for done in ("measured", "timed"))
    yield from (told(warning, formats) for warning in record.warnings if not warning.startswith(starts))


def compressed_subject(forms: Forms, identity: str) -> CompressedSubject:
    """Return the table, the chart and what stands beside them; `identity` is a name for the chart in the page."""
    rows, points = Rows(forms), list(_points(forms))
    shown = {point.loss for point in points}
    return CompressedSubject(
        name=forms.name,
        title=subject_title(forms.name, forms.f),
        counts=tuple(_counts(forms)),
        lead=_lead(forms),
        columns=tuple(map(forms.label, forms.columns)),
        rows=tuple(rows.all()),
        chart=_chart(forms, rows, points, identity),
        losses=tuple((legend_mark(loss), words) for loss, words in losses(forms.f).items() if loss in shown),
        frontier=tuple(rows.frontier()),
        engines=tuple(_engine(forms, variant) for variant in forms.timed if variant in ENGINES),
        noise=_noise(forms),
        controls=tuple(controls(forms.measurements, forms.f)),
        methods=tuple(_methods(forms)),
    )


def _lead(forms: Forms) -> str:
    return forms.label(forms.lead) if forms.lead else ""


def _subjects(record: Record) -> list[str]:
    return list(dict.fromkeys(m.subject for m in record.measurements if m.name == "latency_ratio"))


def _counts(forms: Forms) -> Iterator[tuple[str, int]]:
    _ = forms.f.messages.gettext
    ratios = [m for v in forms.timed if v not in BASELINES and (m := forms.speed(v))]
    faster = sum(map(is_faster, ratios))
    collapsed = sum(bool(forms.qualities.collapse(variant)) for variant in forms.timed)
    yield _("Recipes"), len(ratios) + len(forms.failed)
    yield _("Faster, %(under)s") % {"under": _lead(forms)}, faster
    for label, count in (
        (_("No speed-up here"), len(ratios) - faster),
        (_("Could not be measured"), len(forms.failed)),
        (_("Collapsed in quality"), collapsed),
    ):
        if count:
            yield label, count


def _points(forms: Forms) -> Iterator[Point]:
    for variant in forms.timed:
        size, ratio = forms.value(variant, "file_bytes"), forms.speed(variant)
        is_plain = variant == PLAIN
        speed = 1.0 if is_plain else ratio.value if ratio else None
        if not size or not speed or size < 0 or speed < 0:
            continue  # a logarithmic axis has no place for it
        low, high = (ratio.low, ratio.high) if ratio and not is_plain else (None, None)
        loss = "kept" if is_plain else loss_of(forms.qualities.given_up(variant))
        yield Point(forms.number(variant), size, speed, low, high, loss, forms.is_on_frontier(variant))


def _chart(forms: Forms, rows: Rows, points: Sequence[Point], identity: str) -> Markup:
    if len(points) < 2:
        return Markup("")
    _ = forms.f.messages.gettext
    variants = [forms.timed[point.number - 1] for point in outer(points)]
    best = [_("%(recipe)s: %(facts)s") % {"recipe": v, "facts": rows.facts(v)} for v in variants]
    title = _("Size against speed: %(subject)s") % {"subject": subject_title(forms.name, forms.f)}
    said = _("%(count)s forms; of those that keep their quality none beats these: %(best)s.")
    summary = said % {"count": len(points), "best": _("; ").join(best) or _("none")}
    up = _("Speed (%(under)s), times that of fp32") % {"under": _lead(forms)}
    return frontier(identity, Texts(title, summary, up), points, forms.f)


def _engine(forms: Forms, variant: str) -> Markup:
    _ = forms.f.messages.gettext
    ratios = [
        _("%(ratio)s, %(under)s") % {"ratio": cell(found, forms.f).value, "under": forms.label(column)}
        for column in forms.columns
        if (found := forms.in_column(variant, column)) and found.value is not None
    ]
    said = _("`%(engine)s` alone, which compresses nothing, against torch in fp32: %(ratios)s.")
    return prose(said % {"engine": variant, "ratios": _("; ").join(ratios)})


def _noise(forms: Forms) -> str:
    _ = forms.f.messages.gettext
    found = forms.find(AGAIN, "control_ratio", **SINGLE)
    if found is None or found.value is None:
        return ""
    shown = cell(found, forms.f)
    said = _("fp32 timed against itself came to %(ratio)s (%(interval)s): less than that means nothing.")
    return said % {"ratio": shown.value, "interval": shown.interval or _("no interval")}


def _methods(forms: Forms) -> Iterator[tuple[str, str]]:
    """Yield how each kind of column was measured, as the record says of the first recipe that has it."""
    _ = forms.f.messages.gettext
    kinds = {
        "file_bytes": _("Size"), "latency_ratio": _("Speed"), "decode_ratio": _("Speed of writing"),
        "accuracy_difference_share": _("Accuracy"), **{name: _("Loss") for name in forms.qualities.loss_names},
        "recipe_seconds": _("Cost"), "dominating_recipes": _("Frontier"),
    }  # fmt: skip
    for name, label in kinds.items():
        found = (m for m in forms.measurements if m.name == name and m.variant != PLAIN)
        if method := next((m.method for m in found if m.value is not None), ""):
            yield label, method
