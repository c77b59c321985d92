"""The section on compression: every recipe with speed, size and quality, the frontier, the control, the warnings."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from math import hypot
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
from torch import nn

from bench.compression.forms import Form
from bench.compression.recipes import read_recipe
from bench.compression.verdicts import Bound, in_words
from bench.measuring.latency import Estimate
from bench.record import Measurement, Record, save
from planner.measurements import find
from planner.report.compression import CompressedSubject, compressed_subject, compression_runs
from planner.report.compression_chart import SIZES, Point, Texts, frontier, log_ticks, outer
from planner.report.compression_forms import Forms
from planner.report.compression_money import CompressionMoney
from planner.report.compression_quality import ends, is_control
from planner.report.compression_words import compared, is_faster, verdict
from planner.report.entries import Entries
from planner.report.formats import Formats
from planner.report.messages import messages
from planner.report.page import page
from planner.result import Result
from tests.planner.report.compress_records import (
    BEST,
    DENSE_ZEROS,
    FAILURE,
    MLP,
    SCRATCH,
    SMALL_MODEL,
    compress_record,
    one,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FORMATS = Formats(messages("en"))
H100, HERE = "h100-sxm", "measured-machine"
HOSTILE = 'mine <b onclick="x()"> -> & {{ 7 * 7 }}'
Planned = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a real run, and one of compression that is newer."""
    where = tmp_path_factory.mktemp("measurements")
    (where / "quick.json").write_text(
        (root / "tests" / "data" / "quick-record.json").read_text("utf-8"), "utf-8"
    )
    hostile = [
        one("mlp", HOSTILE, "latency_ratio", 1.9, 1.8, 2.0, "faster", batch=1),
        one("mlp", HOSTILE, "file_bytes", 2e6),
    ]
    save(compress_record(hostile), where / "compress.json")
    return where


@pytest.fixture(scope="module")
def whole(planned: Planned, folder: Path) -> str:
    """The page of a plan that serves on another machine than was measured."""
    return page(planned("base", measurements=str(folder)))


@pytest.fixture(scope="module")
def section(whole: str) -> str:
    """The section of that page."""
    return whole.split('<section id="compression"')[1].split("</section>")[0]


def words(html: str) -> str:
    """The text without its tags."""
    return unescape(re.sub(r"\s+", " ", re.sub(r"</?[a-z][^>]*>", " ", html)))


def row(section: str, recipe: str) -> str:
    """What the table says of a recipe."""
    bodies = (words(body) for body in section.split("<tbody>") if "<th scope" in body)
    return next(body for body in bodies if re.match(rf" ?\d* ?{re.escape(recipe)} (?!->)", body))


def subject_of(record: Record, subject: str = "mlp") -> CompressedSubject:
    return compressed_subject(Forms(record, subject, FORMATS), "forms")


def test_every_recipe_has_its_row_and_none_is_lost(section: str) -> None:
    for made in MLP:
        assert made.variant in words(section)
    assert "13 times smaller" in row(section, BEST)
    assert "7.73 x 7.42 to 8.04 14 us" in row(section, BEST)
    assert "17.3 x" in row(section, BEST)
    assert "97.8% −0.3 points −0.9 to +0.3" in row(section, BEST)
    assert "12.4 seconds 3.1 TFLOP" in row(section, BEST)


def test_the_engine_alone_stands_beside_what_compression_adds(section: str) -> None:
    assert "baseline: the engine alone" in row(section, "onnx")
    assert "of it onnx alone, without compression: 1.5 x" in row(section, BEST)
    assert "of it onnx alone" not in row(section, "int8")
    assert (
        "onnx alone, which compresses nothing, against torch in fp32: 1.5 x, batch 1; 1.4 x, batch 32."
        in words(section)
    )


def test_no_speed_up_says_why(section: str) -> None:
    said = row(section, "prune(magnitude, 0.9)")
    assert f"no speed-up here: no difference that can be told from noise, {DENSE_ZEROS}" in said
    assert "batch 32: faster" in row(section, "bf16")
    assert "batch 1: no speed-up here: slower, because the kernels of torch" in row(section, "bf16")


def test_what_failed_and_what_collapsed_stay_in_the_table(section: str) -> None:
    assert f"not measured {FAILURE}" in row(section, "int8_static")
    assert "collapsed: accuracy fell by 31.2 points" in row(section, "prune(magnitude, 0.95)")
    assert SMALL_MODEL in words(section)


