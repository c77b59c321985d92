"""Several processes that train one model, started by torchrun: each takes its share of the rows of each step.

With DDP every process holds the whole model and gradients are averaged; with FSDP2 parameters, gradients and
optimizer are sharded (Zhao et al. 2023, PyTorch FSDP). Rank 0 alone writes.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.distributed as dist
from torch import Tensor, nn

from bench.data.splits import Batch
from bench.errors import InputError

Kind = Literal["alone", "ddp", "fsdp"]
BACKENDS = {"cpu": "gloo", "cuda": "nccl"}


@dataclass(frozen=True)
class Team:
    """The processes of one training run as seen from one of them; alone, every method is a plain one."""

    kind: Kind = "alone"
    rank: int = 0
    size: int = 1
    device: str = "cpu"

    @property
    def leads(self) -> bool:
        """Tell whether this process writes and speaks for all."""
        return self.rank == 0

    @property
    def shards(self) -> bool:
        """Tell whether each process holds a part of each parameter only."""
        return self.kind == "fsdp"

    def wrap(self, model: nn.Module) -> nn.Module:
        """Return what is called in training; sharding changes the model itself, so make its optimizer later."""
        if self.kind == "ddp":
            return nn.parallel.DistributedDataParallel(model)
        if self.kind == "fsdp":
            return _sharded(model)
        return model

    def share(self, batch: Batch) -> Batch:
        """Return this process's rows of a step; their numbers differ by one where they do not split evenly."""
        return Batch(*(torch.tensor_split(part, self.size)[self.rank] for part in batch))

    def weight(self, own_rows: int, all_rows: int) -> float:
        """Return what a mean over own rows counts in the plain average over processes."""
        return own_rows * self.size / all_rows

    def without_exchange(self, worker: nn.Module) -> AbstractContextManager[object]:
        """Keep gradients from being exchanged, as in all but the last part of an accumulated step."""
        if isinstance(worker, nn.parallel.DistributedDataParallel):
            return worker.no_sync()
        return _no_gradient_sync(worker) if self.shards else nullcontext()

    def average(self, values: Tensor) -> Tensor:
        """Return the mean over processes."""
        if self.size > 1:
            dist.all_reduce(values)
            values = values / self.size
        return values

    def any_says(self, flag: bool) -> bool:
        """Tell whether any process says yes, so that all go the same way."""
        if self.size == 1:
            return flag
        flags = torch.tensor([float(flag)], device=self.device)
        dist.all_reduce(flags, op=dist.ReduceOp.MAX)
        return bool(flags.item())

    def equal_share(self, batch: Batch) -> Batch:
        """Return as many rows for each process, the last ones padded with the last row, so that none waits."""
        if self.size == 1:
            return batch
        count = -(-len(batch.inputs) // self.size)
        rows = torch.arange(self.rank * count, (self.rank + 1) * count).clamp(max=len(batch.inputs) - 1)
        rows = rows.to(batch.inputs.device)
        return Batch(batch.inputs[rows], batch.targets[rows])

    def joined(self, values: Tensor, num_rows: int) -> Tensor:
        """Put the columns of all equal shares together again, without the padding."""
        if self.size == 1:
            return values
        parts = [torch.empty_like(values) for _ in range(self.size)]
        dist.all_gather(parts, values.contiguous())
        return torch.cat(parts, dim=1)[:, :num_rows]

    def gathered(self, values: Tensor) -> list[Tensor]:
        """Return a CPU tensor of each process, all of one shape."""
        if self.size == 1:
            return [values]
        own = values.to(self.device)
        parts = [torch.empty_like(own) for _ in range(self.size)]
        dist.all_gather(parts, own)
        return [part.cpu() for part in parts]

    def shard_again(self, model: nn.Module) -> None:
        """Give back parameters that a forward pass without a backward pass left gathered."""
        if self.shards:
            for module in model.modules():
                reshard: Any = getattr(module, "reshard", None)
                if reshard is not None:
                    reshard()

    def same_buffers(self, model: nn.Module) -> None:
        """Let all score with rank 0's running statistics, which each process gathered from its own rows."""
        if self.size > 1:
            for buffer in model.buffers():
                dist.broadcast(buffer, 0)

    def barrier(self) -> None:
        """Wait for all."""
        if self.size > 1:
            dist.barrier()


ALONE = Team()


def launched() -> bool:
    """Tell whether torchrun started this process."""
    return "RANK" in os.environ and "WORLD_SIZE" in os.environ


@contextmanager
def team_of(kind: str | None, device: str) -> Iterator[Team]:
    """Join the processes that torchrun started, and leave them at the end; alone without torchrun.

    Raises InputError when torchrun is there and `kind` is not, or the other way round.
    """
    if not launched():
        if kind is not None:
            raise InputError(
                f"--distributed {kind}: needs processes to share the work; start it as "
                "`torchrun --standalone --nproc-per-node 2 -m planner bench train ...`"
            )
        yield Team(device=device)
        return
    kind = kind or "ddp"
    rank, local = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
    if device == "cuda":
        torch.cuda.set_device(local)
    dist.init_process_group(BACKENDS[device])
    try:
        yield Team("fsdp" if kind == "fsdp" else "ddp", rank, dist.get_world_size(), device)
    finally:
        dist.destroy_process_group()


def whole(value: Any) -> Any:  # noqa: ANN401, state of any kind
    """Return a sharded tensor as a whole, which all processes must ask for, and all else as it is."""
    return value.full_tensor() if hasattr(value, "full_tensor") else value


def sharded_like(value: Tensor, parameter: Tensor) -> Tensor:
    """Shard a whole tensor as a parameter is; as it is where the parameter is whole or of another shape."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    if not isinstance(parameter, DTensor) or value.shape != parameter.shape:
        return value
    own = value.to(parameter.device_mesh.device_type)
    return distribute_tensor(own, parameter.device_mesh, parameter.placements, src_data_rank=None)


def load_whole(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Load a state of whole tensors into a model, sharded or not."""
    own = model.state_dict()
    model.load_state_dict({name: sharded_like(value, own[name]) for name, value in state.items()})


def copy_of(model: nn.Module) -> nn.Module:
    """Copy a model that is not yet wrapped, for trials that must leave it as it is."""
    return copy.deepcopy(model)


def _sharded(model: nn.Module) -> nn.Module:
    from torch.distributed.fsdp import fully_shard

    # Layers of a list are gathered one at a time; what remains is gathered with the whole.
    for container in model.modules():
        if isinstance(container, nn.ModuleList):
            for layer in container:
                if any(True for _ in layer.parameters()):
                    fully_shard(layer)
    fully_shard(model)
    return model


@contextmanager
def _no_gradient_sync(model: nn.Module) -> Iterator[None]:
    switch: Any = model
    switch.set_requires_gradient_sync(False)
    try:
        yield
    finally:
        switch.set_requires_gradient_sync(True)
