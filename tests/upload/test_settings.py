import pytest

from vidset.upload.settings import Place, parse_place, parse_rate


@pytest.mark.parametrize(
    ("text", "place", "uri"),
    [
        pytest.param("uploads", Place("gs", "uploads"), "gs://uploads/c/x.mp4", id="bare name"),
        pytest.param("gs://uploads", Place("gs", "uploads"), "gs://uploads/c/x.mp4", id="gs"),
        pytest.param("gs://b-1/a/b/", Place("gs", "b-1", "a/b/"), "gs://b-1/a/b/c/x.mp4", id="pre"),
        pytest.param("s3://uploads/", Place("s3", "uploads"), "s3://uploads/c/x.mp4", id="s3"),
        pytest.param("/", Place("file", "/"), "/c/x.mp4", id="folder"),
    ],
)
def test_a_place_is_read_from_its_text(text, place, uri):
    assert parse_place(text) == place
    assert parse_place(text).uri("c/x.mp4") == uri


def test_a_folder_is_known_by_its_slash(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "uploads").mkdir()
    assert parse_place("uploads") == Place("gs", "uploads")
    assert parse_place("./uploads") == Place("file", str(tmp_path / "uploads"))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("5MB/s", 5e6),
        ("5MB", 5e6),
        ("500kB/s", 5e5),
        ("500KB/s", 5e5),
        ("1.5MiB/s", 1572864),
        ("20Mbit/s", 2.5e6),
        ("2048", 2048),
    ],
)
def test_a_rate_is_bytes_a_second(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "MB/s", "-5MB/s", "5 apples", "5MB/min", "1e9", "5mB/s"])
def test_another_text_is_no_rate(text):
    with pytest.raises(ValueError, match="--rate: wanted a rate such as"):
        parse_rate(text)
