"""Uris are taken apart in one place."""

import pytest

from vidset.storage.folder import FolderStore
from vidset.storage.open import Stores
from vidset.storage.uris import Uri, is_uri, parse_uri


@pytest.mark.parametrize(
    ("text", "uri", "prefix"),
    [
        pytest.param("gs://b", Uri("gs", "b"), "", id="bucket"),
        pytest.param("gs://b/", Uri("gs", "b"), "", id="bucket and slash"),
        pytest.param("s3://b/a/c", Uri("s3", "b", "a/c"), "a/c/", id="name"),
        pytest.param("s3://b/a/c//", Uri("s3", "b", "a/c//"), "a/c/", id="slashes at the end"),
        pytest.param("gs://b/a?b#c%20d", Uri("gs", "b", "a?b#c%20d"), "a?b#c%20d/", id="special"),
        pytest.param("gs://b/a\nb", Uri("gs", "b", "a\nb"), "a\nb/", id="newline"),
        pytest.param("gs://b/a://c", Uri("gs", "b", "a://c"), "a://c/", id="a uri in a name"),
    ],
)
def test_a_uri_has_scheme_bucket_and_name(text, uri, prefix):
    assert is_uri(text)
    assert parse_uri(text) == uri
    assert parse_uri(text).prefix == prefix


def test_a_uri_is_written_as_it_was_read():
    for text in "gs://b", "s3://b/a/c", "toy+1://b/a?b":
        assert str(parse_uri(text)) == text
    assert parse_uri("s3://b/a/c").root == "s3://b"


@pytest.mark.parametrize("text", ["", "a", "/a/b", "gs:/b", "gs://", "gs:///a", "://b", "1a://b"])
def test_what_names_no_bucket_is_no_uri(text):
    with pytest.raises(ValueError, match=r"wanted a uri such as gs://bucket/name, got "):
        parse_uri(text)


def test_files_are_found_by_their_paths_in_one_store():
    stores = Stores()
    store, name = stores.find("/a/b.mp4")
    assert isinstance(store, FolderStore)
    assert name == "a/b.mp4"
    assert stores.find("/c.mp4")[0] is store
