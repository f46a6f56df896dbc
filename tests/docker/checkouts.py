"""A checkout with recorders in place of docker, gcloud and terraform."""

import shutil
import stat
import subprocess
import sys
from pathlib import Path

from tests.paths import ROOT

DIGEST = f"sha256:{'ab' * 32}"


REPOSITORY = "europe-west1-docker.pkg.dev/project-1/vidset-beam"


BASES = f"""PYTHON_IMAGE=example.org/python@{DIGEST}
BEAM_IMAGE=example.org/beam@{DIGEST}
LAUNCHER_IMAGE=example.org/launcher@{DIGEST}
"""


LAUNCHER = "gcr.io/dataflow-templates-base/python311-template-launcher-base:latest"


RELEASES = "gs://releases/templates"


RECORDER = """#!/bin/bash
echo "$(basename "$0") $*" >> "$CALLS"
case "$(basename "$0") $*" in
  "docker buildx imagetools"*) echo "${DIGEST:-none}" ;;
  "docker buildx build"*) [ -z "$BUILD_FAILS" ] || exit 1
    echo "{\\"containerimage.digest\\": \\"$DIGEST\\"}" > build/image.json ;;
  *"output -raw image_repository") [ -n "$REPOSITORY" ] || exit 1; echo -n "$REPOSITORY" ;;
  *"output -raw export_job") echo -n "$EXPORT_JOB" ;;
  *"output -raw project_id") echo -n project-1 ;;
  *"output -raw region") echo -n europe-west1 ;;
  "gcloud dataflow jobs list"*) cat "$ACTIVE" 2>/dev/null || true ;;
  "gcloud dataflow jobs cancel"*) : > "$ACTIVE" ;;
  *"output -raw template_folder") [ -n "$TEMPLATES" ] || exit 1; echo -n "$TEMPLATES" ;;
esac
"""


TOOLS = ("basename", "bash", "cat", "dirname", "git", "make", "mkdir", "mv", "sed", "sleep")


def require_path(program: str) -> str:
    found = shutil.which(program)
    assert found, f"{program} is not installed"
    return found


class Checkout:
    """A copy of what the targets need, and what they called."""

    def __init__(self, folder: Path):
        self.folder, self._calls, self._bin = folder, folder / "calls.txt", folder / "bin"
        shutil.copytree(ROOT / "docker", folder / "docker")
        (folder / "docker" / "beam" / "bases.env").unlink(missing_ok=True)
        shutil.copy(ROOT / "Makefile", folder)
        (folder / "infra").mkdir()
        shutil.copy(ROOT / "infra" / "destroy.sh", folder / "infra")
        shutil.copytree(
            ROOT / "functions" / "labeling_task",
            folder / "functions" / "labeling_task",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        self._bin.mkdir()
        # Nothing else of the machine's, which may have docker or gcloud.
        for name in TOOLS:
            (self._bin / name).symlink_to(require_path(name))
        (self._bin / "python3").symlink_to(Path(sys.executable).resolve())
        for name in "docker", "gcloud", "terraform":
            (self._bin / name).write_text(RECORDER)
            (self._bin / name).chmod(stat.S_IRWXU)
        git = ["git", "-C", folder, "-c", "user.name=n", "-c", "user.email=e@example.org"]
        subprocess.run([*git, "init", "-q"], check=True, timeout=600)
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True, timeout=600)

    def remove(self, program: str) -> None:
        (self._bin / program).unlink()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def make(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {"PATH": str(self._bin), "CALLS": str(self._calls), "HOME": "/"}
        own |= {"ACTIVE": str(self.folder / "active.txt"), "DESTROY_PAUSE": "0"}
        known = {
            "DIGEST": DIGEST,
            "REPOSITORY": REPOSITORY,
            "TEMPLATES": RELEASES,
            "BUILD_FAILS": "",
        }
        known |= {"EXPORT_JOB": "vidset-export"}
        return subprocess.run(
            [require_path("make"), "--no-print-directory", *arguments],
            check=False,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=600,
            env=own | known | environment,
        )

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []
