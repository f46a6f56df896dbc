"""The Google Cloud SDK's emulators, which are programs for Java."""

import os
import shutil
from pathlib import Path

from tests.emulators.servers import ToolMissingError, find_program

JDK = "apt-get install default-jdk-headless"
# One compiler and one collector thread: an emulator starts in half the time, in half the memory.
JAVA_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m")


def java() -> list[str]:
    return [find_program("java", JDK), *JAVA_OPTIONS]


def find_jar(component: str, pattern: str) -> Path:
    """The jar of a component of the SDK, wherever that is installed."""
    for root in _sdk_folders():
        jars = sorted((root / "platform" / component).glob(pattern))
        if jars:
            return jars[-1]
    install = f"gcloud components install {component}"
    package = component.removeprefix("cloud-")
    raise ToolMissingError(
        f"the gcloud component {component}",
        f"{install} (from Debian packages: apt-get install google-cloud-cli-{package})",
    )


def _sdk_folders() -> list[Path]:
    folders = [Path("/usr/lib/google-cloud-sdk")]
    if gcloud := shutil.which("gcloud"):
        folders.insert(0, Path(gcloud).resolve().parent.parent)
    if named := os.environ.get("CLOUDSDK_ROOT_DIR"):
        folders.insert(0, Path(named))
    return folders
