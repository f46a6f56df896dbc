"""Sets how many threads PyTorch computes with, and that waiting ones sleep."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from vidset.datasets.errors import DatasetError
from vidset.training.models.commands import CommandModel
from vidset.training.models.registry import find_model
from vidset.training.running.folder import RunFolder

AUTO = 0
_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def chosen_threads(asked: int, processes: int = 1, outputs: Sequence[Path] = ()) -> int:
    """Return how many threads each of some processes is to compute with.

    Args:
        asked: AUTO chooses: as many as the first run that has begun, since it goes on with no other
            number; else a share of the cores that nobody uses in this moment, and at least one.
        outputs: the folders of the runs, whether there or not.

    Raises:
        DatasetError: a folder holds something else.
    """
    if asked != AUTO:
        return asked
    for output in outputs:
        if output.is_dir() and (run := RunFolder(output).run()):
            return int(run["threads"])
    return max(1, int(free_cores() / processes))


def free_cores() -> float:
    """Return how many of this process's cores nobody has used in the last minute.

    A container's share of the machine's processor time counts as its cores (cgroup v2, cpu.max).
    """
    machine = os.cpu_count() or 1
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else machine)
    with suppress(OSError, ValueError):
        quota, period = _QUOTA.read_text().split()
        cores = min(cores, int(quota) / int(period))  # "max" is no number.
    return cores * max(0.0, 1 - os.getloadavg()[0] / machine)


def set_threads_for(model: str | None, number: int) -> None:
    """Set the threads, unless the model is a program of its own, which needs no PyTorch here.

    Raises:
        DatasetError: there is no such model, or `number` is not positive.
    """
    if model is None or not isinstance(find_model(model), CommandModel):
        set_threads(number)


@contextmanager
def threads_while(model: str, number: int) -> Iterator[None]:
    """Set the threads for a model while a program of others calls it, and set them back behind it.

    Raises:
        DatasetError: there is no such model, or `number` is not positive.
    """
    loaded = sys.modules.get("torch")
    before = loaded and (loaded.get_num_threads(), loaded.get_deterministic_debug_mode())
    set_threads_for(model, number)
    try:
        yield
    finally:
        loaded = sys.modules.get("torch")
        if loaded and before:
            loaded.set_num_threads(before[0])
        if loaded:
            loaded.set_deterministic_debug_mode(before[1] if before else "default")


def set_threads(number: int) -> None:
    """Sets the threads; it is to be called before anything imports PyTorch.

    By default as many threads as there are cores spin while they wait for each other: on a busy
    machine that takes twenty times as long.

    Raises:
        DatasetError: not a positive number.
    """
    if number < 1:
        raise DatasetError(f"--threads: wanted 1 or more, got {number}")
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(number)
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    # For bit-equal results on a GPU.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    torch.set_num_threads(number)
    # As use_deterministic_algorithms(True), which would first import a compiler that is not used.
    torch.set_deterministic_debug_mode("error")
