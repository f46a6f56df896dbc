"""The options of an extraction, as `vidset extract` has them."""

from typing import Annotated

import typer

Every = Annotated[str, typer.Option(metavar="SECONDS", help="Sampling period.")]
Tolerance = Annotated[
    str,
    typer.Option(
        metavar="SECONDS",
        help="A sample may be the keyframe within it: cheaper where keyframes are near.",
    ),
]
SimilarityThreshold = Annotated[
    float | None,
    typer.Option(
        metavar="SSIM",
        help="A sample this like the last kept one is dropped; above 1 keeps all.",
        show_default="0.9",
    ),
]
LocalChange = Annotated[
    str,
    typer.Option(
        metavar="LEVELS",
        help="Kept all the same if a small window has changed by more; off for SSIM alone.",
    ),
]
Metric = Annotated[str, typer.Option(help="ssim, or a measure of image-similarity-measures.")]
JpegQuality = Annotated[int, typer.Option(metavar="1..100")]
MinSharpness = Annotated[
    float | None, typer.Option(help="Drop blurred samples: variance of the Laplacian.")
]
MinBrightness = Annotated[
    float | None, typer.Option(help="Drop dark samples: mean level, 0 to 255.")
]
MaxBrightness = Annotated[float | None, typer.Option(help="Drop bright samples.")]
Collector = Annotated[
    str | None,
    typer.Option(help="Collector id of all the videos.", show_default="their folder"),
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Videos at once.", show_default="one a core")
]
