"""Locks are compared by what they install, and every pip since 22.0 takes them."""

import importlib.util
import subprocess
import sys
import tomllib

import pytest

from tests.emulators.environments import python_for_test
from tests.paths import ROOT

_SPEC = importlib.util.spec_from_file_location("locks", ROOT / "docker" / "locks.py")
OLDEST_PIP = ROOT / "tests" / "docker" / "oldest-pip-requirements.txt"
locks = importlib.util.module_from_spec(_SPEC)
sys.modules["locks"] = locks  # Its dataclass looks its module up.
_SPEC.loader.exec_module(locks)
differences, pins = locks.differences, locks.pins

LOCK = """\
cffi==2.1.1 ; platform_python_implementation != 'PyPy' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via cryptography
google-auth==2.62.2 \\
    --hash=sha256:cc
    # via
    #   google-api-core
"""
LINUX_ON_X86 = "sys_platform == 'linux' and platform_machine == 'x86_64'"


def locked(marker: str) -> str:
    return f"pyfarmhash==0.3 ; {marker} \\\n    --hash=sha256:aa\n"


def test_the_lines_of_a_lock_are_read():
    cffi, auth = pins(LOCK)
    assert (cffi.name, cffi.version) == ("cffi", "2.1.1")
    assert cffi.marker == "platform_python_implementation != 'PyPy'"
    assert cffi.hashes == {"sha256:aa", "sha256:bb"}
    assert (auth.name, auth.extras, auth.marker) == ("google-auth", (), "")


@pytest.mark.parametrize(
    "spelled",
    [
        "platform_machine == 'x86_64' and sys_platform == 'linux'",
        "(sys_platform == 'linux') and (platform_machine == 'x86_64')",
        "'linux' == sys_platform and platform_machine == 'x86_64' and python_version >= '3.11'",
    ],
)
def test_a_marker_may_be_spelled_in_another_way(spelled):
    assert differences(locked(spelled), locked(LINUX_ON_X86)) == []


@pytest.mark.parametrize(
    ("had", "told"),
    [
        pytest.param(
            locked("sys_platform == 'linux'"), "pyfarmhash marker: wanted sys_platform", id="marker"
        ),
        pytest.param(
            locked(LINUX_ON_X86).replace("0.3", "0.4"),
            "pyfarmhash version: wanted 0.3, got 0.4",
            id="version",
        ),
        pytest.param(
            locked(LINUX_ON_X86).replace(":aa", ":ab"), "pyfarmhash has other hashes", id="hash"
        ),
        pytest.param("", "pyfarmhash is missing", id="missing"),
        pytest.param(
            locked(LINUX_ON_X86) + "more==1 \\\n    --hash=sha256:aa\n",
            "more should not be there",
            id="more",
        ),
    ],
)
def test_what_installs_something_else_is_told(had, told):
    [difference] = differences(had, locked(LINUX_ON_X86))
    assert difference.startswith(told)


def test_a_package_is_pinned_with_the_extras_that_others_want_too():
    added = locks.with_extras(LOCK, {"google-auth": {("pyopenssl",)}})
    assert [(pin.name, pin.extras) for pin in pins(added)] == [
        ("cffi", ()),
        ("google-auth", ("pyopenssl",)),
        ("google-auth", ()),
    ]
    assert len({(pin.version, pin.hashes) for pin in pins(added) if pin.name != "cffi"}) == 1


@pytest.mark.parametrize("path", locks.LOCKS)
def test_what_is_committed_has_a_line_for_each_extra(path):
    committed = pins((ROOT / path).read_text())
    names = {pin.name for pin in committed}
    required = locks.required_extras((ROOT / "uv.lock").read_text(), names)
    given = {(pin.name, pin.extras) for pin in committed}
    assert {(name, extras) for name, each in required.items() for extras in each} <= given
    assert all(pin.hashes for pin in committed)


def test_uv_and_the_build_backend_are_pinned():
    [uv] = pins((ROOT / "docker" / "uv-requirements.txt").read_text())
    assert uv.name == "uv"
    assert len(uv.hashes) > 10  # A wheel for each system.
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]
    assert [wanted.partition("==")[0] for wanted in build["requires"]] == ["hatchling"]
    assert all("==" in wanted for wanted in build["requires"])
    backend = pins((ROOT / "docker" / "build-requirements.txt").read_text())
    assert (
        f"hatchling=={next(pin.version for pin in backend if pin.name == 'hatchling')}"
        in (build["requires"])
    )
    assert all(pin.hashes for pin in backend)
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text()
    assert "--build-constraints docker/build-requirements.txt --require-hashes" in release
    assert "pipx" not in release


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info >= (3, 12), reason="pip 22.0 needs Python 3.11 or older")
def test_the_oldest_pip_takes_the_functions_requirements(tmp_path):
    python = python_for_test("oldest-pip", OLDEST_PIP, 600, is_complete=True)
    requirements = ROOT / "functions" / "labeling_task" / "requirements.txt"
    download = ["download", "--quiet", "--require-hashes", "-d", tmp_path, "-r", requirements]
    done = subprocess.run([python, "-m", "pip", *download], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
