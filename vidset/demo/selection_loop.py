"""Once around the loop that chooses what is labeled next, on drawn drives whose truth is known.

extract -> select -> label -> train -> predict -> select the next -> label

Every step is a command that a user could type; the demo prints it, runs it, and goes on. Only one
thing is different from real life: the annotator, who here looks the right answer up.
"""

import io
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidset.demo.drives import draw_drives
from vidset.demo.labels import ANSWERS, truth_labels, write_answers
from vidset.demo.rendering import render_video
from vidset.demo.steps import Steps, Teller
from vidset.labeling.broker import open_broker
from vidset.labeling.stores.store import Key, Store
from vidset.listening import listen, url_of
from vidset.local_labeling.pre_labels import OUTCOMES, PreLabels, compare_pre_labels
from vidset.local_labeling.server import make_app, serving
from vidset.output import make_output
from vidset.place import Place
from vidset.project import Project, make_place
from vidset.selection.selection_file import Selection, read_selections

DRIVES = "drives"
_DRIVES, _BUDGET, _EPOCHS = 7, 10, 50
_PRICE = 0.08
_OURS = ("LABELING_", "VIDSET_")


@dataclass(frozen=True, slots=True)
class Round:
    """One selection, and what its labels brought.

    Attributes:
        selection: its id.
        strategies: images by the strategy that chose them.
        covered: images that were passed over because they nearly repeat one that is labeled or
            chosen.
        labeled: images of the selection that have labels.
        objects: those that are labeled in them.
    """

    selection: str
    strategies: Mapping[str, int]
    covered: int
    labeled: int
    objects: int


@dataclass(frozen=True, slots=True)
class WentAround:
    """The commands that were run, and what came of them.

    Attributes:
        images: how many the drives gave.
        pre_labels: objects by what people made of them: see
            `vidset.local_labeling.pre_labels.PreLabels`.
        price: of labeling one image.
    """

    project: Project
    commands: tuple[str, ...]
    images: int
    rounds: tuple[Round, ...]
    pre_labels: Mapping[str, int]
    price: float = _PRICE


def go_around(output: str, teller: Teller) -> WentAround:
    """Go once around the loop in the folder `output`, which must be empty or missing.

    Raises:
        ValueError: `output` cannot be a folder, or something is in it.
        RuntimeError: a command failed.
    """
    make_output(output)
    out = Path(output).absolute()
    if any(out.iterdir()):
        raise ValueError(
            f"{output}: wanted an empty folder, for labels that are there would count as the "
            "demo's; delete it, or name another with --output"
        )
    project = Project(str(out))
    make_place(project)
    scenes = draw_drives(_DRIVES)
    (out / DRIVES).mkdir()
    teller.tell(f"{DRIVES}/: drawing {len(scenes)} videos, of which the last repeats the first")
    for name, scene in scenes.items():
        render_video(scene, str(out / DRIVES / name))
    listening, log = listen("127.0.0.1", 0), io.StringIO()
    # Nothing of the user's: no task of the demo goes anywhere else.
    others = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    settings = truth_labels(str(out / ANSWERS), url_of(listening))
    settings["LABELING_PRICE"] = f"{_PRICE}"
    steps = Steps(out, teller, others | settings)
    steps.run("Videos become images", "extract", DRIVES)
    place = Place.of(str(out))
    images = list(place.kept_images())
    found = [(scenes[Path(image.video_uri).name], image.id, image.pts_seconds) for image in images]
    write_answers(found, out / ANSWERS)
    broker = open_broker(place.settings("dispatch", settings))
    with serving(make_app(broker, place.images, place.images_root, log), listening, log):
        _go(steps, str(out))
    try:
        rounds = _rounds(broker.store, read_selections(str(out)))
        pre_labels = _count(compare_pre_labels(broker.store))
    finally:
        broker.store.close()
    return WentAround(project, tuple(steps.commands), len(images), rounds, pre_labels)


def _go(steps: Steps, place: str) -> None:
    def label(what: str) -> None:
        newest = read_selections(place)[-1].id
        steps.run(what, "label", "dispatch", "--selection", newest, "--yes")

    budget = ("--budget", _BUDGET)
    what = f"Nothing is known yet: {_BUDGET} images, spread evenly"
    steps.run(what, "select", *budget, "--strategy", "time")
    label("Somebody who knows the truth labels them")
    sides = ("--shares", "train=0.75,validation=0.25")
    create = ("dataset", "create", "--name", "v0", *sides)
    steps.run("A version of what is labeled", *create, last_lines=7)
    steps.run("The fixed model on it", "train", "v0", "--epochs", _EPOCHS, last_lines=4)
    steps.run("What it says of the images without labels", "predict")
    steps.run(f"The next {_BUDGET}, by what the model doubts and lacks", "select", *budget)
    label("Its answers go along; somebody corrects them")
    steps.run("What pre-labels were worth", "label", "status")


def _rounds(store: Store, selections: Sequence[Selection]) -> tuple[Round, ...]:
    rounds = []
    for selection in selections:
        keys: list[Key] = [("annotations", name) for name in selection.image_ids]
        documents = [found.document for found in store.get(*keys) if found is not None]
        labeled = [each for each in documents if each["state"] == "labeled"]
        rounds.append(
            Round(
                selection=selection.id,
                strategies=dict(Counter(selection.table["strategy"].to_pylist())),
                covered=selection.details["counts"].get("covered", 0),
                labeled=len(labeled),
                objects=sum(len(each["objects"]) for each in labeled),
            )
        )
    return tuple(rounds)


def _count(found: Sequence[PreLabels]) -> dict[str, int]:
    """Sum up over labels."""
    return {name: sum(getattr(each, name) for each in found) for name in (*OUTCOMES, "added")}
