from dataclasses import replace

import cv2
import numpy as np
import pytest

from vidset.demo.drive import DRIVE
from vidset.demo.rendering import Renderer
from vidset.demo.scene import Box, Mover, Scene, SceneObject, Span

PERSON = Mover("person", "walking", 0, 9, x=-4, ahead=10.8, x_speed=2)
CROSSING_CAR = Mover("car", "side", 0, 9, x=-10, ahead=22, x_speed=9)
ONCOMING_CAR = Mover("car", "front", 0, 9, x=-3.5, ahead=60, speed=-12)
PARKED_CAR = Mover("car", "rear", 0, 9, x=3, ahead=30)


def scene(*movers: Mover, **changes) -> Scene:
    spans = Span("stop_with_crossing", 0, 4), Span("drive", 4, 9)
    return Scene(spans, movers, **changes)


@pytest.mark.parametrize(
    ("mover", "seconds"),
    [
        pytest.param(PERSON, 1.0, id="person"),
        pytest.param(PERSON, 2.2, id="person in another step"),
        pytest.param(CROSSING_CAR, 1.0, id="crossing car"),
        pytest.param(ONCOMING_CAR, 3.0, id="oncoming car"),
        pytest.param(PARKED_CAR, 5.2, id="parked car that is passed"),
        pytest.param(CROSSING_CAR, 0.0, id="car that is partly out of the picture"),
    ],
)
def test_an_objects_box_is_where_the_frame_differs_from_one_without_it(mover, seconds):
    number = round(seconds * 25)
    with_it, without_it = (
        Renderer(scene(*movers)).frame(number).astype(int) for movers in ((mover,), ())
    )
    (found,) = scene(mover).objects_at(seconds)
    changed = (np.abs(with_it - without_it).max(axis=2) > 12).astype(np.uint8)
    x, y, width, height = cv2.boundingRect(changed)
    edges = np.array([x, y, x + width, y + height])
    box = found.box
    assert found.label == mover.label
    assert edges == pytest.approx([box.x, box.y, box.x + box.width, box.y + box.height], abs=2)


def test_a_frame_depends_on_its_scene_and_number_alone():
    one, other = Renderer(scene(PERSON)), Renderer(scene(PERSON))
    other.frame(110)
    for number in (110, 30, 0):
        assert one.frame(number).tobytes() == other.frame(number).tobytes()


def test_another_seed_gives_another_place():
    one, other = (Renderer(scene(seed=seed)).frame(120) for seed in (1, 2))
    assert np.abs(one.astype(int) - other).mean() > 5


def test_standing_still_the_sensors_noise_alone_changes_and_by_eight_levels_at_most():
    renderer = Renderer(scene())
    frames = np.stack([renderer.frame(number) for number in (20, 45, 70, 95)]).astype(int)
    # Of what is never black or white: there the noise is cut.
    inner = ((frames > 16) & (frames < 239)).all(axis=0)
    spread = np.ptp(frames, axis=0)[inner]
    assert spread.max() == 16
    assert spread.mean() > 7


def test_driving_the_camera_moves_on_and_at_a_stop_it_does_not():
    place = [scene().distance_at(seconds) for seconds in (0, 2, 3.96, 6, 7)]
    assert place[:3] == [0, 0, 0]
    assert place[3] > 10
    assert place[4] - place[3] == pytest.approx(11)


def test_a_thing_on_the_road_is_seen_in_perspective():
    # 1.39 * 360 / 10 = 50.04 pixels a metre, ten metres ahead.
    box = scene().box(x=0, ahead=10, width=1.8, height=1.45)
    assert (box.x, box.width) == pytest.approx((274.964, 90.072))
    assert (box.y, box.height) == pytest.approx((155.898, 72.558))


def test_a_box_is_cut_at_the_pictures_edges():
    assert Box(-10, 300, 40, 80).clipped(640, 360) == Box(0, 300, 30, 60)


def test_objects_come_with_the_farthest_first_and_only_when_they_can_be_seen():
    far, near = replace(PARKED_CAR, ahead=60), replace(PARKED_CAR, ahead=20)
    gone = replace(PARKED_CAR, end=0.5)
    beyond_sight = replace(PARKED_CAR, ahead=100)
    beside = replace(PARKED_CAR, x=20, ahead=8)
    found = scene(near, gone, beyond_sight, beside, far).objects_at(1)
    assert [round(one.box.width) for one in found] == [15, 45]


def test_the_truth_tells_spans_and_the_objects_of_each_second():
    truth = scene(PERSON, width=320, height=180).to_truth()
    assert truth["spans"][1] == {"kind": "drive", "start": 4, "end": 9}
    assert [sample["pts_seconds"] for sample in truth["samples"]] == [*map(float, range(9))]
    (person,) = truth["samples"][2]["objects"]
    assert person["label"] == "person"
    assert person["box"] == pytest.approx(
        {"x": 154.21, "y": 71.09, "width": 11.58, "height": 40.54}, abs=0.01
    )


def test_who_crosses_in_the_drive_covers_about_one_per_cent_of_the_picture():
    areas = {
        one.label: one.box.width * one.box.height / (640 * 360)
        for seconds in (9, 13)
        for one in DRIVE.objects_at(seconds)
        if one.box.height > 20
    }
    assert areas == {
        "person": pytest.approx(0.0115, abs=0.003),
        "car": pytest.approx(0.0145, abs=0.003),
    }


def test_nobody_moves_in_the_drives_empty_stop():
    (stop,) = [span for span in DRIVE.spans if span.kind == "stop"]
    seen = [DRIVE.objects_at(seconds) for seconds in np.arange(stop.start, stop.end, 0.04)]
    assert all(objects == seen[0] for objects in seen)
    assert all(isinstance(one, SceneObject) for one in seen[0])
