"""`vidset label` as a process: how it starts, and without its part of the package."""

import resource
import subprocess
import sys

import pytest

from tests.cli.labels import make_output

_HEAVY = (
    "apache_beam",
    "av",
    "boto3",
    "cloudevents",
    "cv2",
    "flask",
    "google",
    "httpx",
    "numpy",
    "pyarrow",
    "scaleapi",
    "shapely",
    "werkzeug",
    "yaml",
)
_COMMANDS = (
    "dispatch",
    "status",
    "reconcile",
    "connect",
    "import",
    "serve",
    "quarantine",
)


def vidset(*arguments: object, without: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    """In a process that cannot import these modules."""
    code = (
        "import sys\n"
        f"for name in {without!r}: sys.modules[name] = None\n"
        "from vidset.cli.main import run\n"
        "run(sys.argv[1:])\n"
    )
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def test_help_needs_nothing_but_the_command_line_itself():
    names = ("", "label", *(f"label {command}" for command in _COMMANDS))
    code = (
        "import sys\n"
        f"for name in {_HEAVY!r}: sys.modules[name] = None\n"
        "from vidset.cli.main import run\n"
        "for name in sys.argv[1:]:\n"
        "    try: run([*name.split(), '--help'])\n"
        "    except SystemExit as ended: assert not ended.code, (name, ended.code)\n"
    )
    command = [sys.executable, "-c", code, *names]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    usages = [line for line in ended.stdout.splitlines() if line.startswith("Usage: vidset")]
    assert len(usages) == len(names)


def test_help_is_there_at_once():
    """It takes little more than the import of what draws it, however busy the machine is."""

    def cpu_seconds(*words: str) -> float:
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], capture_output=True, check=True)
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime

    least = min(cpu_seconds("-c", "import typer, rich.console") for _ in range(3))
    assert min(cpu_seconds("-m", "vidset", "--help") for _ in range(3)) < 3 * least


@pytest.mark.parametrize("missing", ["flask", "shapely", "yaml"])
def test_without_its_part_of_the_package_it_says_how_to_get_it(tmp_path, missing):
    out = make_output(tmp_path / "out", {"a.mp4": 2})
    ended = vidset("label", "serve", "-p", out, without=(missing,))
    assert ended.returncode == 2
    assert 'this command needs pip install "vidset[label]"' in ended.stderr
    assert not (out / "labels.sqlite").exists()


def test_without_a_vendors_client_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("LABEL_STUDIO_TOKEN", "t0ken")
    out = make_output(tmp_path / "out", {"a.mp4": 2})
    ended = vidset("label", "serve", "-p", out, without=("httpx",))
    assert ended.returncode == 2
    assert 'this command needs pip install "vidset[label]"' in ended.stderr


def test_the_demo_without_it_says_so_before_any_work(tmp_path):
    ended = vidset("demo", "--output", tmp_path / "out", without=("flask",))
    assert ended.returncode == 2
    assert 'this command needs pip install "vidset[label]"' in ended.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_bad_usage_ends_with_2_and_one_line(tmp_path):
    ended = vidset("label", "status", "-p", tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    wanted = f"{tmp_path}: wanted the output of vidset extract, got no folder {tmp_path}/videos"
    assert ended.stderr == f"vidset: {wanted}\n"
