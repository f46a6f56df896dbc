"""The ingest job's options, and what they say once checked."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions

from vidset.engines.engine import Limits
from vidset.extraction_options import OPTIONS
from vidset.intake.listing import check_input
from vidset.intake.redoing import Redo
from vidset.intake.request import DEFAULT_LIMITS, stream_of
from vidset.rights import read_rights
from vidset.settings import ExtractionSettings, extraction_settings
from vidset.storage.registry import check_client, scheme_names
from vidset.storage.store import DEFAULT_SCRATCH_BYTES
from vidset.uploads import EventFilter


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """The settings of the ingest job.

    Attributes:
        inputs: files, folders, globs, gs:// or s3:// uris: a batch job over them.
        subscription: projects/<p>/subscriptions/<s>: a streaming job over its notifications.
        images: folder or uri that the images go below.
        ledger: folder or uri of Parquet files, or bq://project.dataset.
        dead_letters: folder or uri; `dead_letter_topic` instead sends them to Pub/Sub.
        events: which objects are uploads.
        extraction: what becomes an image.
        scratch_bytes: a video up to this size is copied to a temporary file before it is read.
        attempts: where attempts at uploads are counted; None keeps no count beyond a worker's end.
        redo, stream, labels, limits: as in `ExtractFrames`.

    Raises:
        ValueError: the settings do not make a job.
    """

    images: str
    ledger: str
    extraction: ExtractionSettings
    inputs: tuple[str, ...] = ()
    subscription: str | None = None
    dead_letters: str | None = None
    dead_letter_topic: str | None = None
    events: EventFilter = field(default_factory=EventFilter)
    scratch_bytes: int = DEFAULT_SCRATCH_BYTES
    attempts: str | None = None
    redo: Redo = Redo()  # noqa: RUF009 (frozen)
    stream: int | None = 0
    labels: str | None = None
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        if bool(self.inputs) == bool(self.subscription):
            raise ValueError("wanted either --input (batch) or --input_subscription (streaming)")
        if bool(self.dead_letters) == bool(self.dead_letter_topic):
            raise ValueError("wanted either --dead_letters or --dead_letter_topic")
        if self.dead_letter_topic and not self.subscription:
            raise ValueError("--dead_letter_topic needs --input_subscription: a batch job has none")
        _check_resource("--input_subscription", self.subscription, "subscriptions")
        _check_resource("--dead_letter_topic", self.dead_letter_topic, "topics")
        for option, uri, schemes in (
            ("--images", self.images, scheme_names()),
            ("--ledger", self.ledger, (*scheme_names(), "bq")),
            ("--dead_letters", self.dead_letters, scheme_names()),
        ):
            _check_uri(option, uri, schemes)
        self._check_source()
        for option, number in (
            ("--video_timeout", self.limits.seconds),
            ("--video_memory", self.limits.memory_bytes),
        ):
            if number is not None and number <= 0:
                raise ValueError(f"{option} must be > 0, got {number:g}")
        if self.scratch_bytes < 0:
            raise ValueError(f"--scratch_bytes must be >= 0, got {self.scratch_bytes}")
        for pattern in self.inputs:
            check_input(pattern)
        for uri in (*self.inputs, self.images, self.ledger, self.dead_letters or ""):
            check_client(uri)

    def _check_source(self) -> None:
        if self.subscription and not self.events.buckets:
            raise ValueError(
                "--uploads_bucket is required with --input_subscription: whoever may publish there "
                "may name any bucket"
            )
        if self.inputs and self.events.buckets:
            raise ValueError("--uploads_bucket needs --input_subscription: --input names its own")
        if self.subscription and self.extraction.spans is not None:
            raise ValueError("--spans needs --input: it is about videos that are there")
        if self.subscription and self.redo.kinds:
            raise ValueError("--redo needs --input: a stream brings a video once")

    @property
    def is_streaming(self) -> bool:
        return self.subscription is not None


class DeadLetterOptions(PipelineOptions):
    """Options that every job has: Beam knows one option of a name, however many jobs have it."""

    @classmethod
    def _add_argparse_args(cls, parser) -> None:
        group = parser.add_argument_group("vidset: what cannot be used")
        group.add_argument("--dead_letters", help="Folder, gs:// or s3:// uri for dead letters.")


class IngestOptions(PipelineOptions):
    """The options by name, as on the command line and in the Flex Template."""

    @classmethod
    def _add_argparse_args(cls, parser) -> None:
        group = parser.add_argument_group("vidset: uploads to images")
        group.add_argument(
            "--input", action="append", help="File, folder, glob or uri; may be repeated. Batch."
        )
        group.add_argument(
            "--input_subscription",
            help="projects/P/subscriptions/S with Cloud Storage notifications. Streaming.",
        )
        group.add_argument(
            "--uploads_bucket",
            action="append",
            help="The bucket that uploads come from, by its name; may be repeated. Messages about "
            "other buckets are passed over. Streaming.",
        )
        group.add_argument(
            "--uploads_prefix", default="", help="What the names of uploads begin with."
        )
        group.add_argument("--images", help="Folder, gs:// or s3:// uri for the images.")
        group.add_argument(
            "--ledger",
            help="Folder, gs:// or s3:// uri for Parquet files, or bq://project.dataset.",
        )
        group.add_argument("--dead_letter_topic", help="projects/P/topics/T for dead letters.")
        group.add_argument("--collector", help="Collector id of every upload.")
        group.add_argument(
            "--rights",
            action="append",
            help="KEY=VALUE: the license, license_url, attribution, obtained_from or consent of "
            "uploads that state none; may be repeated.",
        )
        for option in OPTIONS:
            group.add_argument(
                f"--{option.name}", type=option.type, default=option.default, help=option.help
            )
        group.add_argument(
            "--spans", help="JSON file: only these spans of these videos. Batch; see vidset errors."
        )
        group.add_argument(
            "--redo",
            action="append",
            help="Extract again what is failed, partial or outdated; may be repeated. Batch.",
        )
        group.add_argument(
            "--video_stream", default="0", help="Video stream of each file: a number, or all."
        )
        group.add_argument(
            "--label_store",
            help="Store of tasks and annotations: with --redo, images that have some stay.",
        )
        group.add_argument(
            "--video_timeout",
            type=float,
            default=DEFAULT_LIMITS.seconds,
            help="Give a video up that takes more seconds than this.",
        )
        group.add_argument(
            "--video_memory",
            type=int,
            default=(DEFAULT_LIMITS.memory_bytes or 0) // 1_000_000,
            help="Give a video up that takes more megabytes than this.",
        )
        group.add_argument(
            "--scratch_bytes",
            type=int,
            help="Read larger videos in ranges rather than copy them to a temporary file. The "
            "default is 8 GiB; on Dataflow, what a worker's disk has room for.",
        )

    def settings(self) -> IngestSettings:
        """Check the options.

        Raises:
            ValueError: what is wrong, by option.
        """
        values = self.view_as(IngestOptions)
        dead_letters = self.view_as(DeadLetterOptions).dead_letters
        temporary = self.view_as(GoogleCloudOptions).temp_location
        for name in ("images", "ledger"):
            if not getattr(values, name):
                raise ValueError(f"--{name} is required")
        return IngestSettings(
            inputs=tuple(values.input or ()),
            subscription=values.input_subscription,
            images=values.images,
            ledger=values.ledger,
            dead_letters=dead_letters,
            dead_letter_topic=values.dead_letter_topic,
            events=EventFilter(
                buckets=tuple(values.uploads_bucket or ()),
                prefix=values.uploads_prefix,
                outputs=_buckets([values.images, values.ledger, dead_letters]),
                collector_id=values.collector,
            ),
            extraction=extraction_settings(
                {name: getattr(values, name) for name in (*(o.name for o in OPTIONS), "spans")}
                | {"rights": read_rights(values.rights or ())}
            ),
            scratch_bytes=(
                DEFAULT_SCRATCH_BYTES if values.scratch_bytes is None else values.scratch_bytes
            ),
            redo=Redo(frozenset(values.redo or ())),
            stream=stream_of(values.video_stream),
            labels=values.label_store,
            limits=Limits(values.video_timeout, values.video_memory * 1_000_000),
            attempts=temporary and f"{temporary.rstrip('/')}/attempts",
        )


def _buckets(uris: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(uri for uri in uris if uri and uri.startswith("gs://"))


def _check_resource(option: str, value: str | None, kind: str) -> None:
    parts = (value or "").split("/")
    if value is not None and not (
        len(parts) == 4 and parts[0] == "projects" and parts[2] == kind and parts[1] and parts[3]
    ):
        raise ValueError(f"{option} must be projects/PROJECT/{kind}/NAME, got {value!r}")


def _check_uri(option: str, uri: str | None, schemes: tuple[str, ...]) -> None:
    scheme, separator, rest = (uri or "").partition("://")
    if separator and (scheme not in schemes or not rest.strip("/")):
        wanted = ", ".join(f"{scheme}://..." for scheme in schemes)
        raise ValueError(f"{option} must be a folder, {wanted}; got {uri!r}")