def test_distillation_stands_beside_its_control(section: str) -> None:
    table = section.split("Distillation beside the same shape from scratch</h4>")[1]
    line = next(
        words(row)
        for row in table.split("<tr>")
        if words(row).startswith(" prune(neurons, 0.75) -> distil Accuracy")
    )
    assert "97.8%" in line
    assert "97.6%" in line
    assert "+0.2 points −0.6 to +0.9" in line
    assert "no difference that can be told from chance" in line
    assert SCRATCH in line
    assert "better than from scratch" in words(section)  # the language model, whose interval excludes zero


@pytest.mark.parametrize(
    ("low", "high", "is_accuracy", "said"),
    [
        (0.001, 0.02, True, "better than from scratch"),
        (0.001, 0.02, False, "worse than from scratch"),
        (-0.02, -0.001, False, "better than from scratch"),
        (-0.001, 0.02, True, "no difference that can be told from chance"),
        (None, None, True, "no interval, so nothing can be said"),
    ],
)
def test_only_an_interval_without_zero_makes_a_difference(
    low: float | None, high: float | None, is_accuracy: bool, said: str
) -> None:
    value = 0.01 if low is None or low + (high or 0) > 0 else -0.01
    assert compared(one("mlp", "x", "difference", value, low, high), is_accuracy, FORMATS) == said


def test_a_cpus_ratios_are_not_used_for_an_accelerator(section: str, planned: Planned, folder: Path) -> None:
    assert "measured speed-ups are refused, because" in words(section)
    assert "The plan serves on h100-sxm. The speed ratios below are of another machine" in words(section)
    measured = find(str(folder / "compress.json"))
    assert [run.is_of_the_plan for run in compression_runs(measured, HERE, FORMATS)] == [True]
    assert [run.is_of_the_plan for run in compression_runs(measured, H100, FORMATS)] == [False]


def test_the_record_of_a_whole_run_stays_the_headline(planned: Planned, folder: Path) -> None:
    measured = find(str(folder))
    assert measured.record is not None
    assert measured.record.suite == "quick"
    assert measured.kept[0][1].suite == "compress"
    speed = "data.filter_bytes_per_machine_second=2e6"
    alone = page(planned("base", speed, measurements=str(folder / "compress.json")))
    assert alone.count('<section id="compression"') == 1
    bench = alone.split('<section id="bench"')[1].split("</section>")[0]
    assert '<details class="subject"' not in bench  # its tables would have a column for each form


def test_no_speed_of_a_plan_is_read_off_a_record_of_compression(folder: Path) -> None:
    assert list(find(str(folder / "compress.json")).sightings("prefill_seconds")) == []
    assert list(find(str(folder / "compress.json")).sightings("latency_seconds")) == []
    said = find(str(folder / "compress.json")).find("gpt", "loss_nats_per_byte")
    assert isinstance(said, str)
    assert "has no loss_nats_per_byte of gpt" in said


def test_where_nothing_is_known_there_is_no_section(planned: Planned) -> None:
    result = planned("base", "serving.serving_accelerator=l40s")
    assert compression_runs(result.measured, "l40s", FORMATS) == []
    assert not CompressionMoney(result, Entries(result, FORMATS), FORMATS).is_shown


def test_the_newest_record_of_a_machine_tells_of_a_model(tmp_path: Path) -> None:
    older, newer = compress_record(day=19), compress_record(day=20)
    only_mlp = [m for m in newer.measurements if m.subject == "mlp"]
    save(older, tmp_path / "older.json")
    save(newer.model_copy(update={"measurements": tuple(only_mlp)}), tmp_path / "newer.json")
    runs = compression_runs(find(str(tmp_path)), H100, FORMATS)
    assert [(run.file, [s.name for s in run.subjects]) for run in runs] == [
        ("newer.json", ["mlp"]),
        ("older.json", ["gpt"]),
    ]


def test_names_from_a_record_are_escaped(section: str) -> None:
    assert "<b onclick" not in section
    assert HOSTILE in words(section)


