"""Our best recipe beside torchao's and ONNX Runtime's own ways with one perceptron, timed by torchao's function."""

from __future__ import annotations

import copy
import random
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 15
OURS = ("prune(neurons, 0.875) -> distil(logits, 1, 800) -> onnx", "onnx(int8)")


def side_by_side(seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Return microseconds and ratios at batch 1 and 32 on one thread, all in turns in this process."""
    import torch
    from torchao.utils import benchmark_torch_function_in_microseconds as microseconds

    from bench.compression.recipes import read_recipe
    from bench.compression.shelf import Shelf
    from bench.compression.workshop import Bench, Workshop
    from bench.measuring.latency import speed_ratio
    from bench.training.recipes import Recipe
    from bench.training.tasks import make_task

    options = {"target": None, "vocabulary": "bytes", "context_tokens": 128}
    task = make_task("mlp", "digits", seed, {"layers": 2, "d_model": 1024}, options)
    base = Recipe(600, 64, 2e-3, 30, seed=seed)
    workshop = Workshop(Bench(task, task.data, "cpu", base, base, Shelf(None, {}, resume=False), say), seed)
    model = workshop.form(read_recipe("")).module
    torch.set_num_threads(1)
    calls: dict[str, Any] = {
        "fp32 eager": model,
        **{text: workshop.form(read_recipe(text)).module for text in OURS},
    }
    failures = {}
    for name, make in {**torchao_ways(model), **onnx_ways(model, task.data.test.inputs[:2])}.items():
        try:
            calls[name] = make()
        except Exception as err:  # noqa: BLE001, what cannot be had here is told and the rest goes on
            failures[name] = f"{type(err).__name__}: {str(err).partition(chr(10))[0][:200]}"
    found: dict[str, Any] = {"failures": failures}
    for batch in (1, 32):
        inputs = task.data.test.inputs[:batch]
        say(f"others beside ours, batch {batch}")
        times: dict[str, list[float]] = {name: [] for name in calls}
        with torch.inference_mode():
            for call in calls.values():
                for _ in range(20):
                    call(inputs)
            order = list(calls)
            for _ in range(ROUNDS):
                random.shuffle(order)
                for name in order:
                    times[name].append(microseconds(calls[name], inputs))
        best_of_theirs = min(
            (n for n in calls if n not in (*OURS, "fp32 eager")), key=lambda n: min(times[n])
        )
        ratio = speed_ratio(times[best_of_theirs], times[OURS[0]])
        found[f"batch {batch}"] = {
            "microseconds": {name: min(each) for name, each in times.items()},
            "best_of_theirs": best_of_theirs,
            "ours_over_best_of_theirs": [ratio.value, ratio.low, ratio.high],
        }
    return found


def torchao_ways(model: Any) -> dict[str, Callable[[], Any]]:
    """Return torchao's formats as its documentation says to run them: quantized in place, then compiled."""

    def quantized(config: str) -> Any:
        import torch
        import torchao.quantization as ao

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            changed = copy.deepcopy(model)
            ao.quantize_(changed, getattr(ao, config)())
            return torch.compile(changed)

    return {
        "torchao int8 dynamic, compiled": lambda: quantized("Int8DynamicActivationInt8WeightConfig"),
        "torchao int8 weights, compiled": lambda: quantized("Int8WeightOnlyConfig"),
    }


def onnx_ways(model: Any, example: Any) -> dict[str, Callable[[], Any]]:
    """Return ONNX Runtime's own export, quantizer and call."""

    def exported(folder: Path) -> Path:
        import torch

        path = folder / "model.onnx"
        shapes = ({0: torch.export.Dim("batch")},)
        torch.onnx.export(
            model, (example,), path, dynamo=True, dynamic_shapes=shapes, external_data=False, verbose=False
        )
        return path

    def session(path: Path) -> Any:
        import onnxruntime
        import torch

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        made = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        name = made.get_inputs()[0].name
        return lambda inputs: torch.from_numpy(made.run(None, {name: inputs.numpy()})[0])

    def plain() -> Any:
        with tempfile.TemporaryDirectory() as folder:
            return session(exported(Path(folder)))

    def quantized() -> Any:
        from onnxruntime.quantization import QuantType, quantize_dynamic
        from onnxruntime.quantization.shape_inference import quant_pre_process

        with tempfile.TemporaryDirectory() as folder:
            path, ready, small = (
                exported(Path(folder)),
                Path(folder) / "ready.onnx",
                Path(folder) / "small.onnx",
            )
            quant_pre_process(str(path), str(ready))
            quantize_dynamic(str(ready), str(small), per_channel=True, weight_type=QuantType.QInt8)
            return session(small)

    return {"ONNX Runtime fp32": plain, "ONNX Runtime int8 dynamic": quantized}
