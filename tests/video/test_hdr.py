"""HDR video is tone-mapped: white in PQ or HLG is no gray, and black stays black."""

import subprocess
from fractions import Fraction

import numpy as np
import pytest

from vidset.video.decoding import Video
from vidset.video.sampling import Sampling


def patches(path, transfer):
    """Three grays side by side, in 10 bits: black, code 572 (203 cd/m2 in PQ) and white."""
    levels = np.repeat(np.array([64, 572, 940], "<u2"), 32)
    picture = np.tile(levels, (64, 1)).tobytes() + np.full(64 * 96 // 2, 512, "<u2").tobytes()
    source = ["-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", "96x64", "-r", "5", "-i", "-"]
    colors = f"-color_trc {transfer} -color_primaries bt2020 -colorspace bt2020nc".split()
    coding = ["-c:v", "libx264", "-qp", "1", *colors, "-color_range", "tv"]
    command = ["ffmpeg", "-v", "error", "-y", *source, *coding, str(path)]
    subprocess.run(command, input=picture * 5, check=True)
    return path


@pytest.mark.parametrize(
    ("transfer", "middle"),
    # Shown as it is coded, the middle would be 148. PQ leaves room for what is brighter.
    [("smpte2084", 155), ("arib-std-b67", 130), ("bt709", 148)],
    ids=["PQ", "HLG", "SDR"],
)
def test_hdr_is_tone_mapped_and_named(tmp_path, transfer, middle):
    with Video(str(patches(tmp_path / "a.mp4", transfer)), "a.mp4") as video:
        [frame] = video.sample(Sampling(Fraction(1)))
        assert (video.info.color_transfer, video.info.color_primaries) == (transfer, "bt2020")
        rgb = frame.rgb().astype(int)
        luma = frame.luma(480).astype(int)
    for found in (*np.moveaxis(rgb, 2, 0), luma):
        assert found[32, 16] == pytest.approx(0, abs=2)
        assert found[32, 48] == pytest.approx(middle, abs=6)
        assert found[32, 80] == pytest.approx(255, abs=2)
