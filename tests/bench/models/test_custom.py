"""The user's own model file is run as it stands, and whatever is wrong with it is named without a traceback."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
import torch

from bench.errors import InputError, MeasurementError
from bench.models.choosing import load_model_spec
from bench.models.counting import count_flops, count_params

pytestmark = pytest.mark.usefixtures("one_thread")

TWO_INPUTS = """
    import torch
    from torch import nn
    from helper import HIDDEN

    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Linear(4, HIDDEN), nn.Linear(6, HIDDEN)

        def forward(self, left, right):
            return {"sum": self.left(left) + self.right(right)}

    def make_pair():
        print("building")
        return Pair(), (torch.randn(2, 4), torch.randn(2, 6))
"""


def write(folder: Path, code: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(textwrap.dedent(code), encoding="utf-8")
    return path


def test_a_model_of_two_inputs_is_loaded_counted_and_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "HIDDEN = 5", "helper.py")
    model = load_model_spec(f"{write(tmp_path, TWO_INPUTS)}:make_pair")
    assert capsys.readouterr().out == "", "standard output belongs to the bench"
    assert (model.name, model.origin, model.config) == ("make_pair", "make_pair of mine.py", None)
    assert model.num_rows == 2
    wider = model.inputs(5)
    assert [tuple(tensor.shape) for tensor in wider] == [(5, 4), (5, 6)]
    assert torch.equal(wider[0][4], model.example_inputs[0][0])
    module = model.make()
    assert module(*wider)["sum"].shape == (5, 5)
    assert count_params(model, module) == 4 * 5 + 5 + 6 * 5 + 5
    account = count_flops(model, num_rows=5, module=module)
    assert account.flops == 2 * 5 * (4 * 5 + 6 * 5)
    assert not account.has_formula
    assert "there is no formula for this model" in account.method
    assert [tool.flops for tool in account.tools] == [account.flops] * 4


def test_the_same_weights_and_inputs_come_each_time(tmp_path: Path) -> None:
    path = write(tmp_path, "import torch\ndef f(): return torch.nn.Linear(3, 2), torch.randn(1, 3)\n")
    first, second = load_model_spec(f"{path}:f"), load_model_spec(f"{path}:f")
    torch.manual_seed(5)
    assert torch.equal(first.example_inputs[0], second.example_inputs[0])
    for a, b in zip(first.make().parameters(), second.make().parameters(), strict=True):
        assert torch.equal(a, b)


WRONG = {
    "no file": (None, "nothing.py:f", "there is no file .*nothing.py"),
    "no function given": ("", "mine.py", "which function\\? Give .*mine.py:function"),
    "misspelt": ("def make_model(): ...", "mine.py:make_modle", "no function 'make_modle'. Did you mean 'make_model'"),
    "another name": ("def make(): ...\ndef other(): ...", "mine.py:zzz", "It has make, other"),
    "no function at all": ("x = 3", "mine.py:x", "It has none"),
    "syntax": ("def f(:\n    pass", "mine.py:f", r"cannot be imported SyntaxError: .* \(mine.py:1\)"),
    "import": ("\n\nimport nosuchthing", "mine.py:f", r"ModuleNotFoundError: .*'nosuchthing' \(mine.py:3\)"),
    "exits": ("import sys\nsys.exit(3)", "mine.py:f", r"SystemExit: 3 \(mine.py:2\)"),
    "raises": ("\ndef f():\n    raise KeyError('weights')\n", "mine.py:f", r"raised KeyError: 'weights' \(mine.py:3\)"),
    "raises inside torch": (
        "import torch\ndef f():\n    return torch.nn.Linear(2, 'x'), torch.zeros(1, 2)\n",
        "mine.py:f", r"raised TypeError: .* \(mine.py:3\)",
    ),
    "needs arguments": ("def f(size): ...", "mine.py:f", "raised TypeError: .*missing 1 required positional"),
    "returns none": ("def f(): ...", "mine.py:f", "returned NoneType; it must return .module, example_inputs"),
    "returns the module alone": (
        "import torch\ndef f(): return torch.nn.Linear(1, 1)", "mine.py:f", "returned Linear; it must",
    ),
    "inputs are no tensors": (
        "import torch\ndef f(): return torch.nn.Linear(1, 1), [1.0, 2.0]",
        "mine.py:f", r"returned tuple of \(Linear, list of \(float, float\)\)",
    ),
    "swapped": (
        "import torch\ndef f(): return torch.zeros(1), torch.nn.Linear(1, 1)", "mine.py:f", r"\(Tensor, Linear\)",
    ),
    "no inputs": ("import torch\ndef f(): return torch.nn.Linear(1, 1), ()", "mine.py:f", r"tuple of \(\)"),
    "no batch": (
        "import torch\ndef f(): return torch.nn.Linear(1, 1), torch.tensor(1.0)", "mine.py:f", "first axis of each",
    ),
    "unlike batches": (
        "import torch\ndef f(): return torch.nn.Bilinear(1, 1, 1), (torch.zeros(2, 1), torch.zeros(3, 1))",
        "mine.py:f", r"the shapes \(2, 1\), \(3, 1\); the first axis",
    ),
    "inputs that do not fit": (
        "import torch\ndef f(): return torch.nn.Linear(3, 1), torch.zeros(2, 4)",
        "mine.py:f", "module raised on its example inputs RuntimeError: mat1 and mat2",
    ),
    "gives no tensor": (
        "import torch\nclass M(torch.nn.Module):\n    def forward(self, x): return 3\n"
        "def f(): return M(), torch.zeros(2, 4)",
        "mine.py:f", "gives no tensor but int",
    ),
    "no such kind": (None, "gtp", "no such model. Did you mean 'gpt'"),
    "an empty folder": (None, "", "holds no config.json"),
}  # fmt: skip


@pytest.mark.parametrize(("code", "spec", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_named(code: str | None, spec: str, message: str, tmp_path: Path) -> None:
    if code is not None:
        write(tmp_path, code)
    with pytest.raises(InputError, match=message) as caught:
        load_model_spec(spec if spec == "gtp" else f"{tmp_path / spec}")
    assert "Traceback" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_the_counters_cannot_read_is_refused_and_not_called_free(tmp_path: Path) -> None:
    code = """
        import torch
        def f():
            linear = torch.nn.Sequential(torch.nn.Linear(16, 32))
            return torch.ao.quantization.quantize_dynamic(linear, {torch.nn.Linear}), torch.zeros(2, 16)
    """
    model = load_model_spec(f"{write(tmp_path, code)}:f")
    with pytest.raises(MeasurementError, match=r"counter does not know quantized::linear_dynamic"):
        count_flops(model, module=model.make())
