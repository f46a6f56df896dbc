"""The file of a loop: which steps it has, and with which options of their commands.

    data:                           # exactly one of create, pull and version
      create: {group-by: video}     # options of vidset dataset create
    recipe: recipe.yaml             # vidset dataset apply
    check: {fatal: true}            # vidset dataset check
    statistics: {output: page.html} # vidset dataset statistics
    train: {seeds: 1-3, epochs: 15} # vidset train
    baseline: v0                    # trained in the same way, and compared with
    evaluate: {floor: 0.6, no-worse-than: best}
    errors: {top: 100}              # vidset errors
    publish: {name: current, to: gs://example/roads}

Options have the names that the commands have, without the dashes before them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vidset.suggestions import did_you_mean
from vidset.yaml_files import read_yaml

Options = tuple[str, ...]
"""Words for a command line, such as ("--floor", "0.6")."""

_SECTIONS = (
    *("data", "recipe", "check", "statistics", "train"),
    *("baseline", "evaluate", "errors", "publish"),
)
_WAYS = ("create", "pull", "version")
_PUBLISH = ("name", "to")
# An option of `vidset evaluate` that judges.
_GATES = frozenset({"floor", "no-worse-than", "slack", "runs"})


@dataclass(frozen=True, slots=True)
class LoopFile:
    """The steps of a loop and their options. A step that the file leaves out is None.

    Attributes:
        folder: the file's own, from which its paths count.
        data: how the version is had, "create", "pull" or "version".
        source: for "create" the sources, for "pull" and "version" the version.
        recipe: the recipe's path and the options of `dataset apply`.
        gate: the options of `vidset evaluate` that judge; empty: nothing is refused.
        publish_name: the name that a version gets which passes.
        publish_to: where such a version is pushed.
    """

    folder: Path
    data: str
    source: Options
    data_options: Options = ()
    recipe: str | None = None
    recipe_options: Options = ()
    check: Options | None = None
    statistics: Options | None = None
    train: Options | None = None
    baseline: str | None = None
    evaluate: Options = ()
    gate: Options = ()
    errors: Options | None = None
    publish_name: str | None = None
    publish_to: str | None = None

    def sections(self) -> list[tuple[str, str]]:
        """Return what the file says, in the order in which it is done: names, and their options."""
        recipe = self.recipe and (self.recipe, *self.recipe_options)
        said: list[tuple[str, Sequence[str] | None]] = [
            ("data", (self.data, *self.source, *self.data_options)),
            ("recipe", recipe or None),
            ("statistics", self.statistics),
            ("check", self.check),
            ("train", self.train),
            ("evaluate", self.evaluate or None),
            ("gate", self.gate or None),
            ("compare with", self.baseline and (self.baseline,)),
            ("errors", self.errors),
            ("name", self.publish_name and (self.publish_name,)),
            ("push to", self.publish_to and (self.publish_to,)),
        ]
        return [(name, " ".join(words)) for name, words in said if words is not None]


Check = Callable[[Sequence[str], Mapping[str, Any]], None]
"""Raises ValueError where a command, given by its words, has no such option or value."""


@dataclass(slots=True)
class _Reader:
    """Reads the sections of a file, and says of each error where it stands."""

    path: Path
    given: Mapping[str, Any]
    check: Check

    def options(self, section: str, command: Sequence[str]) -> Options | None:
        """Return a section's options, checked by the command; `true` and {} mean none."""
        value = self.given.get(section)
        if value is None or value is False:
            return None
        return self.of(section, command, {} if value is True else value)

    def of(self, where: str, command: Sequence[str], value: Any) -> Options:
        options = self.mapping(where, value)
        words = words_of(options)
        try:
            self.check([*command, *words], options)
        except ValueError as error:
            raise ValueError(f"{self.path}: {where}: {error}") from None
        return words

    def mapping(self, where: str, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise ValueError(
                f"{self.path}: {where}: wanted options such as {{seeds: 1-3}}, got {value!r}"
            )
        return value

    def text(self, where: str, value: Any) -> str:
        if not isinstance(value, str | int | float) or isinstance(value, bool) or value == "":
            raise ValueError(f"{self.path}: {where}: wanted a text, got {value!r}")
        return str(value)

    def known(self, where: str, found: Mapping[str, Any], names: Sequence[str]) -> None:
        for name in found:
            if name not in names:
                raise ValueError(
                    f"{self.path}: {where}: wanted {', '.join(names)}, got {name!r}."
                    f"{did_you_mean(name, names)}"
                )


def words_of(options: Mapping[str, Any]) -> Options:
    """Return options as the words of a command line.

    true is the option alone, false leaves it out, and a list repeats it.
    """
    words: list[str] = []
    for name, value in options.items():
        for each in value if isinstance(value, list) else [value]:
            if each is True:
                words.append(f"--{name}")
            elif each is not False and each is not None:
                words += [f"--{name}", str(each)]
    return tuple(words)


def read_loop(path: Path, check: Check) -> LoopFile:
    """Read and check a loop's file.

    Args:
        check: is asked of each step's command with its options, before anything runs.

    Raises:
        ValueError: the file cannot be read, or something in it cannot be; it says where.
    """
    reader = _Reader(path, {}, check)
    reader.given = reader.mapping("the loop", read_yaml(path, "a loop"))
    reader.known("the loop", reader.given, _SECTIONS)
    way, source, data_options = _data(reader)
    recipe, recipe_options = _recipe(reader)
    evaluate, gate = _evaluate(reader)
    train = reader.options("train", ("train",))
    for section in "baseline", "evaluate", "errors":
        if reader.given.get(section) and train is None:
            raise ValueError(f"{path}: {section}: wanted train beside it, got none")
    publish = reader.mapping("publish", reader.given.get("publish") or {})
    reader.known("publish", publish, _PUBLISH)
    baseline = reader.given.get("baseline")
    return LoopFile(
        folder=path.absolute().parent,
        data=way,
        source=source,
        data_options=data_options,
        recipe=recipe,
        recipe_options=recipe_options,
        check=reader.options("check", ("dataset", "check", "VERSION")),
        statistics=reader.options("statistics", ("dataset", "statistics", "VERSION")),
        train=train,
        baseline=None if baseline is None else reader.text("baseline", baseline),
        evaluate=evaluate,
        gate=gate,
        errors=reader.options("errors", ("errors", "RUN")),
        publish_name=_optional(reader, publish, "name"),
        publish_to=_optional(reader, publish, "to"),
    )


def _optional(reader: _Reader, found: Mapping[str, Any], name: str) -> str | None:
    return reader.text(f"publish: {name}", found[name]) if name in found else None


def _data(reader: _Reader) -> tuple[str, Options, Options]:
    value = reader.given.get("data")
    data = reader.mapping("data", {} if value is None else value)
    reader.known("data", data, (*_WAYS, "from"))
    ways = [each for each in _WAYS if each in data and each != "version"]
    if "version" in data and "pull" not in data:
        ways.append("version")
    if len(ways) != 1 or ("from" in data and ways != ["pull"]):
        raise ValueError(f"{reader.path}: data: wanted one of {', '.join(_WAYS)}, got {data!r}")
    (way,) = ways
    if way == "version":
        return way, (reader.text("data: version", data["version"]),), ()
    if way == "pull":
        version = (reader.text("data: pull", data["pull"]),)
        options = {"from": data["from"]} if "from" in data else {}
        return way, version, reader.of("data: pull", ("dataset", "pull", *version), options)
    options = dict(reader.mapping("data: create", data["create"] or {}))
    given = options.pop("sources", [])
    sources = tuple(
        reader.text("data: create: sources", each)
        for each in (given if isinstance(given, list) else [given])
    )
    return (
        way,
        sources,
        reader.of("data: create", ("dataset", "create", *sources), options),
    )


def _recipe(reader: _Reader) -> tuple[str | None, Options]:
    value = reader.given.get("recipe")
    if value is None:
        return None, ()
    if isinstance(value, dict):
        options = dict(value)
        file = reader.text("recipe: file", options.pop("file", None))
        command = ("dataset", "apply", "VERSION", file)
        return file, reader.of("recipe", command, options)
    return reader.text("recipe", value), ()


def _evaluate(reader: _Reader) -> tuple[Options, Options]:
    if not reader.given.get("evaluate"):
        return (), ()
    value = reader.given["evaluate"]
    options = reader.mapping("evaluate", {} if value is True else value)
    reader.of("evaluate", ("evaluate", "RUN"), options)
    scored = {name: each for name, each in options.items() if name not in _GATES}
    judged = {name: each for name, each in options.items() if name in _GATES}
    return words_of(scored), words_of(judged)
