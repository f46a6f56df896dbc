import pytest

from tests.pages.preloaded import Preloaded
from tests.pages.shell import Shell


@pytest.fixture(scope="session")
def preloaded(tmp_path_factory):
    preloaded = Preloaded(tmp_path_factory.mktemp("preloaded"))
    yield preloaded
    preloaded.end()


@pytest.fixture
def shell(preloaded, tmp_path):
    """A shell whose folder and home are the test's own."""
    shell = Shell(tmp_path, preloaded.programs)
    yield shell
    shell.ends()
