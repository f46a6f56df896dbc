"""A vendor declares its variables, its callbacks, and how it is opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vidset.labeling.template import Template
from vidset.labeling.vendors.vendor import Report, Vendor
from vidset.secret import Secret

# `key` and `secret` are never shown. A `secret` guards callbacks: it has 16 characters or more.
Kind = Literal["text", "url", "number", "key", "secret"]


def _one_annotator(_: Template) -> int:
    return 1


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that only this vendor reads.

    Attributes:
        required: whether tasks cannot be sent without it.
        for_dispatch: whether whoever sends tasks needs it. What only guards callbacks does not
            reach the functions that send.
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    for_dispatch: bool = True

    @property
    def is_hidden(self) -> bool:
        return self.kind in ("key", "secret")


@dataclass(frozen=True, slots=True)
class Callback:
    """The way in which a vendor's answers arrive. Reading them takes no client and no key.

    Attributes:
        header: the HTTP header that carries the secret, in lower case.
        secret: the variable that the header is compared with. It may hold several secrets,
            separated by spaces, while one replaces another.
        read: turns a callback's JSON into reports; raises InvalidAnswerError.
    """

    header: str
    secret: str
    read: Callable[[Any], list[Report]]


@dataclass(frozen=True, slots=True)
class Opening:
    """The things that a vendor is opened with.

    Attributes:
        values: the vendor's own variables by name; one that is not set is None or left out.
        callback_url: where answers go.
    """

    values: Mapping[str, Any] = field(repr=False)
    template: Template
    callback_url: str | None

    def required(self, name: str) -> Any:
        """Return a variable's value. Raises ValueError when it is not set."""
        value = self.callback_url if name == "LABELING_CALLBACK_URL" else self.optional(name)
        if value is None:
            raise ValueError(f"{name} must be set")
        return value

    def optional(self, name: str) -> Any:
        """Return a variable's value, of a secret its text; None when it is not set."""
        value = self.values.get(name)
        return value.reveal() if isinstance(value, Secret) else value


@dataclass(frozen=True, slots=True)
class Declaration:
    """Everything that the broker knows of a vendor before it uses it.

    Attributes:
        name: the vendor's name in LABELING_VENDOR and in documents.
        variables: what it reads from the environment.
        open: makes the vendor. It imports the vendor's client only then, and raises ValueError
            where the settings or the template do not suit the vendor.
        callback: None for a vendor whose answers are only fetched.
        read_task: reads a task as the vendor's API shows it, which `reconcile` quarantines when
            it cannot be used. None for a vendor whose tasks look like its callbacks.
        needs_callback_url: whether tasks cannot be sent without LABELING_CALLBACK_URL.
        reaches_this_machine: whether the vendor may run beside us, so that images and callbacks
            can be on this machine's own address.
        knows_empty: whether an answer without objects says that nothing is in the image. From a
            person it may as well mean that the image was not shown.
        annotators: how many people answer an image, by the template.
    """

    name: str
    variables: tuple[Variable, ...]
    open: Callable[[Opening], Vendor]
    callback: Callback | None = None
    read_task: Callable[[Any], Report | None] | None = None
    needs_callback_url: bool = False
    reaches_this_machine: bool = True
    knows_empty: bool = False
    annotators: Callable[[Template], int] = _one_annotator

    def __post_init__(self) -> None:
        if self.callback is None:
            return
        guard = next((each for each in self.variables if each.name == self.callback.secret), None)
        if guard is None or guard.kind != "secret":
            raise ValueError(
                f"vendor {self.name!r}: its callback's secret {self.callback.secret!r} must be "
                "one of its variables, of the kind 'secret'"
            )
