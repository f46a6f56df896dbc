"""Names, pixels and bytes: what formats make of any image and box."""

import re
from pathlib import Path
from xml.etree.ElementTree import Element, parse

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given
from hypothesis import strategies as st

from vidset.formats import tfrecord, voc
from vidset.formats.format import ImageLabels
from vidset.formats.names import flat_name
from vidset.formats.samples import Sample
from vidset.formats.tfrecord_reading import masked
from vidset.labeling.annotation import Box, LabeledObject

SEGMENTS = st.text(st.sampled_from("ab_-. %é/"), min_size=1, max_size=5).filter(
    lambda text: text.strip("./")
)


@pytest.mark.parametrize(
    ("name", "flat"),
    [
        pytest.param("a/0/0000001000.jpg", "a__0__0000001000.jpg", id="folders"),
        pytest.param("0000001000.jpg", "0000001000.jpg", id="none"),
        pytest.param("cam_1/x.png", "cam_1__x.png", id="underscore"),
        pytest.param("Straße/x.jpg", "Straße__x.jpg", id="letters"),
        pytest.param("a__b/x.jpg", "a__b__x-cf685e35d6d5.jpg", id="could be a/b"),
        pytest.param("a b/x.jpg", "a_b__x-01e154e4f728.jpg", id="space"),
        pytest.param("v.1/x.jpg", "v_1__x-06b0795384bb.jpg", id="dot"),
        pytest.param("/x.jpg", "x-f2cf657aae01.jpg", id="begins with a slash"),
    ],
)
def test_a_flat_name_can_be_read(name, flat):
    assert flat_name(name) == flat


@given(st.lists(SEGMENTS.map(lambda text: f"{text}.jpg"), unique=True, max_size=20))
def test_flat_names_differ_where_names_differ(names):
    assert len({flat_name(name) for name in names}) == len(names)


@given(st.text(max_size=400).map(lambda text: f"{text}x.jpg"))
def test_a_flat_name_is_one_segment_without_dots_and_spaces(name):
    stem, dot, extension = flat_name(name).partition(".")
    assert re.fullmatch(r"[\w-]+", stem)
    assert len(flat_name(name).encode()) <= 200
    assert (dot, extension) == (".", "jpg")


def _document(folder: Path) -> Element:
    return parse(folder / "Annotations" / "x.xml").getroot()  # noqa: S314  Our own.


@given(st.data(), st.integers(1, 4000), st.integers(1, 4000))
def test_boxes_in_pascal_voc_are_pixels_of_the_image_near_their_edges(
    tmp_path_factory, data, width, height
):
    x, right = sorted(data.draw(st.tuples(st.floats(0, width), st.floats(0, width))))
    y, bottom = sorted(data.draw(st.tuples(st.floats(0, height), st.floats(0, height))))
    box = Box(x, y, right - x, bottom - y)
    folder = tmp_path_factory.mktemp("voc")
    item = LabeledObject("1", "car", "box", box=box)
    voc.write([ImageLabels("x.jpg", width, height, (item,))], folder)
    found = _document(folder).find("object/bndbox")
    edges = {each.tag: int(each.text or "") for each in (found if found is not None else ())}
    assert 1 <= edges["xmin"] <= edges["xmax"] <= width
    assert 1 <= edges["ymin"] <= edges["ymax"] <= height
    for start, length, low, high in (
        (box.x, box.width, edges["xmin"] - 1, edges["xmax"]),
        (box.y, box.height, edges["ymin"] - 1, edges["ymax"]),
    ):
        most = 0.5 if length >= 1 else 1.0
        assert abs(low - start) <= most + 1e-9
        assert abs(high - (start + length)) <= most + 1e-9


@pytest.mark.parametrize(
    ("label", "attributes"),
    [
        pytest.param("a\x00b", {}, id="label"),
        pytest.param("a", {"x\x01": "y"}, id="name"),
        pytest.param("a", {"x": "\ufffe"}, id="value"),
        pytest.param("a", {"x": ["y\r"]}, id="in a list"),
    ],
)
def test_texts_that_xml_cannot_hold_are_refused(tmp_path, label, attributes):
    item = LabeledObject("1", label, "box", box=Box(0, 0, 1, 1), attributes=attributes)
    if attributes == {"x": ["y\r"]}:  # JSON says it in letters.
        voc.write([ImageLabels("x.jpg", 4, 4, (item,))], tmp_path)
        assert "y\\r" in (tmp_path / "Annotations" / "x.xml").read_text()
        return
    with pytest.raises(ValueError, match="wanted a text that XML can hold"):
        voc.write([ImageLabels("x.jpg", 4, 4, (item,))], tmp_path)
    assert not any(tmp_path.iterdir())


