"""The broker's settings, from environment variables. docs/labeling.md describes each."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from vidset.labeling.annotation import ConsensusRule
from vidset.labeling.limits import Limit
from vidset.labeling.variables import Reader
from vidset.labeling.vendors.declaration import Declaration
from vidset.labeling.vendors.registry import vendors
from vidset.secret import Secret
from vidset.storage.registry import scheme_names

# What somebody is about to do: each function gets the secrets that it needs and no others.
Use = Literal["request", "dispatch", "receive", "inspect"]
_HERE = Path(__file__).resolve().parent
_LEDGER = re.compile(r"bq://[^/.`\s]+\.[^/.`\s]+")


@dataclass(frozen=True, slots=True)
class Settings:
    """Read once, by `from_environment`. Secrets are not shown.

    Attributes:
        vendor: who gets new tasks. Answers are taken from every vendor with a secret.
        store: see `stores.opening.open_store`.
        images: gs:// or s3://bucket[/prefix] of the images to label, or their folder.
        copies: the place of the images' blurred copies, which alone are read and sent; image ids
            and uris stay the originals'. None: the images themselves are sent.
        template: path of the task template.
        image_access: `signed`, `uri`, or an url with `{name}` or `{bucket}`: how vendors read
            the images.
        signed_url_lifetime: of a signed url.
        limits: the budget; none: no cap.
        price: of one task, in the budget's currency.
        consensus: of several annotators' answers to one image.
        answer_deadline: after which `reconcile` asks for an answer.
        predictions: whether tasks take objects from `predictions/` along, where there are any.
        is_held: whether images wait until somebody chooses them; else each becomes a task.
        ledger: bq://project.dataset with the frame ledger, in which `reconcile` looks for images
            without a task.
        callback_url: where vendors send their answers.
        of_vendors: what the vendors' own variables say, by the variable's name. Those that are
            not set are left out.
        max_callback_bytes: a larger callback is refused.
        lease: how long a delivery has a task to itself: longer than all its calls may take.
        reconcile_limit: how many tasks of each kind one run of `reconcile` takes up.
    """

    vendor: str
    store: str
    images: str | None
    copies: str | None
    template: str
    image_access: str
    signed_url_lifetime: timedelta
    limits: tuple[Limit, ...]
    price: float
    consensus: ConsensusRule
    answer_deadline: timedelta
    predictions: bool
    is_held: bool
    ledger: str | None
    callback_url: str | None
    of_vendors: Mapping[str, Any] = field(repr=False)
    max_callback_bytes: int
    lease: timedelta
    reconcile_limit: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], use: Use) -> "Settings":
        """Read and check everything, and that what `use` needs is there.

        Raises:
            ValueError: something is missing or wrong; every fault with the variable's name.
        """
        read, schemes = Reader(environment), scheme_names()
        vendor = read.choice("LABELING_VENDOR", tuple(vendors()), default="label-studio")
        sends_to = vendors().get(vendor or "") if use in ("request", "dispatch") else None
        buckets = ", ".join(f"{name}://bucket[/prefix]" for name in schemes)
        copies = re.compile(_bucket(schemes), re.DOTALL), buckets
        path = r"/.*|\.\.?(/.*)?"
        images = re.compile(f"{_bucket(schemes)}|{path}", re.DOTALL), f"{buckets} or a path"
        settings: dict[str, Any] = {
            "vendor": vendor,
            "store": read.text("LABELING_STORE", required=True),
            "images": read.matching("LABELING_IMAGES", *images, required=use == "request"),
            "copies": read.matching("LABELING_COPIES", *copies),
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
            "predictions": read.choice("LABELING_PREDICTIONS", ("no", "yes"), "yes") == "yes",
            "is_held": read.choice("LABELING_HOLD", ("no", "yes"), "no") == "yes",
            "ledger": read.matching("LABELING_LEDGER", _LEDGER, "bq://PROJECT.DATASET"),
            "callback_url": read.url(
                "LABELING_CALLBACK_URL",
                required=sends_to is not None and sends_to.needs_callback_url,
            ),
            "of_vendors": _of_vendors(read, sends_to),
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
        read.faults += _faults_of_copies(made)
        if use == "receive" and not made.secrets:
            read.faults.append(
                f"one of {', '.join(callback_secrets())} must be set: callbacks are guarded by it"
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
    def secrets(self) -> dict[str, tuple[Secret, ...]]:
        """Returns the secrets of callbacks by vendor: several while one is replaced."""
        given = {
            name: self.of_vendors.get(each.callback.secret)
            for name, each in vendors().items()
            if each.callback
        }
        return {
            name: tuple(map(Secret, value.reveal().split()))
            for name, value in given.items()
            if value
        }


def callback_secrets() -> list[str]:
    """The variables that hold the secrets of the vendors' callbacks."""
    return [each.callback.secret for each in vendors().values() if each.callback]


def _bucket(schemes: Sequence[str]) -> str:
    """Return a pattern of a bucket of one of the schemes, with or without a prefix."""
    known = "|".join(map(re.escape, schemes))
    return rf"(?:{known})://[a-z0-9][a-z0-9._-]{{1,220}}[a-z0-9](?:/.*)?"


def _faults_of_copies(made: Settings) -> Iterator[str]:
    """Yield what could have originals sent where copies are to be."""
    images, copies = made.images, made.copies
    if not copies:
        return
    if not images or images.partition("://")[0] != copies.partition("://")[0]:
        yield (
            f"LABELING_COPIES is {copies}: LABELING_IMAGES must be the place of their originals, "
            f"in a store of the same kind, got {images!r}"
        )
    elif f"{copies}/".startswith(f"{images}/") or f"{images}/".startswith(f"{copies}/"):
        yield (
            f"LABELING_COPIES must be apart from LABELING_IMAGES, got {copies} and {images}: "
            "originals would be sent"
        )
    if "://" in made.image_access and "{bucket}" not in made.image_access:
        yield (
            "LABELING_IMAGE_ACCESS must have {bucket} in it where LABELING_COPIES is set, or be "
            f"signed or uri: originals have the same names, got {made.image_access!r}"
        )


def _of_vendors(read: Reader, sends_to: Declaration | None) -> Mapping[str, Any]:
    """Returns all vendors' variables that are set; `sends_to` must have those that it requires."""
    values = {
        variable.name: read.variable(variable, required=each is sends_to and variable.required)
        for each in vendors().values()
        for variable in each.variables
    }
    return MappingProxyType({name: value for name, value in values.items() if value is not None})
