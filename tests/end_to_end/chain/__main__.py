"""The whole chain on this machine: python -m tests.end_to_end.chain --help"""

import argparse
import os
import shutil
import signal
import sys
from collections import Counter
from pathlib import Path
from time import monotonic

from tests.emulators.servers import ServerError, ToolMissingError
from tests.end_to_end.chain import loop, times
from tests.end_to_end.chain.drives import Recording, render_drives
from tests.end_to_end.chain.links import Chain
from tests.end_to_end.chain.servers import VENDORS, deployed, started_servers

COLLECTORS = ("car-1", "car-1", "car-2")
_OF_OTHERS = ("LABELING_", "LABEL_STUDIO_", "SCALE_", "VIDSET_PLACE", "VIDSET_WAREHOUSE")


class Teller:
    """Prints a line for each link, with the seconds since the beginning."""

    def __init__(self) -> None:
        self._began = monotonic()

    def tell(self, link: str, what: str) -> None:
        print(f"{monotonic() - self._began:6.1f} s  {link:13} {what}", flush=True)


def pull(chain: Chain, teller: Teller) -> None:
    """From recordings to two versions and what is between them."""
    told = chain.upload()
    size = sum(each.path.stat().st_size for each in chain.recordings)
    uploaded = sum(each["uploaded"] for each in told)
    teller.tell("upload", f"{uploaded} videos, {size / 1e6:.1f} MB, to gs://uploads")
    frames = chain.wait_for_rows(len(chain.recordings))
    fates = Counter(row["reason"] for row in frames)
    fate = ", ".join(f"{number} {reason}" for reason, number in sorted(fates.items()))
    teller.tell("Beam job", f"read their events from Pub/Sub: {len(frames)} samples: {fate}")
    kept = [row for row in frames if row["kept"]]
    chain.wait_for_tasks(len(kept))
    vendors = Counter(task["vendor"] for task in chain.documents()["tasks"].values())
    sent = ", ".join(f"{number} to {vendor}" for vendor, number in sorted(vendors.items()))
    teller.tell("functions", f"took the images' events: tasks sent: {sent}")
    answered = chain.answer(frames)
    objects = sum(seen.objects for seen in chain.annotators.seen.values())
    teller.tell("annotators", f"answered {answered} tasks with {objects} objects, in Firestore now")
    folder = chain.export()
    exported = times.now()
    teller.tell("export", f"{len(chain.rows('annotations'))} annotations as rows in {folder}")
    created = chain.create("v0")
    versioned = times.now()
    teller.tell("version v0", _split(created))
    dataset = chain.export_to_bigquery()
    same = chain.create("v0-bigquery", source=dataset)["version"] == created["version"]
    teller.tell("BigQuery", f"{dataset} gives {'the same' if same else 'another'} version")
    for line in times.lines(chain, frames, exported, versioned):
        print(f"{'':24}{line}")
    _improve(chain, kept, teller)


def _improve(chain: Chain, kept: list[dict], teller: Teller) -> None:
    scored = loop.score(chain, "v0")
    teller.tell("score", f"an epoch on v0: {_scores(scored)}")
    spans = loop.find_errors(chain, "v0")
    wanted = loop.wanted_seconds(spans)
    teller.tell("errors", f"in {len(wanted)} videos; {chain.folder}/errors/index.html shows them")
    frames = loop.sample_densely(chain, spans)
    known = {row["image_id"] for row in kept}
    new = [row for row in frames if row["image_id"] not in known]
    teller.tell("batch job", f"{len(frames)} samples around them, {len(new)} of them new")
    chain.wait_for_tasks(len(kept) + len(new))
    teller.tell("annotators", f"answered {chain.answer(frames)} more tasks")
    denser = chain.export(loop.DENSE_LEDGER, chain.folder / "denser")
    created = chain.create("v1", "--parent", "v0", source=f"warehouse:{denser}")
    teller.tell("version v1", _split(created))
    teller.tell("score", f"an epoch on v1: {_scores(loop.score(chain, 'v1'))}")
    teller.tell("compare", loop.compare(chain, "v0", "v1")["verdict"])


def _split(created: dict) -> str:
    splits = ", ".join(f"{number} {split}" for split, number in created["splits"].items())
    return f"{created['images']} images: {splits}"


def _scores(scored: dict) -> str:
    results = scored["results"].items()
    return ", ".join(f"{split} {found['score']:.3f}" for split, found in results)


def main(arguments: list[str]) -> int:
    """Pull the chain in an empty folder. The exit code is 1 if a server cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m tests.end_to_end.chain", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("out/chain"), help="%(default)s")
    parser.add_argument("--video", type=Path, help="a video of yours, beside the rendered drives")
    options = parser.parse_args(arguments)
    if options.video and not options.video.is_file():
        parser.error(f"--video must be a file, got {options.video}")
    if options.output.exists() and any(options.output.iterdir()):
        parser.error(f"--output must be an empty folder or none, got {options.output}")
    for name in [each for each in os.environ if each.startswith(_OF_OTHERS)]:
        del os.environ[name]  # No task goes to a vendor of yours.
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # As Ctrl-C: leave nothing behind.
    folder = options.output.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    teller = Teller()
    try:
        recordings = _recordings(folder / "disks", options.video)
        teller.tell("recordings", f"{len(recordings)} videos of {len(VENDORS)} collectors")
        print(
            f"{'':10}Starting servers; the first time, they are installed, which takes minutes ..."
        )
        with started_servers(folder) as servers, deployed(servers, folder) as running:
            teller.tell("servers", f"run; their logs are in {folder}")
            chain = Chain(running, recordings, folder)
            try:
                pull(chain, teller)
            finally:
                chain.close()
    except (ServerError, ToolMissingError) as error:
        print(f"make demo-chain: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"\nThe servers have ended. What is left: vidset status -p {folder}/place")
    return 0


def _recordings(disks: Path, video: Path | None) -> list[Recording]:
    recordings = render_drives(disks, COLLECTORS)
    if video:
        own = disks / "car-2" / video.name
        shutil.copyfile(video, own)
        recordings.append(Recording(own, "car-2", None))
    return recordings


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
