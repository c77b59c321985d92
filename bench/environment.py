"""Which machine this is, as far as it bears on speed, and which device a run shall use."""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
from pathlib import Path
from typing import Literal

import psutil
import torch

from bench.errors import InputError
from bench.record import Machine

BYTES_PER_GIB = 2**30
FINGERPRINT_DIGITS = 16

Device = Literal["cpu", "cuda"]


def choose_device(wanted: str) -> Device:
    """Turn `auto`, `cpu` or `cuda` into a device that is there.

    Raises InputError when CUDA is asked for and torch sees none.
    """
    present = torch.cuda.is_available()
    if wanted == "cuda" and not present:
        raise InputError(
            "--device cuda: torch sees no CUDA device here "
            f"(torch {torch.__version__}). Use --device cpu, or a torch with CUDA on a machine with a GPU."
        )
    return "cuda" if present and wanted != "cpu" else "cpu"


def describe_machine(device: Device) -> Machine:
    """Read what bears on speed from the system; neither host, user nor path is looked at."""
    facts: dict[str, str | int | None] = {
        "processor": _processor(),
        "instruction_set": torch.backends.cpu.get_cpu_capability(),
        "num_cores": num_cores(),
        "memory_bytes": _memory_bytes(),
        "accelerator": None,
        "accelerator_memory_bytes": None,
        "operating_system": _operating_system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
    if device == "cuda":
        properties = torch.cuda.get_device_properties(0)
        facts["accelerator"] = properties.name
        facts["accelerator_memory_bytes"] = properties.total_memory
    return Machine.model_validate(
        {**facts, "fingerprint": fingerprint(facts), "description": _in_words(facts)}
    )


def fingerprint(facts: dict[str, str | int | None]) -> str:
    """Hash the facts; memory counts in whole GiB, since the kernel's share differs from boot to boot."""
    rounded = {
        name: round(value / BYTES_PER_GIB)
        if name.endswith("memory_bytes") and isinstance(value, int)
        else value
        for name, value in facts.items()
    }
    return hashlib.sha256(json.dumps(rounded, sort_keys=True).encode()).hexdigest()[:FINGERPRINT_DIGITS]


def num_cores() -> int:
    """Count the logical cores that this process may use, by affinity and the quota of its control group."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _control_group("cpu.max").split()
    if len(quota) == 2 and quota[0].isdigit() and quota[1].isdigit():
        allowed = min(allowed, max(1, math.ceil(int(quota[0]) / int(quota[1]))))
    return allowed


def _memory_bytes() -> int:
    total = int(psutil.virtual_memory().total)
    limit = _control_group("memory.max")
    return min(total, int(limit)) if limit.isdigit() and int(limit) > 0 else total


def _control_group(name: str) -> str:
    # A container sees its own group at the root of this tree; without one the files are missing.
    try:
        return (Path("/sys/fs/cgroup") / name).read_text().strip()
    except OSError:
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name" and value.strip():
            return value.strip()
    return platform.processor() or platform.machine() or "unknown processor"


def _operating_system() -> str:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        name = f"{platform.system()} {platform.mac_ver()[0]}".strip()
    return f"{name} {platform.machine()}"


def _in_words(facts: dict[str, str | int | None]) -> str:
    memory = round(int(facts["memory_bytes"] or 0) / BYTES_PER_GIB)
    words = f"{facts['num_cores']} cores of {facts['processor']} ({facts['instruction_set']}), {memory} GiB"
    if facts["accelerator"]:
        accelerator_memory = round(int(facts["accelerator_memory_bytes"] or 0) / BYTES_PER_GIB)
        words += f", {facts['accelerator']} with {accelerator_memory} GiB"
    return f"{words}, torch {facts['torch']}"
