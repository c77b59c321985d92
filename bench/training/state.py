"""What a checkpoint must hold of a run, taken from it and put back: in one process or sharded over many."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from bench.data.splits import DataSet
from bench.training.distributed import Team, load_whole, sharded_like, whole
from bench.training.progress import History
from bench.training.recipes import Recipe
from bench.training.resuming import Snapshot, checksum

NOT_OF_THE_RECIPE = ("max_seconds",)
MODEL, BEST, OPTIMIZER, RANDOM = "model.", "best.", "optimizer.", "random."


def identity_of(model: nn.Module, data: DataSet, recipe: Recipe) -> dict[str, str]:
    """Say of which run a checkpoint is: recipe, shape of the model, and data to the bit."""
    config: Any = getattr(model, "config", None)
    shapes = [f"{name} {tuple(value.shape)}" for name, value in model.state_dict().items()]
    described = config.in_words() if hasattr(config, "in_words") else type(model).__name__
    parts = {"training": data.training, "validation": data.validation}
    content = {f"{name} {side}": t for name, batch in parts.items() for side, t in batch._asdict().items()}
    recipe_facts = {_option(k): str(v) for k, v in asdict(recipe).items() if k not in NOT_OF_THE_RECIPE}
    return {
        **recipe_facts,
        "model": described,
        "parameters": f"{len(shapes)} tensors, sum {checksum({s: torch.zeros(0) for s in shapes}):08x}",
        "data": data.name,
        "content of the data": f"{checksum(content):08x}",
    }


def snapshot_of(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    history: History,
    best: dict[str, Tensor] | None,
    identity: dict[str, str],
    team: Team,
) -> Snapshot:
    """Take all that the run needs to go on; every process of a team must call it."""
    tensors = {f"{MODEL}{name}": whole(value) for name, value in model.state_dict().items()}
    if best is not None:
        tensors |= {f"{BEST}{name}": whole(value) for name, value in best.items()}
    plain: dict[str, Any] = {}
    for index, entries in optimizer.state_dict()["state"].items():
        for key, value in entries.items():
            place = f"{OPTIMIZER}{index}.{key}"
            if isinstance(value, Tensor):
                tensors[place] = whole(value)
            else:
                plain[place] = value
    tensors[f"{RANDOM}data"] = generator.get_state()
    for rank, random in enumerate(team.gathered(torch.get_rng_state())):
        tensors[f"{RANDOM}cpu.{rank}"] = random
    if team.device == "cuda":
        for rank, random in enumerate(team.gathered(torch.cuda.get_rng_state())):
            tensors[f"{RANDOM}cuda.{rank}"] = random
    facts = {
        "history": history.to_facts(),
        "optimizer": plain,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "processes": team.size,
        "device": team.device,
    }
    return Snapshot(_apart(tensors), facts, identity)


def restore(
    snapshot: Snapshot,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    team: Team,
) -> tuple[History, dict[str, Tensor] | None]:
    """Put a snapshot back into a run; returns its history and its best weights."""
    load_whole(model, _under(MODEL, snapshot))
    optimizer.load_state_dict(_optimizer_state(snapshot, optimizer))
    generator.set_state(snapshot.tensors[f"{RANDOM}data"])
    for kind, put in (("cpu", torch.set_rng_state), ("cuda", torch.cuda.set_rng_state)):
        state = snapshot.tensors.get(f"{RANDOM}{kind}.{team.rank}")
        if state is not None and kind in ("cpu", team.device):
            put(state)
    own = model.state_dict()
    best = {name: sharded_like(value, own[name]) for name, value in _under(BEST, snapshot).items()}
    return History.from_facts(snapshot.facts["history"]), best or None


def differences_to_the_bit(snapshot: Snapshot, team: Team) -> str:
    """Say what may keep the rest of the run from being the same to the bit; empty where nothing does."""
    here = {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "processes": team.size,
        "device": team.device,
    }
    unlike = [f"{k} {snapshot.facts[k]} then, {v} now" for k, v in here.items() if snapshot.facts.get(k) != v]
    return f"resumed under other conditions, so not to the same bits: {', '.join(unlike)}" if unlike else ""


def _optimizer_state(snapshot: Snapshot, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Any]] = {}
    found = {**_under(OPTIMIZER, snapshot)}
    found_plain = {k.removeprefix(OPTIMIZER): v for k, v in snapshot.facts["optimizer"].items()}
    for place, value in {**found, **found_plain}.items():
        index, _, key = place.partition(".")
        sharded = sharded_like(value, parameters[int(index)]) if isinstance(value, Tensor) else value
        state.setdefault(int(index), {})[key] = sharded
    return {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}


def _option(name: str) -> str:
    """Name a hyper-parameter as the command line does."""
    short = {"num_steps": "steps", "num_rows": "rows", "warmup_steps": "warmup"}.get(name, name)
    return "--" + short.replace("_", "-")


def _under(prefix: str, snapshot: Snapshot) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in snapshot.tensors.items() if k.startswith(prefix)}


def _apart(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Copy tensors to the CPU, tied ones each for itself, as the file format asks."""
    seen: set[int] = set()
    apart: dict[str, Tensor] = {}
    for name, value in tensors.items():
        own = value.detach().cpu()
        apart[name] = own.clone() if own.data_ptr() in seen else own
        seen.add(own.data_ptr())
    return apart
