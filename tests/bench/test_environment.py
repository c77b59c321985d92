"""The machine is described by what bears on its speed and by nothing that tells whose it is."""

from __future__ import annotations

import getpass
import os
import socket
from pathlib import Path

import psutil
import pytest
import torch

from bench.environment import choose_device, describe_machine, fingerprint, num_cores
from bench.errors import InputError

FACTS: dict[str, str | int | None] = {"processor": "p", "num_cores": 2, "memory_bytes": 8 * 2**30}


def test_the_description_is_the_same_each_time() -> None:
    assert describe_machine("cpu") == describe_machine("cpu")


def test_neither_host_nor_user_nor_path_is_told() -> None:
    text = describe_machine("cpu").model_dump_json()
    assert socket.gethostname() not in text
    assert str(Path.home()) not in text
    assert os.sep + "home" not in text
    assert f'"{getpass.getuser()}"' not in text


def test_cores_and_memory_are_what_this_process_may_use() -> None:
    machine = describe_machine("cpu")
    assert 1 <= num_cores() <= (os.cpu_count() or 1)
    assert machine.num_cores == num_cores()
    assert 0 < machine.memory_bytes <= psutil.virtual_memory().total
    assert machine.torch == torch.__version__
    assert machine.accelerator is None


def test_a_faster_machine_has_another_fingerprint_and_a_few_bytes_less_do_not_matter() -> None:
    assert fingerprint(FACTS) == fingerprint({**FACTS, "memory_bytes": 8 * 2**30 - 4096})
    for change in ({"num_cores": 4}, {"memory_bytes": 16 * 2**30}, {"processor": "q"}):
        assert fingerprint({**FACTS, **change}) != fingerprint(FACTS)


def test_a_device_that_is_not_there_is_refused() -> None:
    assert choose_device("cpu") == "cpu"
    if torch.cuda.is_available():
        assert choose_device("auto") == choose_device("cuda") == "cuda"
    else:
        assert choose_device("auto") == "cpu"
        with pytest.raises(InputError, match="no CUDA device"):
            choose_device("cuda")
