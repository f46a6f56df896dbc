"""`vidset demo`: a video, its extraction, and one picture of what was kept and dropped.

Without a video of the user's it renders its own, so that what is in it is known: the truth, by
which its images are labeled.
"""

import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from vidset.cli.console import show_problems
from vidset.cli.demo import Demonstrated
from vidset.cli.extract.display import show_notes, show_progress, show_summary
from vidset.cli.results import as_object, print_json
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
from vidset.project import find_project, make_place
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


def run_demo(video: str | None, output: str, *, as_json: bool = False, quiet: bool = False) -> int:
    """Extract `video` or, for None, a rendered one into the folder `output`, and draw the sheet.

    The rendered one is labeled too. The exit code: 1 when the video failed or an image was not
    labeled, else 0. The sheets are drawn anew each time.

    Raises:
        ValueError: `video` is no file, or `output` cannot be a folder; nothing has been started.
    """
    quiet = quiet or as_json
    console = Console(highlight=False, soft_wrap=True, quiet=quiet)
    progress = Console(stderr=True, quiet=quiet)
    _check(video, output)
    if video is None:
        import vidset.demo.labels  # noqa: F401 (it may not be installed: before any work)
    project = find_project(output, is_made=True)
    make_place(project)
    path = os.path.join(output, VIDEO) if video is None else video
    thresholds = {}
    if video is None:
        thresholds = {"min_brightness": _MIN_BRIGHTNESS, "min_sharpness": _MIN_SHARPNESS}
        if has_drive(DRIVE, output):
            console.print(f"{escape(path)} has been rendered before")
        else:
            with progress.status(f"Rendering a drive of {DRIVE.seconds:.0f} s"):
                render_drive(DRIVE, output)
            console.print(f"{escape(path)} rendered: {DRIVE.seconds:.0f} s with a known truth")

    summary = _extract(path, output, thresholds, quiet=quiet)
    if video is not None:
        console.print("dark and blurred samples are kept: for your own video no limits are set")
    rows = _ledger_rows(path, output)
    sheet = os.path.join(output, CONTACT_SHEET) if rows else None
    if sheet:
        with progress.status("Drawing the contact sheet"), Video(path, printable(path)) as opened:
            frames = opened.sample(Sampling(_EVERY))
            write_contact_sheet(sheet, os.path.basename(path), _rules(thresholds), rows, frames)
    truth = os.path.join(output, TRUTH) if video is None else None
    if truth:
        console.print(f"truth   {escape(truth)}, and what became of it:")
        for line in compare(DRIVE, rows):
            console.print(f"        {line}")
    labeling = None
    if video is None:
        labeling = _label(rows, output, console, progress)
    else:
        console.print("nobody knows yet what is in it")
    following = project.command("vidset label status" if labeling else "vidset label dispatch")
    console.print(f"[bold]contact sheet  {escape(sheet)}[/]" if sheet else "no contact sheet")
    if labeling and labeling.sheet:
        console.print(f"[bold]labels         {escape(labeling.sheet)}[/]")
    if as_json:
        labels = labeling and asdict(labeling)
        found = Demonstrated(project.place, sheet, path, truth, labels, **asdict(summary))
        print_json(as_object(found, following))
    progress.print(f"Next: {escape(following)}", highlight=False, soft_wrap=True)
    return 1 if summary.failed or (labeling and labeling.problems) else 0


def _extract(path: str, output: str, thresholds: dict[str, float], *, quiet: bool) -> Summary:
    found = Progress()
    request = Request((path,), output, {"every": str(_EVERY), **thresholds})
    with show_progress(found, enabled=not quiet and sys.stderr.isatty()):
        summary = extract(request, found)
    show_notes(summary, found.notes, output)
    if not quiet:
        show_summary(summary, output)
    return summary


def _label(
    rows: Sequence[FrameRow], output: str, console: Console, progress: Console
) -> "Labeling":
    from vidset.demo.labels import label_drive

    with progress.status("Labeling"):
        labeling = label_drive(DRIVE, rows, output, f"{VIDEO}, as the truth labels it")
    show_problems(labeling.problems)
    done = labeling.annotations["labeled"]
    how = f"{labeling.dispatched} tasks sent, answered by HTTP callbacks"
    if not labeling.dispatched:
        how = "all of them before, no task sent again"
    console.print(f"{done} images labeled ({how})")
    objects = ", ".join(f"{number} {label}" for label, number in labeling.objects.items())
    console.print(f"        {objects}; {labeling.quarantine} answers in quarantine")
    return labeling


def compare(scene: Scene, rows: Sequence[FrameRow]) -> list[str]:
    """What was in the video, and what became of its samples: a line for each kind of stretch."""
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
    """What the frame ledger says of the video; nothing if it failed."""
    upload = FolderStore("/").identify(next(list_uploads(video)))
    key = ledger_key(printable(upload.uri), upload.generation or "")
    try:
        data = FolderStore(output).read(f"frames/{key}.parquet")
    except FileNotFoundError:
        return []
    return [FrameRow(**row) for row in read_parquet(data).to_pylist()]


def _rules(thresholds: dict[str, float]) -> str:
    """What the sheet says of how it was decided."""
    text = (
        "SSIM: with the last kept sample. Change: of the most changed small window, in levels. "
        "A near duplicate has SSIM >= 0.9 and change <= 20."
    )
    if thresholds:
        return f"{text} Dark: level < {_MIN_BRIGHTNESS:g}. Blurred: sharpness < {_MIN_SHARPNESS:g}."
    return f"{text} No limits on brightness and sharpness."