def test_chinese_says_it_in_chinese(planned: Planned, folder: Path) -> None:
    recipe = "serving.compression=prune(layers, 0.25) -> distil"
    html = page(planned("base", recipe, measurements=str(folder)), "zh")
    said = words(html.split('<section id="compression"')[1].split("</section>")[0])
    assert "此处没有提速" in said
    assert "本计划的配方节省多少" in said
    assert BEST in said
    # What sources say stays English.
    told = re.sub("关于配方还知道些什么.*?实测结果", "", said).replace(
        SMALL_MODEL, ""
    )  # what sources say stays English
    for english in (
        "faster",
        "no speed-up",
        "frontier",
        "because",
        "from scratch",
        "times smaller",
        "saves",
        "in this",
    ):
        assert english not in told


def test_a_verdict_follows_the_interval_where_the_bench_says_nothing() -> None:
    assert verdict(one("mlp", "x", "latency_ratio", 1.2, 1.1, 1.3, batch=1), FORMATS) == "faster"
    assert not is_faster(one("mlp", "x", "latency_ratio", 1.2, 0.9, 1.3, batch=1))
    assert (
        verdict(one("mlp", "x", "latency_ratio", 0.8, 0.7, 0.9, batch=1), FORMATS)
        == "no speed-up here: slower"
    )
    odd = one(
        "mlp", "x", "latency_ratio", 0.8, 0.7, 0.9, "no speed-up here, slower, because of <rain>", batch=1
    )
    assert verdict(odd, FORMATS) == "no speed-up here: slower, because of <rain>"


def test_a_control_is_known_by_its_steps() -> None:
    assert is_control(
        "prune(neurons, 0.5) -> restart -> finetune(300) -> int8",
        "prune(neurons, 0.5) -> distil(logits, 2, 300) -> int8",
    )
    assert not is_control("prune(neurons, 0.5) -> restart -> finetune", "prune(neurons, 0.75) -> distil")
    assert not is_control("restart -> finetune", "prune(neurons, 0.75) -> finetune")


def test_the_counts_leave_out_what_is_no_recipe() -> None:
    counts = dict(subject_of(compress_record()).counts)
    assert counts["Recipes"] == len(MLP) - 1 + 1  # the engine alone is a baseline, one recipe failed
    assert counts["Could not be measured"] == 1
    assert counts["Collapsed in quality"] == 1
    assert counts["Faster, batch 1"] + counts["No speed-up here"] == len(MLP) - 1


def test_the_line_joins_only_forms_that_keep_their_quality() -> None:
    def point(number: int, size: float, speed: float, loss: str = "kept", on: bool = True) -> Point:
        return Point(number, size, speed, None, None, loss, on)  # type: ignore[arg-type]

    points = [
        point(1, 100, 1),
        point(2, 50, 3),
        point(3, 10, 2),
        point(4, 5, 9, "much"),
        point(5, 8, 2, on=False),
    ]
    assert [p.number for p in outer(points)] == [3, 2]


def test_labels_of_the_chart_do_not_cover_each_other() -> None:
    crowd = [Point(n, 1e6 * (1 + n / 400), 2 + n / 100, None, None, "kept", n % 3 == 0) for n in range(1, 31)]
    drawings = re.findall(
        r"<svg.*?</svg>", frontier("crowd", Texts("title", "summary", "up"), crowd, FORMATS)
    )
    assert len(drawings) == len(SIZES)
    for drawing, size in zip(drawings, SIZES, strict=True):
        texts = [e for e in ElementTree.fromstring(drawing).iter("text") if "number-of" in e.attrib["class"]]
        places = [(float(e.attrib["x"]), float(e.attrib["y"])) for e in texts]
        assert sorted(int(e.text or 0) for e in texts) == list(range(1, 31))
        assert all(0 < x < size.width and 0 < y < size.height for x, y in places)
        apart = [
            (abs(a[0] - b[0]), abs(a[1] - b[1]))
            for i, a in enumerate(places)
            for b in places[:i]
            if hypot(a[0] - b[0], a[1] - b[1]) < 20
        ]
        assert all(across >= 7 or down >= 11 for across, down in apart)


def test_the_marks_of_an_axis_are_round() -> None:
    assert log_ticks(0.8, 6.0) == (1.0, 2.0, 5.0)
    assert log_ticks(2e3, 3e7) == (1e4, 1e5, 1e6, 1e7)


