"""What is kept is what pytest takes: else each of its workers would make it again."""

import subprocess
import sys

from tests.programs.rewritten import keep, kept_form


def test_pytest_takes_what_was_kept(tmp_path):
    module = tmp_path / "test_a.py"
    module.write_text("def test_numbers():\n    one = 1\n    assert one + 1 == 3\n")
    assert keep(module)
    assert not keep(module)
    before = kept_form(module).stat()
    command = [sys.executable, "-m", "pytest", "-c", "/dev/null", "-p", "no:cacheprovider", module]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "assert (1 + 1) == 3" in ended.stdout
    assert (kept_form(module).stat().st_ino, kept_form(module).stat().st_mtime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
    )


def test_a_module_that_was_changed_is_kept_anew(tmp_path):
    module = tmp_path / "test_a.py"
    module.write_text("def test_numbers():\n    assert 1\n")
    assert keep(module)
    module.write_text("def test_numbers():\n    assert 2\n")
    assert keep(module)
