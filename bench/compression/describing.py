"""Writes up a compression run: for each form its size, speed, quality and cost, beside the model it was made from."""

from __future__ import annotations

from bench.compression import verdicts
from bench.compression.extras import first_line
from bench.compression.forms import Form
from bench.compression.frontier import Place, dominating
from bench.compression.quality import collapsed, mean
from bench.compression.recipes import CompressionRecipe
from bench.compression.story import FP32, Speed, Story
from bench.compression.timing import MANY, SINGLE, process_peak
from bench.compression.workshop import Finished
from bench.errors import MeasurementError
from bench.measuring import memory
from bench.measuring.latency import Estimate, estimate, median_speed, noise_floor, paired_ratio, together
from bench.measuring.speed import CONTROL
from bench.sheet import Sheet

INTERLEAVED = (
    "median over rounds of the fastest block; all forms in turns, in random order, in a fresh process"
)


def describe(sheet: Sheet, story: Story) -> list[str]:
    """Note every form on the sheet and return what is to be warned of."""
    warnings: list[str] = []
    bound = story.bound
    if bound.is_overhead:
        warnings.append(
            f"Small model: at batch 1 {bound.in_words()}. Formats gain little; engines gain most."
        )
    fallen: list[str] = []
    _note_control(sheet, story)
    for each in story.finished:
        variant = str(each.recipe)
        if each.form is None or not each.test:
            _note_failure(sheet, variant, each.failure)
            warnings.append(f"{variant} was not measured: {each.failure}.")
            continue
        _note_size(sheet, story, each, each.form)
        fallen += _note_quality(sheet, story, variant)
        if variant in story.timed.failures:
            why = f"it was made and does not run where it is timed: {story.timed.failures[variant]}"
            _note_failure(sheet, variant, why)
            warnings.append(f"{variant} was not timed: {why}.")
        elif not each.recipe.has("restart"):
            _note_speed(sheet, story, each.recipe, each.form)
        _note_against_scratch(sheet, story, each.recipe)
    _note_frontier(sheet, story)
    if fallen:
        warnings.append(f"Quality collapsed, so that these are of no use: {'; '.join(fallen)}.")
    return warnings


def _note_failure(sheet: Sheet, variant: str, why: str) -> None:
    sheet.add(
        "latency_ratio", None, "speed over fp32", variant=variant, conditions={"batch": SINGLE},
        note=f"not measured: {why}",
    )  # fmt: skip


def _note_size(sheet: Sheet, story: Story, finished: Finished, form: Form) -> None:
    variant, plain = str(finished.recipe), story.finished[0].form
    assert plain is not None
    about = form.method or "as it was trained"
    note = "; ".join(form.notes)
    sheet.add(
        "params", form.num_params, f"parameters that are left, zeros not counted; {about}", variant=variant
    )
    sheet.add("file_bytes", form.file_bytes, f"what must be stored; {about}", variant=variant, note=note)
    sheet.add(
        "file_ratio",
        form.file_bytes / plain.file_bytes,
        f"file of {variant} over that of fp32",
        variant=variant,
    )
    flops = form.forward_flops or (story.task.config.forward_flops(1) if story.task.config else None)
    if flops is not None:
        sheet.add(
            "forward_flops", flops, "one row, by the formula of the shape as it is stored", variant=variant
        )
    _note_memory(sheet, story, variant, form)
    if variant != FP32:
        cost = finished.cost
        sheet.add(
            "recipe_seconds",
            cost.seconds,
            "wall time of the recipe's own training and conversion",
            variant=variant,
        )
        sheet.add(
            "recipe_training_flops", cost.training_flops,
            f"{cost.training_steps} steps of training, a teacher's passes included", variant=variant,
        )  # fmt: skip


def _note_memory(sheet: Sheet, story: Story, variant: str, form: Form) -> None:
    rows = story.data.test.inputs[:MANY]
    try:
        if form.engine == "torch" or story.device == "cuda":
            peak = form.file_bytes + memory.tensor_peak_bytes(lambda: form.module(rows), story.device)
            how = "stored weights and the highest sum of tensors of a forward pass"
        else:
            peak = process_peak(form.module, rows)
            how = f"memory of a fresh process beyond what it held before {form.engine} ran, its libraries included"
    except (MeasurementError, RuntimeError) as err:
        why = first_line(err)[:200]
        sheet.add("peak_memory_bytes", None, "highest memory of a forward pass", variant=variant, note=why)
        return
    sheet.add("peak_memory_bytes", peak, how, variant=variant, conditions={"batch": len(rows)})


def _note_quality(sheet: Sheet, story: Story, variant: str) -> list[str]:
    quality, plain, item = story.qualities[variant], story.qualities[FP32], story.item
    seeds = len(quality.losses_nats)
    method = f"mean over {quality.losses_nats.shape[1]} rows of the test part and {seeds} seed(s) of the whole training"
    sheet.add(f"loss_nats_per_{item}", mean(quality.losses_nats), method, variant=variant)
    sheet.add("accuracy_share", mean(quality.accuracies_share), method, variant=variant)
    if variant == FP32:
        return []
    said = collapsed(quality, plain)
    paired = f"{variant} less fp32 of the same seed, row by row"
    before = slice(0, seeds)
    loss, right = (
        quality.losses_nats - plain.losses_nats[before],
        quality.accuracies_share - plain.accuracies_share[before],
    )
    sheet.add(f"loss_difference_nats_per_{item}", mean(loss), paired, variant=variant)
    sheet.add("accuracy_difference_share", mean(right), paired, variant=variant, note=said)
    ratio = float(quality.losses_nats.mean() / plain.losses_nats[before].mean())
    sheet.add("loss_ratio", ratio, "mean loss over that of fp32", variant=variant)
    return [f"{variant} ({said.removeprefix('collapsed: ')})"] if said else []


