import pytest

from vidset.datasets.curation.sources.grouping import Grouped
from vidset.datasets.curation.sources.source import Fault, Found, Kind
from vidset.datasets.errors import DatasetError

OURS = "a/cars/581198d928078bef/0000012500.jpg"


def found(uri, **known):
    return Found(uri, lambda: b"", "coco", label="a", **known)


def groups(how, *images):
    return [each.group for each in Grouped(list(images), how) if isinstance(each, Found)]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        pytest.param("video", "a/cars", id="video"),
        pytest.param("folder", "a/cars/581198d928078bef", id="folder"),
        pytest.param("image", OURS, id="image"),
        pytest.param("10s", "a/cars@10s", id="stretch"),
        pytest.param("0.5s", "a/cars@12.5s", id="half seconds"),
        pytest.param(r"^(\w+)/", "a", id="expression"),
        pytest.param("cars", "cars", id="expression without a group"),
    ],
)
def test_an_image_of_ours_is_grouped_by_its_name(how, expected):
    assert groups(how, found(OURS)) == [expected]


def test_what_the_source_tells_of_an_image_counts_for_more_than_its_name():
    assert groups("video", found(OURS, group="session 1")) == ["session 1"]
    assert groups("video", found("1.jpg", video_uri="gs://b/v.mp4")) == ["gs://b/v.mp4"]
    assert groups("collector", found(OURS, collector_id="ann")) == ["ann"]


def test_foreign_images_have_no_group_and_faults_go_through():
    fault = Fault(Kind.JUNK, "notes.txt")
    assert groups("video", found("vid0_f1.jpg"), fault) == [None]
    assert list(Grouped([fault])) == [fault]


def test_where_the_expression_is_not_found_the_source_s_group_stays():
    images = found("vid0_f1.jpg"), found("other.jpg", group="g")
    assert groups(r"(vid\d+)_", *images) == ["vid0", "g"]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        pytest.param("(", "group by (: wanted video, folder, image", id="no expression"),
        pytest.param("0s", "wanted a stretch longer than 0 seconds", id="no time"),
        pytest.param("nowhere", "found it for none of 1 images", id="never found"),
        pytest.param("collector", "found it for none of 1 images", id="no collector"),
    ],
)
def test_a_grouping_that_cannot_be_is_refused(how, message):
    with pytest.raises(DatasetError) as raised:
        groups(how, found("1.jpg"))
    assert message in str(raised.value)
