"""How fast the machine goes right now, told by small models of the calibration that run again for some seconds.

The pace of a shared host changes within minutes: a calibration that was made in a busy one foretold steps of a quiet
one a fifth too slow, while what it said of them undisturbed was 4 % off.
"""

from __future__ import annotations

from bench.measuring.num_threads import threads
from bench.prediction.calibrating import Calibration
from bench.prediction.cells import MIN_BLOCKS, PRESENT_CELLS, PRESENT_SECONDS
from bench.prediction.fitting import Pace
from bench.prediction.pace import timed
from bench.prediction.refusals import unusable
from bench.prediction.tasks import prepare


def present_pace(calibration: Calibration) -> Pace:
    """Return how many times longer than undisturbed steps take now; takes some seconds.

    Raises RecordError where the calibration did not run the same small models.
    """
    known = {cell.name for cell in calibration.fit.cells}
    ratios = {}
    with threads(calibration.num_threads):
        for task in PRESENT_CELLS:
            if task.in_words() not in known:
                raise unusable(f"the calibration did not run a {task.in_words()}")
            found = timed(prepare(task), PRESENT_SECONDS, MIN_BLOCKS).paced(calibration.reference_seconds)
            ratios[task.in_words()] = found.pace_ratio
    return calibration.fit.pace_of(ratios)
