"""`vidset.toml`: what a team repeats. Its keys, and how they are read and written.

The file never holds a secret. Each key has a variable of the environment, which beats the file.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as short
from types import MappingProxyType
from typing import Any, Literal

from vidset.regular_files import read_regular
from vidset.suggestions import did_you_mean

FILE_NAME = "vidset.toml"
# What people write has some kilobytes. A line of a thousand nested keys takes megabytes.
_MOST_BYTES, _LONGEST_LINE = 1 << 18, 4000
Kind = Literal["text", "number", "whole number", "path"]
Value = str | float | int


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the file.

    Attributes:
        kind: what its value may be. A path is relative to the file's folder, or a uri.
        variable: the variable of the environment that beats it.
        example: a value as it is written in the file.
        help: one line for the file that `vidset init` writes.
    """

    kind: Kind
    variable: str
    example: str
    help: str


# By name; a dot separates the table of the file from the key in it.
KEYS: Mapping[str, Key] = MappingProxyType(
    {
        "place": Key("path", "VIDSET_PLACE", '"."', "Where the work is: a folder, gs:// or s3://."),
        "store": Key(
            "path",
            "LABELING_STORE",
            '"sqlite:labels.sqlite"',
            "Tasks and annotations: sqlite:PATH or firestore://PROJECT.",
        ),
        "warehouse": Key(
            "path", "VIDSET_WAREHOUSE", '"warehouse"', "Tables: a folder or bq://PROJECT.DATASET."
        ),
        "remote": Key(
            "path",
            "VIDSET_REMOTE",
            '"gs://team-datasets"',
            "Where `dataset push` and `dataset pull` share versions.",
        ),
        "vendor": Key(
            "text", "LABELING_VENDOR", '"label-studio"', "Who labels: label-studio, scale or truth."
        ),
        "template": Key(
            "path", "LABELING_TEMPLATE", '"template.yaml"', "What annotators are asked."
        ),
        "budget": Key(
            "text", "LABELING_BUDGET", '"500 tasks/day"', "What labeling may take, or cost."
        ),
        "price": Key("number", "LABELING_PRICE", "0.08", "The price of labeling one image."),
        "source": Key(
            "text",
            "VIDSET_SOURCE",
            '"pubsub:projects/P/subscriptions/S"',
            "Where `watch` hears of uploads: amqp://, pubsub: or a folder.",
        ),
        "collector": Key(
            "text", "VIDSET_COLLECTOR", '"car-7"', "Who records, where folders do not tell."
        ),
        "engine": Key("text", "VIDSET_ENGINE", '"local"', "What runs the extraction: local, dask."),
        "dask": Key(
            "text", "VIDSET_DASK", '"tcp://scheduler:8786"', "The scheduler of a Dask cluster."
        ),
        "metrics": Key(
            "text",
            "VIDSET_METRICS",
            '"127.0.0.1:9100"',
            "Where `watch` and `label serve` tell Prometheus.",
        ),
        "rights.license": Key(
            "text", "VIDSET_LICENSE", '"CC-BY-4.0"', "The licence of videos that come without one."
        ),
        "rights.license_url": Key(
            "text", "VIDSET_LICENSE_URL", '"https://example.com/terms"', "Where its text is."
        ),
        "rights.attribution": Key(
            "text", "VIDSET_ATTRIBUTION", '"City of Ghent"', "Who is to be named."
        ),
        "rights.obtained_from": Key(
            "text", "VIDSET_OBTAINED_FROM", '"https://example.com"', "Where they were taken from."
        ),
        "rights.consent": Key(
            "text", "VIDSET_CONSENT", '"form 2026-03"', "A reference to the consent of people seen."
        ),
        "extract.every": Key("number", "VIDSET_EVERY", "1", "Seconds between two samples."),
        "extract.tolerance": Key(
            "number", "VIDSET_TOLERANCE", "0", "Seconds by which a keyframe may be off."
        ),
        "extract.similarity": Key(
            "number", "VIDSET_SIMILARITY", "0.9", "A sample this like the last kept one is dropped."
        ),
        "extract.local_change": Key(
            "number", "VIDSET_LOCAL_CHANGE", "20", 'Levels of change that keep it; or "off".'
        ),
        "extract.metric": Key("text", "VIDSET_METRIC", '"ssim"', "The measure of similarity."),
        "extract.jpeg_quality": Key("whole number", "VIDSET_JPEG_QUALITY", "95", "From 1 to 100."),
        "extract.min_sharpness": Key(
            "number", "VIDSET_MIN_SHARPNESS", "40", "Blurrier samples are dropped."
        ),
        "extract.min_brightness": Key(
            "number", "VIDSET_MIN_BRIGHTNESS", "30", "Darker samples are dropped."
        ),
        "extract.max_brightness": Key(
            "number", "VIDSET_MAX_BRIGHTNESS", "240", "Brighter samples are dropped."
        ),
        "extract.workers": Key(
            "whole number", "VIDSET_WORKERS", "4", "Processes; one a core where not given."
        ),
    }
)
# Numbers that may be written as text as well: "1/30", "off".
_ALSO_TEXT = frozenset(("extract.every", "extract.tolerance", "extract.local_change"))
_SECRET = re.compile(r"secret|token|passw|api_?key|callback_auth|credential", re.IGNORECASE)
_PASSWORD_IN_URI = re.compile(r"://[^/@\s]*:[^/@\s]+@")
_SECRET_VARIABLES = (
    "LABELING_TRUTH_SECRET",
    "LABEL_STUDIO_TOKEN",
    "LABEL_STUDIO_WEBHOOK_SECRET",
    "SCALE_API_KEY",
    "SCALE_CALLBACK_AUTH",
    "VIDSET_AMQP_PASSWORD",
)


