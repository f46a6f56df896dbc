"""Score pairs of pictures by image-similarity-measures: score.py PAIRS.npz, with the interpreter
that has the package. PAIRS.npz holds a0, b0, a1, b1, ...; JSON comes out, an object for each pair.
"""

import json
import sys
import warnings

import numpy as np

warnings.simplefilter("ignore")

from image_similarity_measures import quality_metrics  # noqa: E402

# These take the range. The package's own default, 4095, is that of 12-bit satellite pictures.
RANGED = ("ssim", "psnr", "rmse")
OTHERS = ("fsim", "issm", "sam", "sre", "uiq")


def scores(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    ranged = {name: getattr(quality_metrics, name)(a, b, max_p=255) for name in RANGED}
    others = {name: getattr(quality_metrics, name)(a, b) for name in OTHERS}
    return {name: float(value) for name, value in (ranged | others).items()}


if __name__ == "__main__":
    with np.load(sys.argv[1]) as pairs:
        count = len(pairs.files) // 2
        print(json.dumps([scores(pairs[f"a{n}"], pairs[f"b{n}"]) for n in range(count)]))
