import gc
from fractions import Fraction

from av.video.frame import VideoFrame

from vidset.video.decoding import Video
from vidset.video.sampling import Sampling


def test_frames_do_not_wait_for_the_garbage_collector(video):
    """It comes late, and each frame is megabytes that it does not see."""
    gc.collect()
    assert not whole_frames()
    gc.disable()
    try:
        with Video(str(video), str(video)) as opened:
            samples = 0
            for frame in opened.sample(Sampling(Fraction(1, 10))):
                _ = frame.luma(480), frame.chroma(240), frame.rgb()
                samples += 1
            alive = len(whole_frames())
        del frame, opened, _
        behind = len(whole_frames())
    finally:
        gc.enable()
    assert samples == 50
    assert alive <= 4  # The last ones.
    # A single one would keep the memory of all frames of its decoder.
    assert behind == 0


def whole_frames() -> list[VideoFrame]:
    """All frames that are alive, but for the tiny copies that side data are read from."""
    frames = [each for each in gc.get_objects() if type(each) is VideoFrame]
    return [each for each in frames if each.width > 16]
