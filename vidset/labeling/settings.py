"""The broker's settings, from environment variables. docs/labeling.md describes each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from vidset.labeling.limits import Limit, parse_limits

VendorName = Literal["scale", "label-studio", "truth"]
VENDOR_NAMES: tuple[VendorName, ...] = get_args(VendorName)
ConsensusRule = Literal["latest", "majority"]
# What somebody is about to do: each function gets the secrets that it needs and no others.
Use = Literal["request", "dispatch", "receive", "inspect"]
_HERE = Path(__file__).resolve().parent
_IMAGES = re.compile(
    r"(?:gs|s3)://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](/.*)?|/.*|\.\.?(/.*)?", re.DOTALL
)
_LEDGER = re.compile(r"bq://[^/.`\s]+\.[^/.`\s]+")


@dataclass(frozen=True, slots=True)
class Settings:
    """Read once, by `from_environment`. Secrets are not shown.

    Attributes:
        vendor: who gets new tasks. Answers are taken from every vendor with a secret.
        store: see `store.open_store`.
        images: gs:// or s3://bucket[/prefix] of the images to label, or their folder.
        template: path of the task template.
        image_access: `signed`, `uri`, or an url with `{name}` or `{bucket}`: how vendors read
            the images.
        signed_url_lifetime: of a signed url.
        limits: the budget; none: no cap.
        price: of one task, in the budget's currency.
        consensus: of several annotators' answers to one image.
        answer_deadline: after which `reconcile` asks for an answer.
        predictions: whether tasks take objects from `predictions/` along.
        ledger: bq://project.dataset with the frame ledger, in which `reconcile` looks for images
            without a task.
        callback_url: where vendors send their answers.
        label_studio_project: its id; None takes the one of the template's title.
        truth_file: what the truth labeler answers from.
        max_callback_bytes: a larger callback is refused.
        lease: how long a delivery has a task to itself: longer than all its calls may take.
        reconcile_limit: how many tasks of each kind one run of `reconcile` takes up.
    """

    vendor: VendorName
    store: str
    images: str | None
    template: str
    image_access: str
    signed_url_lifetime: timedelta
    limits: tuple[Limit, ...]
    price: float
    consensus: ConsensusRule
    answer_deadline: timedelta
    predictions: bool
    ledger: str | None
    callback_url: str | None
    scale_url: str | None
    scale_api_key: str | None = field(repr=False)
    scale_callback_auth: str | None = field(repr=False)
    label_studio_url: str | None
    label_studio_token: str | None = field(repr=False)
    label_studio_project: int | None
    label_studio_webhook_secret: str | None = field(repr=False)
    truth_file: str | None
    truth_callback_secret: str | None = field(repr=False)
    max_callback_bytes: int
    lease: timedelta
    reconcile_limit: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], use: Use) -> "Settings":
        """Check all of it, and that there is what `use` takes.

        Raises:
            ValueError: something is missing or wrong; every fault with the variable's name.
        """
        read = _Reader(environment)
        vendor = read.choice("LABELING_VENDOR", VENDOR_NAMES, default="label-studio")
        to_scale, to_label_studio, to_truth = (
            use in ("request", "dispatch") and vendor == name for name in VENDOR_NAMES
        )
        settings: dict[str, Any] = {
            "vendor": vendor,
            "store": read.text("LABELING_STORE", required=True),
            "images": read.matching(
                "LABELING_IMAGES",
                _IMAGES,
                "gs://bucket[/prefix], s3://bucket[/prefix] or a path",
                required=use == "request",
            ),
            "template": read.text("LABELING_TEMPLATE") or str(_HERE / "template.yaml"),
            "image_access": read.image_access("LABELING_IMAGE_ACCESS"),
            "signed_url_lifetime": timedelta(
                hours=read.number("LABELING_URL_HOURS", default=24, least=0.1, most=168)
            ),
            "limits": read.limits("LABELING_BUDGET"),
            "price": read.number("LABELING_PRICE", default=0, least=0, most=1e6),
            "consensus": read.choice(
                "LABELING_CONSENSUS", get_args(ConsensusRule), default="latest"
            ),
            "answer_deadline": timedelta(
                hours=read.number("LABELING_ANSWER_DEADLINE_HOURS", default=24, least=0, most=8760)
            ),
            "predictions": read.choice("LABELING_PREDICTIONS", ("no", "yes"), "no") == "yes",
            "ledger": read.matching("LABELING_LEDGER", _LEDGER, "bq://PROJECT.DATASET"),
            "callback_url": read.url("LABELING_CALLBACK_URL", required=to_scale or to_truth),
            "scale_url": read.url("SCALE_API_URL"),
            "scale_api_key": read.text("SCALE_API_KEY", required=to_scale),
            "scale_callback_auth": read.secret("SCALE_CALLBACK_AUTH"),
            "label_studio_url": read.url("LABEL_STUDIO_URL", required=to_label_studio),
            "label_studio_token": read.text("LABEL_STUDIO_TOKEN", required=to_label_studio),
            "label_studio_project": read.id("LABEL_STUDIO_PROJECT"),
            "label_studio_webhook_secret": read.secret("LABEL_STUDIO_WEBHOOK_SECRET"),
            "truth_file": read.text("LABELING_TRUTH", required=to_truth),
            "truth_callback_secret": read.secret("LABELING_TRUTH_SECRET", required=to_truth),
            "max_callback_bytes": int(
                read.number("LABELING_MAX_CALLBACK_MB", default=8, least=0.001, most=30) * 1e6
            ),
            "lease": timedelta(
                seconds=read.number("LABELING_LEASE_SECONDS", default=90, least=1, most=3600)
            ),
            "reconcile_limit": int(
                read.number("LABELING_RECONCILE_LIMIT", default=5000, least=1, most=1e6)
            ),
        }
        made = cls(**settings)
        if use == "receive" and not made.secrets:
            read.faults.append(
                "one of SCALE_CALLBACK_AUTH, LABEL_STUDIO_WEBHOOK_SECRET, LABELING_TRUTH_SECRET "
                "must be set: callbacks are guarded by it"
            )
        currencies = [limit.unit for limit in made.limits if limit.unit != "tasks"]
        if currencies and not made.price:
            read.faults.append(f"LABELING_BUDGET is in {currencies[0]}: LABELING_PRICE must be set")
        if round(made.price, 6) != made.price:
            read.faults.append(f"LABELING_PRICE must have at most 6 decimals, got {made.price}")
        if read.faults:
            raise ValueError("\n".join(read.faults))
        return made

    @property
    def secrets(self) -> dict[str, tuple[str, ...]]:
        """By vendor, what a callback may carry: several while one replaces another."""
        given = {
            "scale": self.scale_callback_auth,
            "label-studio": self.label_studio_webhook_secret,
            "truth": self.truth_callback_secret,
        }
        return {name: tuple(value.split()) for name, value in given.items() if value}


class _Reader:
    """Reads variables and collects their faults, so that all are told at once."""

    def __init__(self, environment: Mapping[str, str]):
        self._environment = environment
        self.faults: list[str] = []

    def text(self, name: str, *, required: bool = False) -> str | None:
        value = self._environment.get(name, "").strip()
        if required and not value:
            self.faults.append(f"{name} must be set")
        return value or None

    def matching(
        self, name: str, pattern: re.Pattern, wanted: str, *, required: bool = False
    ) -> str | None:
        value = self.text(name, required=required)
        if value and not pattern.fullmatch(value):
            self.faults.append(f"{name} must be {wanted}, got {value!r}")
        return value and (value.rstrip("/") or "/")

    def url(self, name: str, *, required: bool = False) -> str | None:
        value = self.text(name, required=required)
        if value and not _is_url(value):
            got = "one with @ in it" if "@" in value else repr(value)  # A password, perhaps.
            self.faults.append(f"{name} must be an http(s) url without a password, got {got}")
        return value and value.rstrip("/")

    def secret(self, name: str, *, required: bool = False) -> str | None:
        """The value is never told."""
        value = self.text(name, required=required)
        if value and (min(map(len, value.split())) < 16 or not value.isascii()):
            self.faults.append(
                f"{name} must have 16 characters or more, of ASCII: callbacks are guarded by it"
            )
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: str | None):
        value = self.text(name, required=default is None) or default
        if value and value not in choices:
            self.faults.append(f"{name} must be one of {', '.join(choices)}, got {value!r}")
        return value

    def number(self, name: str, default: float, least: float, most: float) -> float:
        text = self.text(name)
        try:
            value = float(text) if text else default
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            self.faults.append(f"{name} must be a number from {least:g} to {most:g}, got {text!r}")
            return default
        return value

    def id(self, name: str) -> int | None:
        value = self.text(name)
        if value and not (value.isascii() and value.isdigit()):
            self.faults.append(f"{name} must be a number, got {value!r}")
            return None
        return int(value) if value else None

    def image_access(self, name: str) -> str:
        value = self.text(name) or "signed"
        if value not in ("signed", "uri") and not ("://" in value and "{name}" in value):
            self.faults.append(
                f"{name} must be signed, uri, or an url with {{name}} in it, got {value!r}"
            )
        return value

    def limits(self, name: str) -> tuple[Limit, ...]:
        try:
            return parse_limits(self.text(name) or "")
        except ValueError as error:
            self.faults.append(f"{name}: {error}")
            return ()


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        has_host = bool(parts.hostname) and parts.port != 0  # It raises for what is no number.
    except ValueError:
        return False
    is_open = parts.username is None and parts.password is None
    return (
        has_host and is_open and parts.scheme in ("http", "https") and not re.search(r"\s", value)
    )
