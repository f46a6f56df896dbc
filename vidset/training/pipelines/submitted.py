"""Says what becomes of a pipeline that is submitted, and as whom it runs."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_ACCOUNT = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_KEY = re.compile(r"projects/[^/\s]+/locations/[^/\s]+/keyRings/[^/\s]+/cryptoKeys/[^/\s]+")
# https://cloud.google.com/compute/docs/labeling-resources#requirements
_LABEL_NAME, _LABEL_VALUE = re.compile(r"[a-z][a-z0-9_-]{0,62}"), re.compile(r"[a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Submitted:
    """A run or a schedule at a server.

    Attributes:
        name: what the server calls it.
        is_new: False if an earlier run goes on, so that nothing was started.
    """

    name: str
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class RunAs:
    """The account of a run, and what marks and protects the run; None: as the server chooses.

    Attributes:
        service_account: an address at Google Cloud, a name on Kubernetes.
        labels: of a run on Vertex AI.
        kms_key: encrypts what a run on Vertex AI leaves there.
    """

    service_account: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    kms_key: str | None = None

    def __post_init__(self) -> None:
        account, key = self.service_account, self.kms_key
        if account is not None and not _ACCOUNT.fullmatch(account):
            raise ValueError(f"--service-account: wanted an account's address, got {account!r}")
        if key is not None and not _KEY.fullmatch(key):
            raise ValueError(
                "--kms-key: wanted projects/PROJECT/locations/LOCATION/keyRings/RING/"
                f"cryptoKeys/KEY, got {key!r}"
            )

    def options(self) -> dict[str, object]:
        """Return what was given, by option."""
        return {
            "--service-account": self.service_account,
            "--run-label": self.labels,
            "--kms-key": self.kms_key,
        }


def labels_of(given: Iterable[str]) -> dict[str, str]:
    """Read labels NAME=VALUE.

    Raises:
        ValueError: Google Cloud would not take one, or two have the same name.
    """
    found: dict[str, str] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or not _LABEL_NAME.fullmatch(name) or not _LABEL_VALUE.fullmatch(value):
            raise ValueError(
                "--run-label: wanted NAME=VALUE of lower case letters, digits, hyphens and "
                f"underscores, the name beginning with a letter, got {text!r}"
            )
        if found.setdefault(name, value) != value:
            raise ValueError(f"--run-label {name}: wanted one value, got {found[name]}, {value}")
    return found
