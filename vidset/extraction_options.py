"""The options of an extraction, declared once for all who offer them.

The command line's flags, the ingest job's options and the watcher follow this table. The Flex
Template's metadata and Terraform's variable are checked against it by tests. It imports nothing,
since the command line reads it before it knows what was asked.
"""

from dataclasses import dataclass

_POSITIVE = (
    r"([0-9]*[1-9][0-9]*(\.[0-9]+)?|[0-9]+\.[0-9]*[1-9][0-9]*|[0-9]*[1-9][0-9]*/[0-9]*[1-9][0-9]*)"
)
_NOT_NEGATIVE = r"([0-9]+(\.[0-9]+)?|[0-9]+/[0-9]*[1-9][0-9]*)"
_NUMBER = r"[0-9]+(\.[0-9]+)?"
_LEVEL = r"(255(\.0+)?|(25[0-4]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.[0-9]+)?)"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice about an extraction.

    Attributes:
        name: as in `ExtractionSettings` and in the ingest job.
        label: what a form calls it.
        help: a sentence for help texts.
        default: None where leaving the option out means that there is no such limit.
        metavar: what stands for the value in help texts.
        pattern: what a value looks like on the cloud's side, without anchors.
        shown_default: what to tell where the default depends on another option.
        only_in_template: what the Flex Template has to add to the help.
    """

    name: str
    label: str
    help: str
    type: type[str] | type[int] | type[float]
    default: str | int | float | None
    metavar: str
    pattern: str
    shown_default: str | None = None
    only_in_template: str = ""

    @property
    def word(self) -> str:
        """Returns what it is called where people type it: as a flag and in vidset.toml."""
        return "similarity" if self.name == "similarity_threshold" else self.name

    @property
    def template_help(self) -> str:
        """The text of the Flex Template's parameter."""
        default = self.shown_default or self.default
        told = (
            "There is no such limit by default" if default is None else f"The default is {default}"
        )
        return " ".join(filter(None, [self.help, self.only_in_template, f"{told}."]))


OPTIONS = (
    Option(
        name="every",
        label="Sampling period",
        help="Take a sample every so many seconds, given as 1, 0.5 or 1/3.",
        type=str,
        default="1",
        metavar="SECONDS",
        pattern=_POSITIVE,
    ),
    Option(
        name="tolerance",
        label="Tolerance",
        help="Let a sample be the keyframe within this many seconds, which is cheaper to decode.",
        type=str,
        default="0",
        metavar="SECONDS",
        pattern=_NOT_NEGATIVE,
    ),
    Option(
        name="similarity_threshold",
        label="Similarity threshold",
        help="Drop a sample that is at least this similar to the last kept one; above 1 keeps all.",
        type=float,
        default=None,
        metavar="SSIM",
        pattern=_NUMBER,
        shown_default="0.9",
    ),
    Option(
        name="local_change",
        label="Local change",
        help="Keep a near duplicate in which a small window changed by more levels (0 to 255) "
        "than this, or `off` to judge by similarity alone.",
        type=str,
        default="20",
        metavar="LEVELS",
        pattern=f"(off|{_LEVEL})",
    ),
    Option(
        name="metric",
        label="Metric",
        help="Measure similarity by ssim, or by another measure that docs/architecture.md lists.",
        type=str,
        default="ssim",
        metavar="NAME",
        pattern="ssim",
        only_in_template="The worker image has only ssim.",
    ),
    Option(
        name="jpeg_quality",
        label="JPEG quality",
        help="Store images with this JPEG quality, from 1 to 100.",
        type=int,
        default=95,
        metavar="1..100",
        pattern="([1-9][0-9]?|100)",
    ),
    Option(
        name="min_sharpness",
        label="Least sharpness",
        help="Drop samples below this sharpness, the variance of the Laplacian, as blurred.",
        type=float,
        default=None,
        metavar="VARIANCE",
        pattern=_NUMBER,
    ),
    Option(
        name="min_brightness",
        label="Least brightness",
        help="Drop samples below this mean level, from 0 to 255, as dark.",
        type=float,
        default=None,
        metavar="LEVEL",
        pattern=_LEVEL,
    ),
    Option(
        name="max_brightness",
        label="Most brightness",
        help="Drop samples above this mean level, from 0 to 255, as bright.",
        type=float,
        default=None,
        metavar="LEVEL",
        pattern=_LEVEL,
    ),
)