class ProjectFileError(ValueError):
    """The file cannot be used; the message names the file and the key."""


def read_file(path: Path) -> dict[str, Value]:
    """Read the keys that the file sets, checked, with paths made absolute.

    Raises:
        ProjectFileError: it cannot be read, a key is unknown, a value has the wrong type, or a
            secret is in it.
    """
    try:
        text = read_regular(path, _MOST_BYTES).decode()
        if (longest := max(map(len, text.splitlines()), default=0)) > _LONGEST_LINE:
            raise ProjectFileError(
                f"{path}: wanted lines of at most {_LONGEST_LINE:,} characters, got {longest:,}"
            )
        document = tomllib.loads(text)
    except OSError as error:
        raise ProjectFileError(f"{path}: {error.strerror}") from None
    except ProjectFileError:
        raise
    except RecursionError:
        raise ProjectFileError(f"{path} is nested too deep") from None
    except ValueError as error:  # Beside its own: of numbers with thousands of digits.
        raise ProjectFileError(f"{path} is not TOML: {error}") from None
    return {name: _check(path, name, value) for name, value in _flat(path, document).items()}


def from_text(name: str, text: str) -> Value:
    """Read what a key's variable of the environment says.

    Raises:
        ProjectFileError: it is no number where one is wanted.
    """
    key = KEYS[name]
    if key.kind in ("text", "path") or name in _ALSO_TEXT:
        return text
    try:
        return int(text) if key.kind == "whole number" else float(text)
    except ValueError:
        raise ProjectFileError(
            f"{key.variable}: wanted a {key.kind} such as {key.example}, got {text!r}"
        ) from None


def file_text(values: Mapping[str, Value] | None = None) -> str:
    """Return the text of a new file: every key with a comment, those of `values` set."""
    values = values or {}
    lines = [
        "# What this project's commands repeat. An option of a command beats a variable of the",
        "# environment, which beats this file. Secrets stay in the environment.",
        "",
    ]
    table = ""
    for name, key in KEYS.items():
        prefix, _, last = name.rpartition(".")
        if prefix != table:
            table = prefix
            lines += ["", f"[{table}]"]
        is_set = name in values
        value = _written(values[name]) if is_set else key.example
        line = f"{'' if is_set else '# '}{last} = {value}"
        lines.append(f"{line:<36}  # {key.help}")
    return "\n".join(lines) + "\n"


def _flat(path: Path, document: Mapping[str, Any]) -> dict[str, Any]:
    tables = {name.partition(".")[0] for name in KEYS if "." in name}
    flat: dict[str, Any] = {}
    for name, value in document.items():
        if name in tables and isinstance(value, Mapping):
            flat |= {f"{name}.{key}": each for key, each in value.items()}
        elif name in tables:
            raise ProjectFileError(f"{path}: {name}: wanted a table [{name}], got {short(value)}")
        else:
            flat[name] = value
    return flat


def _check(path: Path, name: str, value: Any) -> Value:
    if name not in KEYS:
        _refuse_secret(path, name)
        table, _, last = name.rpartition(".")
        if last in KEYS:  # Added at the file's end, where a table has begun.
            raise ProjectFileError(
                f"{path}: {last} stands below [{table}]. Move it to the top of the file, above the "
                "first table."
            )
        near = did_you_mean(name, KEYS) or f" Known are {', '.join(KEYS)}."
        raise ProjectFileError(f"{path}: unknown key {short(name)}.{near}")
    key = KEYS[name]
    if isinstance(value, bool) or not isinstance(value, _types(name, key.kind)):
        kind = f"{key.kind} or text" if name in _ALSO_TEXT else key.kind
        raise ProjectFileError(
            f"{path}: {name}: wanted a {kind} such as {key.example}, got {short(value)}"
        )
    if isinstance(value, str) and _PASSWORD_IN_URI.search(value):
        raise ProjectFileError(
            f"{path}: {name}: the uri holds a password. Leave it out here and set a variable "
            "such as VIDSET_AMQP_PASSWORD."
        )
    return _absolute(path.parent, str(value)) if key.kind == "path" else value


def _refuse_secret(path: Path, name: str) -> None:
    if not _SECRET.search(name):
        return
    last = name.rpartition(".")[2].upper()
    known = [each for each in _SECRET_VARIABLES if last in each]
    variable = known[0] if known else last
    raise ProjectFileError(
        f"{path}: {name}: secrets are not read from this file. Set the variable {variable}."
    )


def _types(name: str, kind: Kind) -> tuple[type, ...]:
    types: dict[Kind, tuple[type, ...]] = {
        "text": (str,),
        "path": (str,),
        "number": (int, float),
        "whole number": (int,),
    }
    return (*types[kind], str) if name in _ALSO_TEXT else types[kind]


def _absolute(folder: Path, value: str) -> str:
    """Make a path absolute that is relative to `folder`; uris stay as they are."""
    if "://" in value:
        return value
    scheme, separator, path = value.rpartition("sqlite:")
    return scheme + separator + os.path.normpath(folder.absolute() / Path(path).expanduser())


def _written(value: Value) -> str:
    if not isinstance(value, str):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
