import gc
from fractions import Fraction

from av.video.frame import VideoFrame

from vidset.video.decoding import Video
from vidset.video.sampling import Sampling


def test_frames_do_not_wait_for_the_garbage_collector(video):
    """It comes late, and each frame is megabytes that it does not see."""
    gc.collect()
    gc.disable()
    try:
        with Video(str(video), str(video)) as opened:
            samples = 0
            for frame in opened.sample(Sampling(Fraction(1, 10))):
                _ = frame.luma(480), frame.chroma(240), frame.rgb()
                samples += 1
            alive = sum(isinstance(each, VideoFrame) for each in gc.get_objects())
    finally:
        gc.enable()
    assert samples == 50
    assert alive <= 5  # The last ones, and that from which the rotation was read.
