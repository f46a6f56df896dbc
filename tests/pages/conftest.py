import pytest

from tests.pages.shell import Shell
from tests.programs.started import preloaded


@pytest.fixture
def shell(tmp_path):
    """A shell whose folder and home are the test's own."""
    shell = Shell(tmp_path, preloaded().programs)
    yield shell
    shell.ends()
