"""Tasks whose images nobody serves: `dispatch` says so before annotators see broken images."""

import pytest

from tests.cli.labels import label, make_output, write_truth
from vidset.listening import listen, url_of
from vidset.local_labeling.readers import is_known_host
from vidset.local_labeling.served import left_word
from vidset.place import Place


def dispatched(tmp_path, monkeypatch, url):
    out = make_output(tmp_path / "out", {"a.mp4": 3})
    write_truth(out, tmp_path / "truth.jsonl")
    monkeypatch.delenv("LABELING_CALLBACK_URL", raising=False)
    monkeypatch.setenv("LABELING_VENDOR", "truth")
    monkeypatch.setenv("LABELING_TRUTH", str(tmp_path / "truth.jsonl"))
    monkeypatch.setenv("LABELING_TRUTH_SECRET", "0123456789abcdef")
    with left_word(Place.of(str(out)), url):
        return label("dispatch", "-p", out, "--limit", 1)


def test_dispatch_warns_when_nobody_answers_where_serve_left_word(tmp_path, monkeypatch):
    with listen("127.0.0.1", 0) as listening:
        url = url_of(listening)  # It is free again when the block ends.
    told = dispatched(tmp_path, monkeypatch, url)
    assert f"nobody answers at {url}: annotators will see broken images" in told.err
    assert "vidset label serve" in told.err


def test_the_public_url_is_where_the_vendor_finds_images_and_answers_go(tmp_path):
    out = make_output(tmp_path / "out", {"a.mp4": 3})
    given = {"LABELING_VENDOR": "scale", "SCALE_API_KEY": "x" * 20}
    public = {"LABELING_PUBLIC_URL": "https://labels.example.org/"}
    settings = Place.of(str(out)).settings("dispatch", given | public)
    assert settings.image_access == "https://labels.example.org/images/{name}"
    assert settings.callback_url == "https://labels.example.org/receive_annotation"
    assert is_known_host("labels.example.org", settings)
    with pytest.raises(ValueError, match="LABELING_PUBLIC_URL must be an http"):
        Place.of(str(out)).settings("dispatch", given | {"LABELING_PUBLIC_URL": "labels"})


@pytest.mark.emulator
def test_the_public_url_of_a_place_in_a_bucket_takes_answers_alone(s3):
    s3.make_bucket("data")
    given = {
        "LABELING_VENDOR": "scale",
        "SCALE_API_KEY": "x" * 20,
        "LABELING_STORE": "sqlite:x",
        "LABELING_PUBLIC_URL": "https://labels.example.org/",
    }
    stored = Place.of("s3://data").settings("dispatch", given)
    assert stored.image_access == "signed"
    assert stored.callback_url == "https://labels.example.org/receive_annotation"
