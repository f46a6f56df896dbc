"""What bash, zsh and fish offer when the tab key is pressed, in the shells themselves."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_SHELLS = {
    "bash": """
        eval "$(vidset completion bash)"
        COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _vidset_completion vidset
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    # The functions of zsh's completion work only in its line editor: what they are told is shown.
    "zsh": """
        compdef() {{ }}; _arguments() {{ print -rl -- "$@" }}; _files() {{ }}
        eval "$(vidset completion zsh)"
        words=({line}); CURRENT=${{#words}}
        _vidset_completion
    """,
    "fish": """
        vidset completion fish | source
        complete -C "{line}"
    """,
}


@pytest.fixture
def place(tmp_path) -> Path:
    """With the versions v0 and v1, and the runs v0-1 and v0-2."""
    (tmp_path / "vidset.toml").write_text("")
    for name in "v0", "v1":
        (tmp_path / "datasets" / "names").mkdir(parents=True, exist_ok=True)
        (tmp_path / "datasets" / "names" / name).write_text("")
    for name in "v0-1", "v0-2":
        (tmp_path / "runs" / name).mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("shell", _SHELLS)
def test_a_shell_offers_commands_versions_and_runs(shell, place):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed: apt-get install {shell}")

    def offered(line: str) -> str:
        programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        ended = subprocess.run(
            [shell, "-c", _SHELLS[shell].format(line=line)],
            capture_output=True,
            text=True,
            check=True,
            timeout=600,
            cwd=place,
            env={**os.environ, "PATH": programs, "HOME": str(place)},
        )
        return ended.stdout

    assert "extract" in offered("vidset extr")
    versions = offered("vidset dataset show v")
    assert "v0" in versions
    assert "v1" in versions
    assert "v0-1" not in versions
    runs = offered("vidset evaluate v0-")
    assert "v0-1" in runs
    assert "v0-2" in runs
