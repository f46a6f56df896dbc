"""How many files a command opens does not follow the number of videos."""

from benchmarks.growth import CASES, measure


def test_commands_open_as_many_files_for_300_videos_as_for_600():
    some, more = measure(300, samples=3), measure(600, samples=3)
    for case in CASES:
        assert more[case.name].files <= some[case.name].files + 2, case.name
        assert more[case.name].files < 60, case.name
