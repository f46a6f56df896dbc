"""The settings that a user can choose for an extraction, checked when they are made."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from typing import Any

from vidset.extraction_options import OPTIONS
from vidset.metrics import DEFAULT, METRICS, Metric
from vidset.rights import NONE, Rights
from vidset.video.sampling import Sampling
from vidset.video.spans import Spans, read_spans

# Rises whenever the same settings would give other images or ledger rows than before.
_REVISION = 2
_DEFAULT_THRESHOLDS = {"ssim": 0.9, "ssim-full": 0.9}


def seconds(option: str, text: str) -> Fraction:
    """Exactly what was written: "0.1", "1/30", "2".

    Raises:
        ValueError: it is no number.
    """
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"{option} must be a number of seconds, got {text!r}") from None


def levels(option: str, text: str) -> float | None:
    """A number, or None for "off".

    Raises:
        ValueError: it is neither.
    """
    if text == "off":
        return None
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{option} must be a number of levels or off, got {text!r}") from None


@dataclass(frozen=True, slots=True)
class ExtractionSettings:
    """Everything that decides which samples are kept, and their bytes; and what is said of them.

    Attributes:
        sampling: when samples are taken.
        metric: of `measures.METRICS`.
        similarity_threshold: a sample at least as like the last kept one is dropped. None is the
            metric's default; above 1, SSIM keeps everything.
        local_change: levels (0 to 255); a sample in which a small window has changed by more is
            kept all the same. None leaves this measure out.
        jpeg_quality: 1 to 100.
        min_sharpness: variance of the Laplacian; what is below is dropped as blurred.
        min_brightness, max_brightness: mean levels; what is outside is dropped as dark or bright.
        spans: by video uri; only these videos are sampled, and only within their spans. None: all.
        rights: of videos as far as nothing is stated beside them. They are no part of the id.

    Raises:
        ValueError: a value is out of its range; it names the option.
    """

    sampling: Sampling = field(default_factory=lambda: Sampling(Fraction(1)))
    metric: str = DEFAULT
    similarity_threshold: float | None = None
    local_change: float | None = 20.0
    jpeg_quality: int = 95
    min_sharpness: float | None = None
    min_brightness: float | None = None
    max_brightness: float | None = None
    spans: Mapping[str, Spans] | None = None
    rights: Rights = NONE

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ValueError(f"--metric must be one of {', '.join(METRICS)}; got {self.metric!r}")
        if self.similarity_threshold is None and self.metric not in _DEFAULT_THRESHOLDS:
            raise ValueError(f"--metric {self.metric} has no default --similarity: set it")
        if not 1 <= self.jpeg_quality <= 100:
            raise ValueError(f"--jpeg-quality must be 1 to 100, got {self.jpeg_quality}")
        for name, highest in (
            ("similarity_threshold", float("inf")),
            ("local_change", 255),
            ("min_sharpness", float("inf")),
            ("min_brightness", 255),
            ("max_brightness", 255),
        ):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= highest:
                option = "--" + name.removesuffix("_threshold").replace("_", "-")
                raise ValueError(f"{option} must be 0 to {highest:g}, got {value:g}")
        self.measure.load()

    @property
    def measure(self) -> Metric:
        return METRICS[self.metric]

    @property
    def threshold(self) -> float:
        if self.similarity_threshold is not None:
            return self.similarity_threshold
        return _DEFAULT_THRESHOLDS[self.metric]

    def wants(self, video_uri: str) -> bool:
        """Returns whether a video is to be sampled at all."""
        return self.spans is None or video_uri in self.spans

    def sampling_of(self, video_uri: str) -> Sampling:
        """Returns when samples of a video are taken."""
        return replace(self.sampling, spans=(self.spans or {}).get(video_uri, ()))

    @property
    def settings_id(self) -> str:
        """16 hex digits; equal for settings that give equal images and rows."""
        values = asdict(self) | {"similarity_threshold": self.threshold, "revision": _REVISION}
        # Where there are no spans, the id is what it was before there were any.
        del values["sampling"]["spans"]
        del values["rights"]
        if self.spans is None:
            del values["spans"]
        text = json.dumps(values, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def extraction_settings(options: Mapping[str, Any]) -> ExtractionSettings:
    """Check options by name, as text or number. What is None or left out has its default.

    `spans` beside them names a file of spans, and `rights` are `Rights`.

    Raises:
        ValueError: a value is of no use, with its option; or there is no option of a name.
    """
    unknown = sorted(options.keys() - {each.name for each in OPTIONS} - {"spans", "rights"})
    if unknown:
        raise ValueError(f"an extraction has no option {', '.join(unknown)}")
    told = {name: value for name, value in options.items() if value is not None}
    given = {each.name: told.get(each.name, each.default) for each in OPTIONS}
    every = seconds("--every", str(given.pop("every")))
    tolerance = seconds("--tolerance", str(given.pop("tolerance")))
    local_change = levels("--local-change", str(given.pop("local_change")))
    return ExtractionSettings(
        sampling=Sampling(every, tolerance),
        local_change=local_change,
        spans=read_spans(told["spans"]) if "spans" in told else None,
        rights=told.get("rights", NONE),
        **given,
    )
