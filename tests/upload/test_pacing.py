"""`--rate`, by a clock of the test's own."""

import pytest

from vidset.upload.pacing import Body, Pace


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("rate", [2_000, 20_000, 1e6, 50e6])
@pytest.mark.parametrize("pause", [0.0, 0.2], ids=["at once", "with pauses between pieces"])
def test_a_rate_holds_within_a_tenth_over_ten_seconds(rate, pause):
    clock, sent = Clock(), []
    pace = Pace(rate, clock, clock.sleep)
    began = clock.now
    while clock.now < began + 30:
        body = Body(memoryview(bytes(int(rate))), pace, lambda n: sent.append((clock.now, n)))
        while body.read():
            pass
        clock.now += pause
    for start in 0, 5, 10, 20:
        span = began + start, began + start + 10
        size = sum(n for at, n in sent if span[0] <= at < span[1])
        assert size == pytest.approx(10 * rate, rel=0.1)
