"""The measures that `--metric` can name: our SSIM, and those of image-similarity-measures."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Compare = Callable[[np.ndarray, np.ndarray], float]
DEFAULT = "ssim"


@dataclass(frozen=True, slots=True)
class Metric:
    """A measure of two whole pictures.

    Attributes:
        name: as on the command line.
        function: the name of its function in `vidset.reference_measures`; None for our own SSIM.
        package: what it imports of the part `measures`, and `module`, the name it imports it by.
        higher_is_alike: False for distances.
    """

    name: str
    function: str | None
    package: str | None = None
    module: str | None = None
    higher_is_alike: bool = True

    def is_alike(self, value: float, threshold: float) -> bool:
        return value >= threshold if self.higher_is_alike else value <= threshold

    def load(self) -> Compare | None:
        """Find the function on two (h, w, 3) uint8 RGB pictures; None for our own SSIM, on luma.

        Raises:
            ValueError: a package that the measure needs is not installed.
        """
        if self.function is None:
            return None
        if self.module is not None and importlib.util.find_spec(self.module) is None:
            raise ValueError(
                f'--metric {self.name} needs {self.package}: pip install "vidset[measures]"'
            )
        from vidset import reference_measures

        return getattr(reference_measures, self.function)


METRICS = {
    metric.name: metric
    for metric in (
        Metric("ssim", None),
        Metric("ssim-full", "ssim", "scikit-image", "skimage"),
        Metric("fsim", "fsim", "phasepack", "phasepack"),
        Metric("issm", "issm", "scikit-image", "skimage"),
        Metric("psnr", "psnr"),
        Metric("rmse", "rmse", higher_is_alike=False),
        Metric("sam", "sam", higher_is_alike=False),
        Metric("sre", "sre"),
        Metric("uiq", "uiq"),
    )
}
