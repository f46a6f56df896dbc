from tests.emulators.prepare import ENVIRONMENTS, NODE_PACKAGES, OPEN_ENVIRONMENTS
from tests.paths import ROOT


def test_every_environment_of_the_tests_is_made_before_they_are_timed():
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("*requirements*.txt")}
    # PyTorch with CUDA takes 5.5 GB: `make test-torchvision` installs it for whoever wants that.
    there.remove("tests/torchvision/requirements.txt")
    named = {*ENVIRONMENTS.values(), *OPEN_ENVIRONMENTS.values()}
    assert there <= named
    assert all((ROOT / path).is_file() for path in named)
    locks = (path.parent for path in (ROOT / "tests").rglob("package-lock.json"))
    assert {str(path.relative_to(ROOT)) for path in locks} == set(NODE_PACKAGES)
