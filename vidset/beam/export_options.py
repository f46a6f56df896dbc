"""The export job's options, and what they say once checked."""

from dataclasses import dataclass

from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions

from vidset.beam.ingest_options import DeadLetterOptions
from vidset.storage.registry import check_client, scheme_names

_PARTS = 64


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """The settings of the export job.

    Attributes:
        store: firestore://project[/database] or sqlite:path.
        warehouse: bq://project.dataset or a folder.
        dead_letters: folder or uri.
        staging: for BigQuery, a folder or gs:// place for files on their way.
        parts: so many ranges of documents side by side, at most.
        full: read all documents, whatever was read before.

    Raises:
        ValueError: the settings do not make a job.
    """

    store: str
    warehouse: str
    dead_letters: str
    staging: str | None = None
    parts: int = _PARTS
    full: bool = False

    def __post_init__(self) -> None:
        if not self.store.startswith(("firestore://", "sqlite:")):
            wanted = "firestore://PROJECT[/DATABASE] or sqlite:PATH"
            raise ValueError(f"--store must be {wanted}, got {self.store!r}")
        if self.parts < 1:
            raise ValueError(f"--parts must be >= 1, got {self.parts}")
        if self.warehouse.startswith("bq://") and not self.staging:
            raise ValueError("--warehouse bq://... needs --staging or --temp_location")
        for option, uri, schemes in (
            ("--warehouse", self.warehouse, ("bq",)),
            ("--staging", self.staging or "", ("gs",)),
            ("--dead_letters", self.dead_letters, scheme_names()),
        ):
            scheme, separator, rest = uri.partition("://")
            if separator and (scheme not in schemes or not rest.strip("/")):
                wanted = ", ".join(f"{scheme}://..." for scheme in schemes)
                raise ValueError(f"{option} must be a folder, {wanted}; got {uri!r}")
        for uri in self.store, self.warehouse, self.dead_letters, self.staging or "":
            check_client(uri)

    @property
    def places(self) -> dict[str, str]:
        """Returns by option what workers must be able to reach."""
        staging = self.staging or ""
        places = {"--store": self.store, "--warehouse": self.warehouse, "--staging": staging}
        return places | {"--dead_letters": self.dead_letters}


class ExportOptions(PipelineOptions):
    """The options by name, as on the command line and in the Flex Template."""

    @classmethod
    def _add_argparse_args(cls, parser) -> None:
        group = parser.add_argument_group("vidset: annotations to the warehouse")
        group.add_argument("--store", help="firestore://PROJECT[/DATABASE] or sqlite:PATH.")
        group.add_argument("--warehouse", help="bq://PROJECT.DATASET, or a folder.")
        group.add_argument(
            "--staging",
            help="Folder or gs:// uri for files on their way to BigQuery; else --temp_location.",
        )
        group.add_argument(
            "--parts", type=int, default=_PARTS, help="Ranges of documents side by side; 64."
        )
        group.add_argument(
            "--full", action="store_true", help="Read all documents, whatever was read before."
        )

    def settings(self) -> ExportSettings:
        """Check the options.

        Raises:
            ValueError: what is wrong, by option.
        """
        values = self.view_as(ExportOptions)
        dead_letters = self.view_as(DeadLetterOptions).dead_letters
        for name, value in (
            ("store", values.store),
            ("warehouse", values.warehouse),
            ("dead_letters", dead_letters),
        ):
            if not value:
                raise ValueError(f"--{name} is required")
        temporary = self.view_as(GoogleCloudOptions).temp_location
        return ExportSettings(
            store=values.store,
            warehouse=values.warehouse,
            dead_letters=dead_letters,
            staging=values.staging or (temporary and f"{temporary.rstrip('/')}/export"),
            parts=values.parts,
            full=values.full,
        )
