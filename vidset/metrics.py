"""What `--metric` can name: our SSIM, and the measures of image-similarity-measures (optional)."""

import importlib
import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

Compare = Callable[[np.ndarray, np.ndarray], float]
DEFAULT = "ssim"
_PACKAGE = "image_similarity_measures"
_INSTALL = 'pip install "vidset[measures]", or on Python 3.12 and newer see docs/architecture.md'


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure of two whole pictures.

    Attributes:
        name: as on the command line.
        function: of image_similarity_measures; None for our own SSIM.
        higher_is_alike: False for distances.
    """

    name: str
    function: str | None
    higher_is_alike: bool = True

    def is_alike(self, value: float, threshold: float) -> bool:
        return value >= threshold if self.higher_is_alike else value <= threshold

    def load(self) -> Compare | None:
        """The function on two (h, w, 3) uint8 RGB pictures; None for our own SSIM, on luma.

        Raises:
            ValueError: the package is not installed.
        """
        if self.function is None:
            return None
        if importlib.util.find_spec(_PACKAGE) is None:
            raise ValueError(f"--metric {self.name} needs image-similarity-measures: {_INSTALL}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of an absent accelerator (pyfftw).
            module = importlib.import_module(f"{_PACKAGE}.quality_metrics")
        measure = getattr(module, self.function)
        # The package's own default, 4095, is the range of 12-bit satellite pictures.
        return partial(_call, measure, **({} if self.function in _RANGELESS else {"max_p": 255}))


# These take no range.
_RANGELESS = frozenset({"issm", "sam", "sre", "uiq", "fsim"})
METRICS = {
    metric.name: metric
    for metric in (
        Metric("ssim", None),
        Metric("ssim-full", "ssim"),
        Metric("fsim", "fsim"),
        Metric("issm", "issm"),
        Metric("psnr", "psnr"),
        Metric("rmse", "rmse", higher_is_alike=False),
        Metric("sam", "sam", higher_is_alike=False),
        Metric("sre", "sre"),
        Metric("uiq", "uiq"),
    )
}


def _call(measure, a: np.ndarray, b: np.ndarray, **options: float) -> float:
    return float(measure(np.ascontiguousarray(a), np.ascontiguousarray(b), **options))
