"""The one exception tree of Benchplan; both packages raise from it.

BenchplanError            the root: exit status 1, something failed
  InputError              the user's input is wrong: exit status 2
    RecordError           a bench record cannot be read or used
    ScenarioError         a scenario file is wrong (planner)
    FigureError           a figure's name, wiring or override is wrong (planner)
    CatalogueError        a published fact is missing (planner)
  MeasurementError        a measurement could not be made
"""


class BenchplanError(Exception):
    """Root of all errors that Benchplan raises on purpose; its text is shown to the user as it stands."""

    exit_status = 1


class InputError(BenchplanError):
    """What the user gave is wrong: the text names the place, the fault and what is allowed."""

    exit_status = 2


class RecordError(InputError):
    """A bench record is missing, damaged, of a newer version, or of no use here."""


class MeasurementError(BenchplanError):
    """A measurement could not be made on this machine."""
