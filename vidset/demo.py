"""`vidset demo`: a video, its extraction, and one picture of what was kept and dropped.

Without a video of the user's it renders its own, so that what is in it is known: the truth.
"""

import io
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction

import pyarrow.parquet as pq
from rich.console import Console
from rich.markup import escape

from dataflow.decoding import Video
from dataflow.elements import FrameRow, ledger_key
from dataflow.listing import list_uploads
from dataflow.naming import printable
from dataflow.sampling import Sampling
from dataflow.storage_folder import FolderStore
from vidset.contact_sheet import write_contact_sheet
from vidset.display import show_summary
from vidset.drive import DRIVE, TRUTH, VIDEO, has_drive, render_drive
from vidset.scene import Scene

CONTACT_SHEET = "contact_sheet.jpg"
# Between what the rendered drive has in daylight and in focus (brightness 130 to 150, sharpness 470
# and more) and what its dark and blurred stretches have (brightness 16, sharpness 15 and less).
_MIN_BRIGHTNESS, _MIN_SHARPNESS = 40.0, 100.0
_EVERY = Fraction(1)
_KINDS = {
    "drive": "driving",
    "stop_with_crossing": "standing still, someone crosses",
    "stop": "standing still, only sensor noise",
    "dark": "dark",
    "blurred": "blurred",
}


def run_demo(
    video: str | None, output: str, *, as_json: bool = False, quiet: bool = False
) -> int:
    """Extract `video` or, for None, a rendered one into the folder `output`, and draw the sheet.

    The exit code: 1 when the video failed, else 0.

    Raises:
        ValueError: `video` is no file, or `output` cannot be a folder; nothing has been started.
    """
    console = Console(highlight=False, soft_wrap=True, quiet=quiet or as_json)
    _check(video, output)
    path = os.path.join(output, VIDEO) if video is None else video
    thresholds = {}
    if video is None:
        thresholds = {"min_brightness": _MIN_BRIGHTNESS, "min_sharpness": _MIN_SHARPNESS}
        _provide(DRIVE, output, console)
    else:
        console.print("Your own video: nothing is dropped for being dark or blurred.")

    # Beam is imported only now that the request is known to be good: that takes seconds.
    from dataflow.progress import PROGRESS
    from vidset.extract import Request, extract

    request = Request((path,), output, {"every": str(_EVERY), **thresholds})
    summary = extract(request, show=not console.quiet)
    show_summary(summary, PROGRESS.notes, output, as_json=False, quiet=console.quiet)
    rows = _ledger_rows(path, output)
    sheet = os.path.join(output, CONTACT_SHEET) if rows else None
    if sheet:
        with Video(path, printable(path)) as opened:
            frames = opened.sample(Sampling(_EVERY))
            write_contact_sheet(sheet, os.path.basename(path), _rules(thresholds), rows, frames)
    truth = os.path.join(output, TRUTH) if video is None else None
    if truth:
        console.print(f"truth   {escape(truth)}")
        for line in compare(DRIVE, rows):
            console.print(f"        {line}")
    console.print(f"[bold]contact sheet  {escape(sheet)}[/]" if sheet else "no contact sheet")
    if as_json:
        places = {"contact_sheet": sheet, "video": path, "truth": truth}
        print(json.dumps(asdict(summary) | places))
    return 1 if summary.failed else 0


def compare(scene: Scene, rows: Sequence[FrameRow]) -> list[str]:
    """What was in the video, and what became of its samples: a line for each kind of stretch."""
    lines = []
    for kind, name in _KINDS.items():
        seconds = sum(span.end - span.start for span in scene.spans if span.kind == kind)
        fates = Counter(row.reason for row in rows if scene.span_at(row.pts_seconds).kind == kind)
        each = ", ".join(f"{number} {reason}" for reason, number in fates.most_common())
        text = each.replace("_", " ") if each else "no samples"
        lines.append(f"{seconds:4.1f} s {name}: of {fates.total()} samples {text}")
    return lines


def _check(video: str | None, output: str) -> None:
    if video is not None and not os.path.isfile(video):
        raise ValueError(f"the demo wants one video file of this machine, got {video!r}")
    if "://" in output:
        raise ValueError(f"the demo's --output must be a folder of this machine, got {output!r}")
    try:
        os.makedirs(output, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--output {output}: {error.strerror}") from None
    if not os.access(output, os.W_OK | os.X_OK):
        raise ValueError(f"--output {output}: this user may not write there")


def _provide(scene: Scene, folder: str, console: Console) -> None:
    if has_drive(scene, folder):
        console.print("The rendered drive is there already.")
        return
    console.print(f"Rendering a drive of {scene.seconds:.0f} s, of which everything is known...")
    render_drive(scene, folder)


def _ledger_rows(video: str, output: str) -> list[FrameRow]:
    """What the frame ledger says of the video; nothing if it failed."""
    upload = FolderStore("/").identify(next(list_uploads(video)))
    key = ledger_key(printable(upload.uri), upload.generation or "")
    try:
        data = FolderStore(output).read(f"frames/{key}.parquet")
    except FileNotFoundError:
        return []
    return [FrameRow(**row) for row in pq.read_table(io.BytesIO(data)).to_pylist()]


def _rules(thresholds: dict[str, float]) -> str:
    """What the sheet says of how it was decided."""
    text = (
        "SSIM with the last kept sample; change: of the most changed small window, in levels. "
        "A near duplicate has SSIM >= 0.9 and change <= 20."
    )
    if thresholds:
        return f"{text}  Dark: level < {_MIN_BRIGHTNESS:g}.  Blurred: sharpness < {_MIN_SHARPNESS:g}."
    return f"{text}  No limits on brightness and sharpness."
