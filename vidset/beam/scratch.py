"""Limits the size of a video that a Dataflow worker copies to its disk before it reads it."""

import re

from apache_beam.options.pipeline_options import (
    DebugOptions,
    PipelineOptions,
    StandardOptions,
    WorkerOptions,
)

# Google's defaults, in GB, where no disk is asked for.
_BATCH_DISK, _STREAMING_DISK = 25, 30
# What the machine's system, the worker image unpacked and logs take of it.
_TAKEN = 12
_DEFAULT_VCPUS = 2
_VCPUS = re.compile(r"custom-(\d+)-|-(\d+)(?:-\w+)?$")


def fitting_scratch_bytes(options: PipelineOptions) -> int:
    """Share a worker's disk among the videos that it may read at once: one for each thread.

    A worker has a process for each vCPU, and each process has its threads.

    Raises:
        ValueError: the disk is too small for anything.
    """
    worker = options.view_as(WorkerOptions)
    is_streaming = options.view_as(StandardOptions).streaming
    disk = worker.disk_size_gb or (_STREAMING_DISK if is_streaming else _BATCH_DISK)
    if disk <= _TAKEN:
        raise ValueError(f"--disk_size_gb must be above {_TAKEN}, got {disk}")
    threads = options.view_as(DebugOptions).number_of_worker_harness_threads or 1
    return (disk - _TAKEN) * 10**9 // (vcpus(worker.machine_type) * threads)


def vcpus(machine_type: str | None) -> int:
    """Read the number of vCPUs from a machine type's name; shared-core ones have two."""
    found = _VCPUS.search(machine_type or "")
    return int(found[1] or found[2]) if found else _DEFAULT_VCPUS


def check_scratch_bytes(options: PipelineOptions, wanted: int) -> None:
    """Compare `--scratch_bytes` with a worker's disk.

    Raises:
        ValueError: the videos that are read at once may not fit.
    """
    fitting = fitting_scratch_bytes(options)
    if wanted > fitting:
        machine = options.view_as(WorkerOptions).machine_type or "the default machine"
        raise ValueError(
            f"--scratch_bytes must be at most {fitting}, got {wanted}: the videos that "
            f"{machine} reads at once would not fit its disk. Give a larger --disk_size_gb, or "
            "leave --scratch_bytes out: larger videos are then read in ranges"
        )
