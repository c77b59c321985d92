"""Modules whose work ONNX Runtime does: they hold the file's bytes, and make a session when they are first called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from bench.compression.extras import first_line, needed
from bench.errors import MeasurementError

if TYPE_CHECKING:
    import onnxruntime

EXTRA = "deploy"
MAX_BOUND_SHAPES = 4
"""Shapes of inputs for which memory is kept."""
MAX_FILE_BYTES = 2**31 - 1
"""Of one protobuf message; larger models keep their weights in files beside, which is not done here."""


@dataclass(frozen=True)
class _Bound:
    """Memory for inputs and outputs of one shape that a session reads and writes where it lies."""

    num_threads: int
    inputs: Tensor
    outputs: Tensor
    run: Callable[[], None]


class OnnxModel(nn.Module):
    """Inputs to logits by ONNX Runtime on the CPU, with as many threads as torch uses at the time; pickles as bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content
        self._session: onnxruntime.InferenceSession | None = None
        self._num_threads = 0
        self._input = ""
        self._bound: dict[torch.Size, _Bound] = {}

    def session(self) -> onnxruntime.InferenceSession:
        """Return the session for torch's present number of threads.

        Raises MeasurementError when ONNX Runtime is missing or refuses the model.
        """
        num_threads = torch.get_num_threads()
        if self._session is None or num_threads != self._num_threads:
            self._session = new_session(self.content, num_threads)
            self._num_threads = num_threads
            self._input = self._session.get_inputs()[0].name
            self._bound.clear()
        return self._session

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits.

        The session reads and writes memory that was bound for the shape before: for small models handing over fresh
        arrays takes longer than the work.
        """
        bound = self._bound.get(inputs.shape)
        if bound is None or bound.num_threads != torch.get_num_threads():
            bound = self._bind(inputs)
        bound.inputs.copy_(inputs)
        bound.run()
        return bound.outputs.clone()

    def _bind(self, inputs: Tensor) -> _Bound:
        """Run once to learn the shape of the outputs, and bind memory for both."""
        session = self.session()
        held = inputs.detach().clone().contiguous()
        array = held.numpy()
        [logits] = session.run(None, {self._input: array})
        found = torch.from_numpy(logits)
        binding = session.io_binding()
        binding.bind_input(self._input, "cpu", 0, array.dtype, array.shape, held.data_ptr())
        name = session.get_outputs()[0].name
        binding.bind_output(name, "cpu", 0, logits.dtype, logits.shape, found.data_ptr())
        bound = _Bound(self._num_threads, held, found, partial(session.run_with_iobinding, binding))
        if len(self._bound) >= MAX_BOUND_SHAPES:
            self._bound.clear()
        self._bound[inputs.shape] = bound
        return bound

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None, "_num_threads": 0, "_bound": {}}


def new_session(content: bytes, num_threads: int) -> onnxruntime.InferenceSession:
    """Make a session of a model.

    Raises MeasurementError when ONNX Runtime is missing or refuses the model.
    """
    runtime = needed("onnxruntime", "onnx", EXTRA)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = num_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Threads that wait for work in a loop would slow what is timed in between.
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if num_threads > 1 else "0")
    options.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        session: onnxruntime.InferenceSession = runtime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"]
        )
    except refusals() as err:
        raise MeasurementError(f"onnx: ONNX Runtime refuses the model ({first_line(err)})") from err
    return session


def refusals() -> tuple[type[Exception], ...]:
    """Return what ONNX Runtime raises for a model or inputs that it cannot take: its errors share no root."""
    state = needed("onnxruntime.capi.onnxruntime_pybind11_state", "onnx", EXTRA)
    names = (
        "Fail",
        "InvalidArgument",
        "InvalidGraph",
        "NotImplemented",
        "RuntimeException",
        "InvalidProtobuf",
    )
    return (RuntimeError, ValueError, *(getattr(state, name) for name in names))
