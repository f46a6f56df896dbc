"""The place of `vidset label`: options and environment as the broker's settings."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from vidset.labeling.events import image_id as id_of
from vidset.labeling.places import open_ledger
from vidset.labeling.settings import Settings, Use
from vidset.labeling.task import Image
from vidset.labeling.variables import Reader
from vidset.labeling.vendors.registry import vendors
from vidset.storage.uris import is_uri, parse_uri


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
        """Returns what the uris of the images begin with; None where OUT does not tell."""
        return f"{self.out}/images" if self.out and not self.out.startswith("bq://") else None

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
        """The kept images of the committed videos; none without OUT."""
        if self.out is None:
            return iter(())
        if self.out.startswith("bq://"):
            return open_ledger(self.out).images()
        from vidset.place_images import ParquetLedger

        return map(self._moved, ParquetLedger(self.out).images())

    def name_of(self, image_id: str, uri: str) -> str:
        """An image's name below the images; where these are not known, in its bucket."""
        root = f"{self.images_root}/"
        if uri.startswith(root):
            return uri.removeprefix(root)
        if is_uri(uri):
            return parse_uri(uri).name
        # OUT has been moved since: the id is made of the name, with as many segments as it takes.
        segments = uri.split("/")
        names = ("/".join(segments[start:]) for start in range(len(segments)))
        return next((name for name in names if id_of(name) == image_id), uri)

    def _moved(self, image: Image) -> Image:
        """The ledger's image where it is now."""
        if self.folder is None or image.uri.startswith(f"{self.images_root}/"):
            return image
        return replace(image, uri=f"{self.images_root}/{self.name_of(image.id, image.uri)}")

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
        return {"LABELING_IMAGES": f"{self.images_root}"}
