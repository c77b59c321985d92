"""What the catalogue promises about published defaults."""

import subprocess
import sys

import pytest

from planner.catalogue import reference, reference_names
from planner.errors import CatalogueError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("training_mfu_share", 0.375),
        ("research_compute_ratio", 1 / (1 - 0.822)),
        ("base_churn_share_per_month", 1 - 0.40 ** (1 / 12)),
        ("user_innovation_share_per_month", 0.03 / 12),
        ("user_imitation_share_per_month", 0.38 / 12),
        ("interruption_interval_gpu_hours", 16384 * 54 * 24 / 419),
        ("billable_share", 0.689),
    ],
)
def test_known_facts(name: str, value: float) -> None:
    known = reference(name)
    assert known.value == pytest.approx(value, rel=0.005)
    assert known.evidence == "published"


def test_a_range_reads_as_an_interval_of_a_scenario() -> None:
    assert reference("training_mfu_share").interval == "0.197 to 0.565"
    assert reference("billable_share").interval is None


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(CatalogueError, match="did you mean 'training_mfu_share'"):
        reference("training_mfu_shares")
    assert "training_mfu_share" in reference_names()


def test_reading_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from planner.catalogue import price, reference\n"
        "price('h100-sxm'), reference('training_mfu_share')\n"
        "heavy = {'pandas', 'scipy', 'torch', 'pydantic'} & set(sys.modules)\n"
        "print(sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
