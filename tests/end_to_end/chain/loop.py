"""The second half of the chain: a score, where it errs, more of that, and a second version."""

import json
from pathlib import Path
from typing import Any

from tests.end_to_end.chain.links import Chain
from tests.end_to_end.jobs import rows
from vidset.beam.ingest_job import main as ingest_job

DENSE_LEDGER = "gs://ledger/denser"
DENSE_SECONDS = "0.5"


def score(chain: Chain, version: str) -> dict[str, Any]:
    """Train the fixed model for an epoch, and evaluate it."""
    run, place = f"{version}-1", ("-p", chain.place)
    chain.run("train", version, "--epochs", 1, *place)
    return chain.run("evaluate", run, *place)


def find_errors(chain: Chain, version: str) -> Path:
    """Write where the run errs in its validation images; the file of spans."""
    spans = chain.folder / "spans.json"
    words = ("errors", f"{version}-1", "--spans-to", spans, "-o", chain.folder / "errors")
    chain.run(*words, "-p", chain.place)
    return spans


def sample_densely(chain: Chain, spans: Path) -> list[dict[str, Any]]:
    """Sample the spans twice a second with the batch job, all kept; the rows of the samples.

    Images go to the same bucket, where those that are there already stay. The ledger is another
    one, since the videos are done in the first.
    """
    job = (
        "--input=gs://uploads",
        f"--spans={spans}",
        f"--every={DENSE_SECONDS}",
        "--similarity_threshold=2",
    )
    places = ("--images=gs://images", f"--ledger={DENSE_LEDGER}")
    if ingest_job([*job, *places, f"--dead_letters={chain.folder}/dense-letters"]) != 0:
        raise AssertionError("the batch job over the spans did not end well")
    return rows(DENSE_LEDGER, "frames")


def wanted_seconds(spans: Path) -> dict[str, set[float]]:
    """The times that lie in the spans, by the video's uri; of a video of any length."""
    found: dict[str, set[float]] = {}
    step = float(DENSE_SECONDS)
    for span in json.loads(spans.read_text())["spans"]:
        inside = {
            number * step
            for number in range(int(span["end_seconds"] / step) + 1)
            if span["start_seconds"] <= number * step <= span["end_seconds"]
        }
        found.setdefault(span["video_uri"], set()).update(inside)
    return found


def compare(chain: Chain, baseline: str, candidate: str) -> dict[str, Any]:
    """Score the baseline's run on the candidate's images as well, and compare the two there.

    New images of a video stay on the video's side of the split, so that the second version is
    validated on more images, and learns from the same.
    """
    chain.run("evaluate", f"{baseline}-1", "--on", candidate, "-p", chain.place)
    words = ("compare", baseline, "vs", candidate, "--allow-few", "-p", chain.place)
    return chain.run(*words)
