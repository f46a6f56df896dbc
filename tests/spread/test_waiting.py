"""Helpers that are ahead are held up, and the one whose segment is judged is not."""

from concurrent.futures import Future
from threading import Thread

import numpy as np

from vidset.spread.helping import Sent
from vidset.spread.waiting import Waiting


def sent(pts):
    small = np.zeros((2, 2), np.uint8)
    return Sent(pts, float(pts), 2, 2, 0, small, small, None, None)


def test_no_more_samples_wait_than_may():
    waiting = Waiting(segments=2, most_samples=3)
    done = [Future(), Future()]
    ahead = Thread(target=lambda: [waiting.put(1, sent(pts)) for pts in range(10, 15)])
    ahead.start()
    for pts in range(5):  # The front: none of these is held up.
        waiting.put(0, sent(pts))
    done[0].set_result(None)
    assert len(waiting._samples[1]) <= 3
    assert [each.pts for each in waiting.of(0, done[0])] == [0, 1, 2, 3, 4]
    assert len(waiting._samples[1]) <= 3
    found = waiting.of(1, done[1])
    assert [next(found).pts for _ in range(5)] == [10, 11, 12, 13, 14]
    ahead.join()
