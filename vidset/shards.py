"""A shard: one of several parts of the videos, for machines that know nothing of each other.

A video belongs to a shard by a hash of its name, so that every machine comes to the same parts
without a word from the others, and a new video moves no other.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

COUNT = "VIDSET_SHARDS"
"""The variable that says how many shards there are, where the queue system does not."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `number` of `count`; the first is 1."""

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise ValueError(f"wanted a shard from 1 to {self.count}, got {self.number}")

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    def has(self, name: str) -> bool:
        """Tell whether the video of this name belongs to the shard."""
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8]) % self.count == self.number - 1


def shard_of(text: str, variables: Mapping[str, str]) -> Shard:
    """Read the option --shard: "3/16", or "auto" for what a queue system's variables say.

    Raises:
        ValueError: it is neither, or the variables are missing or contradict each other.
    """
    if text == "auto":
        return _found(variables)
    parts = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
    if not parts:
        raise ValueError(f"--shard: wanted I/N, such as 3/16, or auto, got {text!r}")
    try:
        return Shard(int(parts[1]), int(parts[2]))
    except ValueError as error:
        hint = ". Shards count from 1" if parts[1].strip("0") == "" else ""
        raise ValueError(f"--shard {text}: {error}{hint}") from None


@dataclass(frozen=True, slots=True)
class _System:
    """The variables of a queue system.

    Attributes:
        index: which task this is; without it the system is not there.
        counts: how many there are, if the system says so, by any of these.
        first, step: the index of the first task, and from one to the next; "" is 0 and 1.
        last: the index of the last task, where the system says so.
        counts_submitted: whether it counts the tasks of this submission, which may be a part of
            those of an earlier one.
    """

    name: str
    index: str
    counts: tuple[str, ...] = ()
    first: str = ""
    step: str = ""
    last: str = ""
    counts_submitted: bool = False


_SYSTEMS = (
    _System(
        "Slurm",
        "SLURM_ARRAY_TASK_ID",
        ("SLURM_ARRAY_TASK_COUNT",),
        "SLURM_ARRAY_TASK_MIN",
        "SLURM_ARRAY_TASK_STEP",
        "SLURM_ARRAY_TASK_MAX",
        counts_submitted=True,
    ),
    _System("Kubernetes", "JOB_COMPLETION_INDEX"),
    _System("Cloud Run", "CLOUD_RUN_TASK_INDEX", ("CLOUD_RUN_TASK_COUNT",)),
    _System("AWS Batch", "AWS_BATCH_JOB_ARRAY_INDEX", ("AWS_BATCH_JOB_ARRAY_SIZE",)),
)


def _found(variables: Mapping[str, str]) -> Shard:
    systems = [each for each in _SYSTEMS if each.index in variables]
    if not systems:
        known = ", ".join(each.index for each in _SYSTEMS)
        raise ValueError(f"--shard auto: wanted the variable of a queue system ({known}), got none")
    if len(systems) > 1:
        names = " and ".join(each.index for each in systems)
        raise ValueError(f"--shard auto: {names} are set; wanted those of one queue system")
    [system] = systems
    index, count = _whole(variables, system.index), _count(variables, system)
    first = _whole(variables, system.first) if system.first in variables else 0
    step = _whole(variables, system.step) if system.step in variables else 1
    place, rest = divmod(index - first, step or 1)
    is_told = system.last in variables
    last = _whole(variables, system.last) if is_told else first + (count - 1) * step
    if step < 1 or rest or not 0 <= place < count or last != first + (count - 1) * step:
        seen = (system.index, system.first, system.last, system.step, *system.counts, COUNT)
        got = " ".join(f"{each}={variables[each]}" for each in seen if each in variables)
        raise ValueError(f"--shard auto: the variables of {system.name} contradict: {got}")
    if count == 1 and system.counts_submitted:
        raise ValueError(
            f"--shard auto: wanted an array of several tasks of {system.name}, got one of one task "
            f"({system.index}={index}), which would take all videos. To run one shard of an "
            "earlier array again, give --shard I/N; to take all videos, leave --shard out"
        )
    return Shard(place + 1, count)


def _count(variables: Mapping[str, str], system: _System) -> int:
    names = [each for each in (*system.counts, COUNT) if each in variables]
    if not names:
        wanted = " or ".join((*system.counts, COUNT))
        raise ValueError(
            f"--shard auto: {system.name} does not say how many tasks there are; set {wanted}"
        )
    counts = {each: _whole(variables, each) for each in names}
    if len(set(counts.values())) > 1:
        got = " ".join(f"{name}={count}" for name, count in counts.items())
        raise ValueError(f"--shard auto: the variables of {system.name} contradict: {got}")
    return counts[names[0]]


def _whole(variables: Mapping[str, str], name: str) -> int:
    text = variables[name]
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise ValueError(f"--shard auto: {name}: wanted a whole number, got {text!r}")
    return int(text)
