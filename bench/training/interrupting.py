"""Ctrl-C and a request to terminate are kept until a step is whole, so that a checkpoint can be written."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = {signal.SIGINT: "ctrl-C", signal.SIGTERM: "a request to terminate"}


class StopRequests:
    """While it is entered, signals set `asked`; a second ctrl-C stops at once where this is `hasty`.

    Signals that were ignored stay so, and threads other than the main one cannot watch.
    """

    def __init__(self, hasty: bool = True) -> None:
        self.asked = ""
        self._hasty = hasty
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked and self._hasty:
            raise KeyboardInterrupt
        self.asked = SIGNALS[signal.Signals(number)]
