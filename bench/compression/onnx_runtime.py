"""Modules whose work ONNX Runtime does: they hold the file's bytes, and make a session when they are first called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from bench.compression.extras import first_line, needed
from bench.errors import MeasurementError

if TYPE_CHECKING:
    import onnxruntime

EXTRA = "deploy"
MAX_FILE_BYTES = 2**31 - 1
"""Of one protobuf message; larger models keep their weights in files beside, which is not done here."""


class OnnxModel(nn.Module):
    """Inputs to logits by ONNX Runtime on the CPU, with as many threads as torch uses at the time; pickles as bytes."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content
        self._session: onnxruntime.InferenceSession | None = None
        self._num_threads = 0
        self._input = ""

    def session(self) -> onnxruntime.InferenceSession:
        """Return the session for torch's present number of threads.

        Raises MeasurementError when ONNX Runtime is missing or refuses the model.
        """
        num_threads = torch.get_num_threads()
        if self._session is None or num_threads != self._num_threads:
            self._session = new_session(self.content, num_threads)
            self._num_threads = num_threads
            self._input = self._session.get_inputs()[0].name
        return self._session

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits; tensors go in and out without a copy."""
        session = self.session()
        [logits] = session.run(None, {self._input: inputs.numpy()})
        return torch.from_numpy(logits)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None, "_num_threads": 0}


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
