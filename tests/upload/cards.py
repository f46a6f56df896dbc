"""A folder of recordings that is uploaded by name or followed, with what that says."""

import json
import os
import signal
import subprocess
import time

from tests.upload import recordings
from tests.upload.recordings import MIB, recording


class Card:
    """A folder of recordings that is uploaded with --delete.

    Attributes:
        files: the records of the last run by file name; `said` is its stderr.
    """

    def __init__(self, folder, state, *, is_followed):
        self.folder, self._state, self.is_followed = folder, state, is_followed
        self.files, self.said, self.found = {}, "", {}
        folder.mkdir()

    def record(self, name, size=MIB, seed=0):
        made = recording(self.folder.with_name("made.mp4"), size, seed)
        made.rename(self.folder / name)
        return (self.folder / name).read_bytes()

    def left(self):
        return sorted(each.name for each in self.folder.iterdir())

    def upload(
        self, store, *options, until=lambda: True, delete=True, meanwhile=lambda: None, words=()
    ):
        """By name; or followed until it is so, which by name has to be so in the end.

        Args:
            meanwhile: called again and again while it runs.
            words: a command of the test's own, in place of `vidset upload`.
        """
        command = recordings.command(
            *(self.folder, "--to", store.bucket, "--collector", "cam1", "--state", self._state),
            *("--settle", "0.3", "--poll", "0.1", "--json", *options),
            *(["--delete"] if delete else []),
            *(["--follow"] if self.is_followed else []),
        )
        if words:
            command[:4] = words
        errors, out = self.folder.with_name("errors"), self.folder.with_name("out")
        with errors.open("w") as stderr, out.open("w") as stdout:
            process = subprocess.Popen(
                command,
                env=recordings.environment(store.environment),
                stdout=stdout,
                stderr=stderr,
            )
        try:
            deadline = time.monotonic() + 240
            while process.poll() is None and not (self.is_followed and until()):
                assert time.monotonic() < deadline, errors.read_text()
                meanwhile()
                time.sleep(0.05)
            if self.is_followed:
                process.send_signal(signal.SIGTERM)
            process.wait(timeout=240)
        finally:
            process.kill()
        self.said = errors.read_text()
        assert until(), self.said
        self.found = json.loads(out.read_text())
        files = self.found.get("files", ())
        self.files = {os.path.basename(each["file"]): each for each in files}

    def says(self, text):
        return text in self.folder.with_name("errors").read_text()