def test_what_pascal_voc_says_of_an_object(tmp_path):
    attributes = {"truncated": True, "occluded": "partly", "lanes": 2, "of": ["a", "b"]}
    item = LabeledObject(
        "1", "car & <bus>", "box", box=Box(1.4, 0, 2.2, 3.0), attributes=attributes
    )
    voc.write([ImageLabels("x.jpg", 4, 4, (item,))], tmp_path)
    found = _document(tmp_path)
    assert {each.tag: each.text for each in found.findall("size/*")} == {
        "width": "4",
        "height": "4",
        "depth": "3",
    }
    said = {each.tag: each.text for each in found.findall("object/*") if not len(each)}
    assert said == {
        "name": "car & <bus>",
        "pose": "Unspecified",
        "truncated": "1",
        "difficult": "0",
        "occluded": "0",
    }
    assert [each.text for each in found.findall("object/bndbox/*")] == ["2", "1", "4", "3"]
    names = [each.text for each in found.findall("object/attributes/attribute/name")]
    values = [each.text for each in found.findall("object/attributes/attribute/value")]
    assert dict(zip(names, values, strict=True)) == {
        "truncated": "true",
        "occluded": "partly",
        "lanes": "2",
        "of": '["a", "b"]',
    }


def test_labels_with_slashes_are_files_of_pascal_voc_too(tmp_path):
    item = LabeledObject("1", "light/red%", "box", box=Box(0, 0, 1, 1))
    voc.write([ImageLabels("x.jpg", 4, 4, (item,))], tmp_path)
    sets = sorted(path.name for path in (tmp_path / "ImageSets" / "Main").iterdir())
    assert sets == ["light%2Fred%25_trainval.txt", "trainval.txt"]


def _example_class():
    """tf.train.Example, from its definition."""
    label = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="example.proto", syntax="proto3")
    for name, kind in (
        ("BytesList", label.TYPE_BYTES),
        ("FloatList", label.TYPE_FLOAT),
        ("Int64List", label.TYPE_INT64),
    ):
        message = file.message_type.add(name=name)
        message.field.add(name="value", number=1, label=label.LABEL_REPEATED, type=kind)
    feature = file.message_type.add(name="Feature")
    for number, name in enumerate(("BytesList", "FloatList", "Int64List"), 1):
        feature.field.add(
            name=f"{name[:5].lower()}_list",
            number=number,
            label=label.LABEL_OPTIONAL,
            type=label.TYPE_MESSAGE,
            type_name=f".{name}",
        )
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=label.LABEL_OPTIONAL, type=label.TYPE_STRING)
    for message, name, number, type_name, repeated in (
        (entry, "value", 2, ".Feature", label.LABEL_OPTIONAL),
        (features, "feature", 1, ".Features.FeatureEntry", label.LABEL_REPEATED),
        (file.message_type.add(name="Example"), "features", 1, ".Features", label.LABEL_OPTIONAL),
    ):
        message.field.add(
            name=name, number=number, label=repeated, type=label.TYPE_MESSAGE, type_name=type_name
        )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("Example"))


@pytest.mark.parametrize("size", [3, 127, 128, 20_000])
def test_a_tfrecord_holds_what_protobuf_reads(tmp_path, size):
    data = b"\xff\xd8\xff" + bytes(size - 3)
    item = LabeledObject("1", "car", "box", box=Box(100.0, 50.0, 300.0, 400.0))
    labels = ImageLabels("a/x.jpg", 1000, 500, (item,))
    sample = Sample(labels, "a/x.jpg", "0" * 32, "/a/x.jpg", 1, data)
    tfrecord.write([sample], tmp_path, {"bus": 0, "car": 299}, 1 << 20)
    record = (tmp_path / "images-00000-of-00001.tfrecord").read_bytes()
    length = int.from_bytes(record[:8], "little")
    assert len(record) == 8 + 4 + length + 4
    found = _example_class().FromString(record[12:-4]).features.feature
    assert list(found["image/encoded"].bytes_list.value) == [data]
    assert list(found["image/width"].int64_list.value) == [1000]
    assert list(found["image/object/class/label"].int64_list.value) == [300]
    edges = {
        name: found[f"image/object/bbox/{name}"].float_list.value[0]
        for name in ("xmin", "xmax", "ymin", "ymax")
    }
    assert edges == pytest.approx({"xmin": 0.1, "xmax": 0.4, "ymin": 0.1, "ymax": 0.9}, abs=1e-7)


def test_a_tfrecord_of_known_bytes_has_tensorflow_s_checksums():
    # As tensorflow 2.21's TFRecordWriter wrote b"123456789".
    assert masked(b"123456789") == bytes.fromhex("e5b08ac7")


def test_an_image_of_another_encoding_is_no_tfrecord(tmp_path):
    labels = ImageLabels("x.webp", 4, 4, ())
    with pytest.raises(ValueError, match=r"image 'x.webp': wanted a JPEG or a PNG"):
        tfrecord.write([Sample(labels, "x", "0", "/x", 1, b"RIFF")], tmp_path, {}, 1)
