"""A demo: a video, its extraction, and one picture of what was kept and dropped.

Without a video of the user's it renders its own, so that what is in it is known: the truth, by
which its images are labeled.
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from vidset.demo.contact_sheet import write_contact_sheet
from vidset.demo.drive import DRIVE, TRUTH, VIDEO, has_drive, render_drive
from vidset.demo.scene import Scene
from vidset.elements import FrameRow, ledger_key
from vidset.intake.listing import list_uploads
from vidset.intake.progress import Progress
from vidset.intake.request import Request, Summary
from vidset.intake.run import extract
from vidset.naming import printable
from vidset.output import make_output
from vidset.parquet import read_parquet
from vidset.project import Project, find_project, make_place
from vidset.storage.folder import FolderStore
from vidset.video.decoding import Video
from vidset.video.sampling import Sampling

if TYPE_CHECKING:
    from vidset.demo.labels import Labeling

CONTACT_SHEET = "contact_sheet.jpg"
# Between what the rendered drive has by day and in focus (brightness 130 to 150, sharpness 450 and
# more) and what its dark and blurred stretches have (brightness 16, sharpness 15 and less).
_MIN_BRIGHTNESS, _MIN_SHARPNESS = 40.0, 100.0
_EVERY = Fraction(1)
_KINDS = {
    "drive": "driving",
    "stop_with_crossing": "standing still, someone crosses",
    "stop": "standing still, sensor noise only",
    "dark": "dark",
    "blurred": "blurred",
}
_FATES = {"kept": "kept", "near_duplicate": "dropped as near duplicates"}


class Teller(Protocol):
    """Is told what the demo does, while it does it."""

    def tell(self, text: str) -> None:
        """Take a line about what has been done."""

    def doing(self, what: str) -> AbstractContextManager[object]:
        """Show what is being done until the block ends."""
        ...

    def extracting(self, counts: Progress) -> AbstractContextManager[None]:
        """Show an extraction's progress until the block ends."""
        ...

    def extracted(self, summary: Summary, notes: Mapping[str, str], place: str) -> None:
        """Take what an extraction did, and what is wrong with its videos."""

    def labeled(self, labeling: "Labeling") -> None:
        """Take what became of the labels."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """The results of a demo.

    Attributes:
        sheet: the contact sheet; None if nothing was extracted.
        truth: what is in the rendered drive; None for a video of the user's, as is `labeling`.
    """

    project: Project
    video: str
    summary: Summary
    sheet: str | None
    truth: str | None
    labeling: "Labeling | None"

    @property
    def is_whole(self) -> bool:
        """Returns whether no video failed and every image was labeled."""
        return not (self.summary.failed or (self.labeling and self.labeling.problems))


def demonstrate(video: str | None, output: str, teller: Teller) -> Demonstration:
    """Extract `video` or, for None, a rendered one into the folder `output`, and draw the sheet.

    The rendered one is labeled too. The sheets are drawn again each time.

    Raises:
        ValueError: `video` is no file, or `output` cannot be a folder; nothing has been started.
    """
    _check(video, output)
    if video is None:
        import vidset.demo.labels  # noqa: F401 (it may not be installed: before any work)
    project = find_project(output, is_made=True)
    make_place(project)
    path = _render(output, teller) if video is None else video
    thresholds = {}
    if video is None:
        thresholds = {"min_brightness": _MIN_BRIGHTNESS, "min_sharpness": _MIN_SHARPNESS}
    found = Progress()
    with teller.extracting(found):
        summary = extract(Request((path,), output, {"every": str(_EVERY), **thresholds}), found)
    teller.extracted(summary, found.notes, output)
    if video is not None:
        teller.tell("dark and blurred samples are kept: for your own video no limits are set")
    rows = _ledger_rows(path, output)
    sheet = os.path.join(output, CONTACT_SHEET) if rows else None
    if sheet:
        with teller.doing("Drawing the contact sheet"), Video(path, printable(path)) as opened:
            frames = opened.sample(Sampling(_EVERY))
            write_contact_sheet(sheet, os.path.basename(path), _rules(thresholds), rows, frames)
    if video is not None:
        teller.tell("nobody knows yet what is in it")
        return Demonstration(project, path, summary, sheet, None, None)
    truth = os.path.join(output, TRUTH)
    teller.tell(f"truth   {truth}, and what became of it:")
    for line in compare(DRIVE, rows):
        teller.tell(f"        {line}")
    return Demonstration(project, path, summary, sheet, truth, _label(rows, output, teller))


def _render(output: str, teller: Teller) -> str:
    path = os.path.join(output, VIDEO)
    if has_drive(DRIVE, output):
        teller.tell(f"{path} has been rendered before")
        return path
    with teller.doing(f"Rendering a drive of {DRIVE.seconds:.0f} s"):
        render_drive(DRIVE, output)
    teller.tell(f"{path} rendered: {DRIVE.seconds:.0f} s with a known truth")
    return path


def _label(rows: Sequence[FrameRow], output: str, teller: Teller) -> "Labeling":
    from vidset.demo.labels import label_drive

    with teller.doing("Labeling"):
        labeling = label_drive(DRIVE, rows, output, f"{VIDEO}, as the truth labels it")
    teller.labeled(labeling)
    return labeling


def compare(scene: Scene, rows: Sequence[FrameRow]) -> list[str]:
    """Returns a line for each kind of stretch: what was in it, and what became of its samples."""
    lines = []
    for kind, name in _KINDS.items():
        seconds = sum(span.end - span.start for span in scene.spans if span.kind == kind)
        fates = Counter(row.reason for row in rows if scene.span_at(row.pts_seconds).kind == kind)
        each = ", ".join(
            f"{number} {_FATES.get(reason, f'dropped as {reason}')}"
            for reason, number in fates.most_common()
        )
        lines.append(f"{seconds:5.1f} s  {name:33}  {fates.total():2} samples: {each or 'none'}")
    return lines


def _check(video: str | None, output: str) -> None:
    if video is not None and not os.path.isfile(video):
        raise ValueError(f"the demo wants a video file of this machine, got {video!r}")
    if "://" in output:
        raise ValueError(f"the demo's --output must be a folder of this machine, got {output!r}")
    make_output(output)


def _ledger_rows(video: str, output: str) -> list[FrameRow]:
    """Returns what the frame ledger says of the video; nothing if it failed."""
    upload = FolderStore("/").identify(next(list_uploads(video)))
    key = ledger_key(printable(upload.uri), upload.generation or "")
    try:
        data = FolderStore(output).read(f"frames/{key}.parquet")
    except FileNotFoundError:
        return []
    return [FrameRow(**row) for row in read_parquet(data).to_pylist()]


def _rules(thresholds: dict[str, float]) -> str:
    """Returns what the sheet says of how it was decided."""
    text = (
        "SSIM: with the last kept sample. Change: of the most changed small window, in levels. "
        "A near duplicate has SSIM >= 0.9 and change <= 20."
    )
    if thresholds:
        return f"{text} Dark: level < {_MIN_BRIGHTNESS:g}. Blurred: sharpness < {_MIN_SHARPNESS:g}."
    return f"{text} No limits on brightness and sharpness."
