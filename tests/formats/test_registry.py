"""One entry makes a format known to every command."""

import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from tests.formats.examples import LABELS
from vidset.formats import registry
from vidset.formats.registry import Format, Images, format_named, formats

_TOY = """
import json
from pathlib import Path

from vidset.formats.format import ImageLabels, Written
from vidset.formats.registry import Format, Images

ENTRY = Format(
    "toy", "Toy", "toy_format", frozenset({"box"}), frozenset({"box"}), "file", Images("t.json")
)


def read(path, reading=None):
    for name in json.loads(Path(path).read_text()):
        yield ImageLabels(name, None, None, ())


def write(labels, path, labels_order=None, *, lossy=False):
    names = [each.image_name for each in labels]
    Path(path).write_text(json.dumps(names))
    return Written(len(names), 0)
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "toy_format.py").write_text(_TOY)
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("toy", "toy_format:ENTRY", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: EntryPoints([point]))
    formats.cache_clear()
    yield
    formats.cache_clear()
    sys.modules.pop("toy_format", None)


@pytest.mark.usefixtures("toy")
def test_a_package_brings_a_format_with_one_module_and_one_entry(tmp_path):
    named = format_named("toy")
    named.writer().write([LABELS], tmp_path / "t.json")
    assert [each.image_name for each in named.read(tmp_path / "t.json")] == ["drive/0.jpg"]


def test_an_entry_can_only_say_known_things():
    with pytest.raises(ValueError, match=r"format toy: wanted words of box, .* got smell"):
        Format("toy", "Toy", "toy", frozenset({"smell"}), frozenset(), "file", Images())


def test_an_unknown_format_is_told_the_nearest():
    with pytest.raises(ValueError, match=r"got 'labelstudio'; did you mean label-studio\?"):
        format_named("labelstudio")


def test_a_format_that_can_only_be_written_says_what_can_be_read():
    toy = Format("toy", "Toy", "toy", frozenset(), frozenset({"box"}), "file", Images())
    with pytest.raises(ValueError, match=r"toy can only be written; what can be read is bdd100k, "):
        list(toy.read("x"))
