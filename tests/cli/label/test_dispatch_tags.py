"""`vidset label dispatch --tag` and `--without-tag`."""

from datetime import UTC, datetime

from tests.cli.label.test_dispatch import out  # noqa: F401 (a fixture)
from tests.cli.labels import label
from vidset.place import Place
from vidset.storage.open import open_store
from vidset.tags import Mark, write_mark


def test_images_are_chosen_by_their_tags(out):  # noqa: F811
    ids = sorted(image.id for image in Place.of(str(out)).images())
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    tags = open_store(f"{out}/tags")
    write_mark(tags, Mark("to label", tuple(ids[:3]), True, "ann", noon))
    write_mark(tags, Mark("look again", (ids[0],), True, "ann", noon))

    def planned(*options):
        return label("dispatch", "-p", out, "--dry-run", "--json", *options)

    assert planned().found["images"] == 6
    assert planned("--tag", "to label").found["images"] == 3
    assert planned("--tag", "to label", "--without-tag", "look again").found["images"] == 2
    refused = planned("--tag", "to lable")
    assert refused.code == 2
    assert "--tag 'to lable': no image has this tag; the tags of this place are:" in refused.err
