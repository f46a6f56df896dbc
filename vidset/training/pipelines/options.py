"""Options that a pipeline is compiled with: the image, the steps, and what a step may use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from vidset.suggestions import did_you_mean

SKIPPABLE = (
    *("apply", "statistics", "schema", "validate", "evaluate", "gate", "compare", "errors"),
    "publish",
)
"""The steps that can be left out, in their order."""
# A step and what it needs.
_NEEDS = {"publish": "gate"}
_SIZE = re.compile(r"\d+(\.\d+)?(Ki|Mi|Gi|Ti|K|M|G|T)?")
_SECRET = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=([a-z0-9][a-z0-9.-]*)/([A-Za-z0-9._-]+)")


@dataclass(frozen=True, slots=True)
class Secret:
    """A variable of the steps whose value Kubernetes keeps: a key of a secret, by reference."""

    variable: str
    secret: str
    key: str

    @classmethod
    def of(cls, text: str) -> "Secret":
        """Read VARIABLE=SECRET/KEY.

        Raises:
            ValueError: it is not so.
        """
        match = _SECRET.fullmatch(text)
        if match is None:
            raise ValueError(f"--secret: wanted VARIABLE=SECRET/KEY, got {text!r}")
        return cls(*match.groups())


@dataclass(frozen=True, slots=True)
class Resources:
    """Resources of the steps that train, evaluate or look for errors; None: what there is.

    Attributes:
        cpu: cores, such as 4.
        memory, disk: sizes such as 16G; a disk is a volume for temporary files, on Kubernetes.
        gpus: their number.
        gpu_type: such as nvidia.com/gpu, or NVIDIA_TESLA_T4 on Vertex AI.
    """

    cpu: str | None = None
    memory: str | None = None
    disk: str | None = None
    gpus: int = 0
    gpu_type: str = "nvidia.com/gpu"

    def __post_init__(self) -> None:
        for option, size in ("--memory", self.memory), ("--disk", self.disk):
            if size is not None and not _SIZE.fullmatch(size):
                raise ValueError(f"{option}: wanted a size such as 16G, got {size!r}")


@dataclass(frozen=True, slots=True)
class PipelineOptions:
    """The way in which a pipeline is compiled.

    Attributes:
        image: has `vidset[train,pipelines]`, by its digest: what ran can be told later.
        creates: whether the version is made from a source (the parameter `source`) first.
        skipped: steps that are left out, of SKIPPABLE.
        caching: whether Kubeflow may take a step's results from an earlier run with the same
            inputs. What reads names is never cached.
        retries: of a step that fails; a gate that refuses is not tried again.
        secrets: for Kubernetes alone.
        defaults: of the pipeline's parameters, in the place of those that it has.
    """

    image: str
    creates: bool = False
    skipped: frozenset[str] = frozenset()
    caching: bool = True
    retries: int = 2
    resources: Resources = field(default_factory=Resources)
    secrets: tuple[Secret, ...] = ()
    defaults: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if "@sha256:" not in self.image:
            raise ValueError(
                f"--image: wanted one by its digest, NAME@sha256:..., got {self.image!r}"
            )
        for step in self.skipped:
            if step not in SKIPPABLE:
                raise ValueError(
                    f"--skip: wanted a step of {', '.join(SKIPPABLE)}, got {step!r}."
                    f"{did_you_mean(step, SKIPPABLE)}"
                )
        for step, needed in _NEEDS.items():
            if needed in self.skipped and step not in self.skipped:
                raise ValueError(
                    f"--skip {needed}: wanted {step} skipped as well, which needs its verdict"
                )

    def check_parameters(self, *, is_submitted: bool) -> None:
        """Refuse parameters that do not go together with the steps.

        Raises:
            ValueError: what a run needs is missing, or a step that reads it is not there.
        """
        given = self.defaults
        needed = ["place", "baseline", *(["recipe"] if self.has("apply") else [])]
        needed += ["source"] if self.creates else []
        missing = [name for name in needed if not given.get(name)]
        if is_submitted and missing:
            raise ValueError(f"--submit: wanted --set {missing[0]}=VALUE, got none")
        if given.get("source") and not self.creates:
            raise ValueError("--set source: wanted --create beside it")

    def has(self, step: str) -> bool:
        return step not in self.skipped
