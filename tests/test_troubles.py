"""Which collectors drift."""

from vidset.troubles import CollectorDay, find_drifts


def days(collector: str, *blurred: int) -> list[CollectorDay]:
    """A day each, with so many of 100 samples blurred."""
    return [
        CollectorDay(collector, f"2026-01-{at:02}", {"kept": 100 - n, "blurred": n})
        for at, n in enumerate(blurred, 1)
    ]


def test_a_share_that_rose_by_15_points_in_the_last_quarter_of_days_is_drift():
    [found] = find_drifts(days("a", 5, 5, 5, 20))
    assert str(found) == "a: blurred 5.0% before, 20.0% now"


def test_a_share_that_fell_drifts_too_and_collectors_are_told_apart():
    found = find_drifts([*days("b", 2, 3, 3, 2), *days("a", 50, 50, 50, 10)])
    assert [(each.collector, each.measure) for each in found] == [("a", "blurred")]


def test_too_few_days_and_days_without_samples_say_nothing():
    empty = CollectorDay("a", "2026-01-09", {})
    assert find_drifts([*days("a", 0, 0, 90), empty]) == []


def test_dark_and_bright_count_together():
    some = [CollectorDay("a", f"2026-01-0{at}", {"kept": 9, "dark": 1}) for at in (1, 2, 3)]
    some.append(CollectorDay("a", "2026-01-04", {"kept": 5, "dark": 2, "bright": 3}))
    [found] = find_drifts(some)
    assert (found.measure, found.before, found.now) == ("too dark or bright", 0.1, 0.5)