ABSOLUTE = {
    "latency_ratio": "latency_seconds",
    "prefill_ratio": "prefill_seconds",
    "decode_ratio": "decode_seconds_per_token",
}
"""What is noted in seconds beside each ratio."""


def _note_speed(sheet: Sheet, story: Story, recipe: CompressionRecipe, form: Form) -> None:
    variant, watch = str(recipe), story.timed.watch
    where = "on the GPU" if story.device == "cuda" else "1 thread"
    for speed, timings in story.timings.items():
        name, conditions = speed[0], dict(speed[1])
        if variant not in timings:
            continue
        seconds = estimate(timings[variant].seconds).widened(watch.slowdown_ratio)
        is_whole = name == "latency_ratio"
        method = (
            f"{INTERLEAVED}; batch {conditions['batch']}, {where}"
            if is_whole
            else f"with keys and values kept; {INTERLEAVED}; {where}"
        )
        sheet.add(
            ABSOLUTE[name], seconds, method, variant=variant, conditions=conditions,
            samples=timings[variant].seconds if is_whole else (),
        )  # fmt: skip
        if is_whole:
            items = seconds.inverted(conditions["batch"] * story.task.items_per_row)
            unit = f"throughput_{story.data.item}_per_second"
            sheet.add(unit, items, method, variant=variant, conditions=conditions)
        if variant != FP32:
            _note_ratio(sheet, story, speed, recipe, form)


def _note_ratio(sheet: Sheet, story: Story, speed: Speed, recipe: CompressionRecipe, form: Form) -> None:
    variant, timings = str(recipe), story.timings[speed]
    pair = together(timings[FP32], timings[variant])
    ratio = paired_ratio(*pair, contended=story.timed.watch.contended)
    floor = noise_floor(story.controls[speed])
    said = verdicts.in_words(ratio, floor, recipe, form, story.bound, story.capability)
    sheet.add(
        speed[0], ratio, f"how many times faster than fp32, median over rounds of paired ratios; {INTERLEAVED}",
        variant=variant, conditions=dict(speed[1]),
        note=f"{said}; fp32 against itself differed by up to {floor:.1%}", samples=ratio.samples,
    )  # fmt: skip


def _note_control(sheet: Sheet, story: Story) -> None:
    for (name, conditions), control in story.controls.items():
        if name == "latency_ratio":
            sheet.add(
                "control_ratio", control, "fp32 against a copy of itself, timed as all forms are", variant=CONTROL,
                conditions=dict(conditions), note=f"less than {noise_floor(control):.1%} means nothing",
            )  # fmt: skip


def _note_against_scratch(sheet: Sheet, story: Story, recipe: CompressionRecipe) -> None:
    """Note what the teacher was worth: the distilled form less the same shape trained from scratch for as long."""
    trained_only = all(step.method.stage == "training" for step in recipe.steps)
    if not recipe.has("distil") or not trained_only:
        return
    qualities, control = story.qualities, str(recipe.control())
    if control not in qualities:
        return
    mine, other = qualities[str(recipe)], qualities[control]
    count = min(len(mine.losses_nats), len(other.losses_nats))
    for name, found in (
        (
            f"scratch_loss_difference_nats_per_{story.item}",
            mine.losses_nats[:count] - other.losses_nats[:count],
        ),
        ("scratch_accuracy_difference_share", mine.accuracies_share[:count] - other.accuracies_share[:count]),
    ):
        difference = mean(found)
        sheet.add(
            name, difference, f"less `{control}`, the same shape from scratch with as many steps, row by row",
            variant=str(recipe), note=_judged(difference, count), samples=difference.samples,
        )  # fmt: skip


def _judged(difference: Estimate, seeds: int) -> str:
    told = "differs" if difference.low > 0 or difference.high < 0 else "cannot be told from no difference"
    return f"over {seeds} seed(s) it {told}"


def _note_frontier(sheet: Sheet, story: Story) -> None:
    cell = max(story.timed.decode, key=lambda c: (-c.batch, c.context_tokens), default=None)
    timings = story.timed.rows[SINGLE] if cell is None else story.timed.decode[cell]
    speed = "batch 1" if cell is None else f"writing at batch {cell.batch} after {cell.context_tokens} tokens"
    places = {
        str(each.recipe): Place(
            each.form.file_bytes,
            median_speed(timings[FP32], timings[str(each.recipe)]),
            float(story.qualities[str(each.recipe)].losses_nats.mean()),
        )
        for each in story.finished
        if each.form is not None and str(each.recipe) in timings and each.test
    }
    for name, others in dominating(places).items():
        sheet.add(
            "dominating_recipes", len(others),
            f"recipes that are nowhere worse and somewhere better in size of the file, speed ({speed}) and test loss",
            variant=name, note=", ".join(others) or "on the frontier",
        )  # fmt: skip
