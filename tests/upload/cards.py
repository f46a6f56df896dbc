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
        self._errors = folder.with_name("errors")
        folder.mkdir()

    def record(self, name, size=MIB, seed=0):
        made = recording(self.folder.with_name("made.mp4"), size, seed)
        made.rename(self.folder / name)
        return (self.folder / name).read_bytes()

    def left(self):
        return sorted(each.name for each in self.folder.iterdir())

    def upload(self, store, *options, until=lambda: True, delete=True, meanwhile=None, words=()):
        """By name; or followed until it is so, which by name has to be so in the end.

        Args:
            meanwhile: called again and again while it runs, which then is a process of its own.
            words: a command of the test's own, in place of `vidset upload`.
        """
        arguments = (
            *(self.folder, "--to", store.bucket, "--collector", "cam1", "--state", self._state),
            *("--settle", "0.3", "--poll", "0.1", *options),
            *(["--delete"] if delete else []),
            *(["--follow"] if self.is_followed else []),
        )
        if self.is_followed or meanwhile or words:
            self.said, out = self._run(store, arguments, until, meanwhile or (lambda: None), words)
        else:
            ended = recordings.upload(*arguments, env=store.environment)
            self.said, out = ended.stderr, ended.stdout
            self._errors.write_text(self.said)
        assert until(), self.said
        self.found = json.loads(out)
        files = self.found.get("files", ())
        self.files = {os.path.basename(each["file"]): each for each in files}

    def _run(self, store, arguments, until, meanwhile, words):
        """Run it as a process. Returns what it said and what it printed."""
        out, env = self.folder.with_name("out"), store.environment
        with self._errors.open("w") as stderr, out.open("w") as stdout:
            if words:
                process = subprocess.Popen(
                    [*words, *map(str, arguments), "--json"],
                    env=recordings.environment(env),
                    stdout=stdout,
                    stderr=stderr,
                )
            else:
                process = recordings.started(
                    *arguments, "--json", stdout=stdout, stderr=stderr, env=env
                )
        try:
            deadline = time.monotonic() + 600
            while process.poll() is None and not (self.is_followed and until()):
                assert time.monotonic() < deadline, self._errors.read_text()
                meanwhile()
                time.sleep(0.05)
            if self.is_followed:
                process.send_signal(signal.SIGTERM)
            process.wait(timeout=600)
        finally:
            process.kill()
        return self._errors.read_text(), out.read_text()

    def says(self, text):
        return text in self._errors.read_text()