def test_a_record_with_little_in_it_still_makes_a_table() -> None:
    few: list[Measurement] = [
        one("own", "fp32", "latency_seconds", 1e-3, batch=1),
        one("own", "int8", "latency_ratio", 0.0, batch=1),
        one("own", "int8", "file_bytes", 0.0),
        one("own", "bf16", "latency_ratio", 1.2, batch=1),
    ]
    record = compress_record().model_copy(update={"measurements": tuple(few)})
    found = subject_of(record, "own")
    assert [str(r.recipe) for r in found.rows] == [
        f"<code>{name}</code>" for name in ("fp32", "bf16", "int8")
    ]
    assert found.chart == ""
    assert found.frontier == ()


def test_every_reason_that_the_bench_gives_has_words_of_the_page() -> None:
    bound = Bound(seconds=1e-4, least_seconds=1e-6)
    heavy = Bound(seconds=1e-4, least_seconds=9e-5)
    slower, noise, wild = (
        Estimate(*ends, ()) for ends in ((0.5, 0.4, 0.6), (1.0, 0.9, 1.1), (1.2, 0.9, 1.5))
    )
    cases = [
        ("prune(magnitude, 0.5)", "torch", bound, noise),
        ("int8", "torch", bound, slower),
        ("fp16", "torch", heavy, slower),
        ("prune(gradual, 0.9) -> sparse(csr)", "torch", heavy, slower),
        ("qat", "torch", heavy, noise),
        ("torchao(int8_weight)", "torchao", heavy, slower),
        ("onnx(int8)", "onnxruntime", heavy, slower),
        ("onnx(int8)", "onnxruntime", heavy, wild),
    ]
    chinese = Formats(messages("zh"))
    for recipe, engine, limit, ratio in cases:
        form = Form(nn.Identity(), 1, 1, engine=engine)
        said = in_words(ratio, 0.02, read_recipe(recipe), form, limit, "AVX2")
        note = f"{said}; fp32 against itself differed by up to 2.0%"
        m = one("mlp", recipe, "latency_ratio", ratio.value, ratio.low, ratio.high, note, batch=1)
        assert said.partition("because ")[2] in verdict(m, FORMATS)
        assert not re.search(r"[a-z]{4,} [a-z]{2,} [a-z]{2,}", verdict(m, chinese)), verdict(m, chinese)


def test_a_language_model_is_ranked_by_the_writing_of_text() -> None:
    found = subject_of(compress_record(), "gpt")
    assert dict(found.counts)["Faster, writing (batch 1, context 128)"] == 3
    best = next(row for row in found.frontier if "prune" in row.recipe)
    assert best.facts == "5.2 x the speed, 5.56 times smaller, loss +6%"


def test_warnings_leave_out_what_the_table_says(tmp_path: Path) -> None:
    said = (
        "int8_static was not measured: torchao is not installed.",
        "Quality collapsed, so that these are of no use: prune(magnitude, 0.95) (accuracy fell by 31.2 points).",
    )
    save(compress_record().model_copy(update={"warnings": said}), tmp_path / "compress.json")
    runs = compression_runs(find(str(tmp_path)), H100, FORMATS)
    assert runs[0].warnings == said[1:]


def test_an_interval_of_tiny_numbers_keeps_its_power_of_ten() -> None:
    tiny = one("gpt", "int8", "loss_difference_nats_per_byte", -6.2e-5, -9.2e-5, -3.2e-5)
    assert ends(tiny, FORMATS) == "\u22129.2 x 10\u207b\u2075 to \u22123.2 x 10\u207b\u2075"


@pytest.mark.browser
def test_it_fits_a_phone_and_paper_and_can_be_read(
    browser: Browser, whole: str, tmp_path: Path, root: Path
) -> None:
    (tmp_path / "page.html").write_text(whole, "utf-8")
    contrast = (root / "tests" / "planner" / "report" / "contrast.js").read_text("utf-8")
    for scheme in ("light", "dark"):
        context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        opened = context.new_page()
        opened.goto((tmp_path / "page.html").as_uri())
        opened.evaluate(
            "document.querySelectorAll('#compression details').forEach(box => { box.open = true })"
        )
        assert opened.evaluate("document.documentElement.scrollWidth") <= 390
        assert opened.locator("#compression svg.chart.narrow:visible").count() == 2
        assert opened.evaluate(contrast) == []
        opened.set_viewport_size({"width": 690, "height": 1000})  # a sheet of A4 within its margins
        opened.emulate_media(media="print")
        for table in opened.locator("#compression table.recipes").all():
            assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
        context.close()
