import io
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from vidset.cli.demo.drive import run_demo


@pytest.fixture(scope="package")
def demo(tmp_path_factory) -> tuple[Path, str]:
    """The output folder of a demo of the rendered drive, only to be read; and what was printed."""
    folder = tmp_path_factory.mktemp("demo")
    with redirect_stdout(io.StringIO()) as said:
        assert run_demo(None, str(folder)) == 0
    return folder, said.getvalue()


@pytest.fixture
def drive(demo) -> Path:
    return demo[0]
