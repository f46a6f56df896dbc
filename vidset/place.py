"""The place of `vidset label`: options and environment as the broker's settings."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import TYPE_CHECKING

from vidset.blurred import images_root, read_checked
from vidset.gate import COPIES, ORIGINALS, Gate, read_gate
from vidset.labeling.events import image_id as id_of
from vidset.labeling.ledgers import open_ledger
from vidset.labeling.settings import Settings, Use
from vidset.labeling.task import Image
from vidset.labeling.variables import Reader
from vidset.labeling.vendors.registry import vendors
from vidset.storage.uris import is_uri, parse_uri

if TYPE_CHECKING:
    from vidset.place_images import KeptImage


@dataclass(frozen=True, slots=True)
class Place:
    """Attributes:
    out: what `vidset extract` wrote, a folder by its absolute path; None: a store alone.
    options: what was given on the command line, by the names of the environment's variables.
    served: where `vidset label serve` is, for the images of a folder and for callbacks.
    """

    out: str | None
    options: Mapping[str, str] = field(default_factory=dict)
    served: str = "http://127.0.0.1:8080"

    @classmethod
    def of(
        cls,
        out: str | None,
        store: str | None = None,
        *,
        vendor: str | None = None,
        template: str | None = None,
        budget: str | None = None,
    ) -> "Place":
        """Raises ValueError: neither `out` nor `store`, or `out` is no output of an extraction."""
        given = {
            "LABELING_STORE": store,
            "LABELING_VENDOR": vendor,
            "LABELING_TEMPLATE": template,
            "LABELING_BUDGET": budget,
        }
        options = {name: value for name, value in given.items() if value is not None}
        if out is None:
            if store is None:
                raise ValueError("wanted OUT or --store, got neither")
            return cls(None, options)
        if "://" in out:
            return cls(out.rstrip("/"), options)
        if not os.path.isdir(os.path.join(out, "videos")):
            raise ValueError(
                f"{out}: wanted the output of vidset extract, got no folder {out}/videos"
            )
        return cls(os.path.abspath(out), options)

    @property
    def folder(self) -> str | None:
        return None if self.out is None or "://" in self.out else self.out

    @property
    def images_root(self) -> str | None:
        """Returns what the uris of the images to send begin with; None where OUT does not tell.

        Behind a privacy gate these are the blurred copies.
        """
        if not self.out or self.out.startswith("bq://"):
            return None
        return images_root(self.out, _gate_of(self.out))

    def settings(self, use: Use, environment: Mapping[str, str] = os.environ) -> Settings:
        """The options, else the environment, else what OUT suggests.

        Raises:
            ValueError: something is missing or wrong.
        """
        told = {**environment, **self.options}
        read = Reader(told)
        public = read.url("LABELING_PUBLIC_URL")
        if read.faults:
            raise ValueError(read.faults[0])
        suggested = self._suggested(use, told.get("LABELING_VENDOR"), public)
        told = {**suggested, **told, **self._fixed()}
        if not told.get("LABELING_STORE"):
            raise ValueError(
                f"{self.out} is in a bucket, and tasks and annotations are kept elsewhere: wanted "
                "--store or LABELING_STORE, such as --store sqlite:labels.sqlite, got neither"
            )
        return Settings.from_environment(told, use)

    def images(self) -> Iterator[Image]:
        """The kept images of the committed videos; none without OUT.

        Behind a privacy gate, images that were not checked are left out: see `count_withheld`.
        """
        if self.out is None:
            return iter(())
        if self.out.startswith("bq://"):
            return open_ledger(self.out).images()
        from vidset.place_images import ParquetLedger

        ledger, gate = ParquetLedger(self.out), _gate_of(self.out)
        images = ledger.images()
        if gate is not None:
            checked = read_checked(self.out, gate)
            images = (
                Image(each.id, each.uri, each.width, each.height)
                for each in ledger.kept_images()
                if (each.id, each.image_sha256) in checked
            )
            if gate.copies is not None:  # The settings say where each one's copy is.
                return images
        return map(partial(self._moved, images_root(self.out, gate)), images)

    def count_withheld(self) -> int:
        """Count the kept images that may not be sent, since no detector has checked them."""
        if self.out is None or self.images_root is None or _gate_of(self.out) is None:
            return 0
        from vidset.place_images import ParquetLedger

        return sum(1 for _ in ParquetLedger(self.out).images()) - sum(1 for _ in self.images())

    def kept_images(self) -> "Iterator[KeptImage]":
        """Yield the kept images that may be sent, with what the ledger knows of them.

        Raises:
            ValueError: the place has no ledger in files.
        """
        from vidset.place_images import ParquetLedger

        if self.out is None or self.out.startswith("bq://"):
            raise ValueError(f"{self.out or 'no place'}: wanted a place with ledgers in files")
        gate, root = _gate_of(self.out), f"{self.out}/{ORIGINALS}"
        checked = None if gate is None else read_checked(self.out, gate)
        for image in ParquetLedger(self.out).kept_images():
            if checked is None or (image.id, image.image_sha256) in checked:
                uri = self._moved(root, Image(image.id, image.uri)).uri
                yield image if uri == image.uri else replace(image, uri=uri)

    @property
    def files_root(self) -> str:
        """The folder or prefix of the images that people and models may see.

        Raises:
            ValueError: the place is none with images.
        """
        if self.out is None or self.out.startswith("bq://"):
            raise ValueError(f"{self.out or 'no place'}: wanted a place with images")
        return images_root(self.out, _gate_of(self.out))

    def name_of(self, image_id: str, uri: str) -> str:
        """An image's name below the images; where these are not known, in its bucket."""
        roots = [f"{self.out}/{ORIGINALS}/", f"{self.out}/{COPIES}/"]
        if self.folder is None and self.images_root is not None:
            roots.append(f"{self.images_root}/")
        for root in roots:
            if uri.startswith(root):
                return uri.removeprefix(root)
        if is_uri(uri):
            return parse_uri(uri).name
        # OUT has been moved since: the id is made of the name, with as many segments as it takes.
        segments = uri.split("/")
        names = ("/".join(segments[start:]) for start in range(len(segments)))
        return next((name for name in names if id_of(name) == image_id), uri)

    def _moved(self, root: str, image: Image) -> Image:
        """The ledger's image where it is now, below `root`."""
        if image.uri.startswith(f"{root}/"):
            return image
        if self.folder is None and not image.uri.startswith(f"{self.out}/{ORIGINALS}/"):
            return image
        return replace(image, uri=f"{root}/{self.name_of(image.id, image.uri)}")

    def _suggested(self, use: Use, vendor: str | None, public: str | None) -> dict[str, str]:
        callback = {"LABELING_CALLBACK_URL": f"{public or self.served}/receive_annotation"}
        if self.folder is None:  # Vendors read the images from their store.
            return callback if public and use == "dispatch" else {}
        store = {"LABELING_STORE": f"sqlite:{self.folder}/labels.sqlite"}
        if use != "dispatch":  # No vendor is told of an image.
            return store | {"LABELING_IMAGE_ACCESS": "uri"}
        declaration = vendors().get(vendor or "")
        if declaration and not declaration.reaches_this_machine and not public:
            return store  # It takes urls of yours.
        access = {"LABELING_IMAGE_ACCESS": f"{public or self.served}/images/{{name}}"}
        return store | access | callback

    def _fixed(self) -> dict[str, str]:
        """OUT says where the images are, whatever the environment says."""
        if self.out is None:
            return {}
        if self.out.startswith("bq://"):
            return {"LABELING_LEDGER": self.out}
        gate = _gate_of(self.out)
        if gate is not None and gate.copies is not None:
            return {"LABELING_IMAGES": self.out, "LABELING_COPIES": gate.copies}
        return {"LABELING_IMAGES": images_root(self.out, gate), "LABELING_COPIES": ""}


def _gate_of(out: str) -> Gate | None:
    """Read a place's gate: each time in a folder, and once in each process in a bucket."""
    return _gate_in_bucket(out) if is_uri(out) else read_gate(out)


@cache
def _gate_in_bucket(out: str) -> Gate | None:
    return read_gate(out)
