"""Makes one script of the page's modules, for a page that is opened from disk.

Browsers load no module from file://, but any script. The page's modules use few forms of import and
export, each on a line of its own; another form is refused, so that none is left out in silence.
"""

import re
from pathlib import Path

_NAMED = re.compile(r'^import \{ ([\w, ]+) \} from "\./([\w/.]+)\.js";$', re.MULTILINE)
_DEFAULT = re.compile(r'^import (\w+) from "\./([\w/.]+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
_EXPORTS_DEFAULT = re.compile(r"^export \{ (\w+) as default \};$", re.MULTILINE)
_COMMENT = re.compile(r"^/\*$.*?^\*/$", re.MULTILINE | re.DOTALL)
_LEFT = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


def bundle(folder: Path, first: str = "main") -> str:
    """Return a script that does what the module `first` of a folder does.

    Raises:
        ValueError: a module imports or exports in a form that is not known here.
    """
    modules: dict[str, str] = {}
    _add(folder, first, modules)
    return '"use strict";\n(() => {\n' + "".join(modules.values()) + "})();\n"


def _add(folder: Path, name: str, modules: dict[str, str]) -> None:
    """Add a module, after those that it imports."""
    # Libraries keep code that they do not use in comments.
    text = _COMMENT.sub("", (folder / f"{name}.js").read_text("utf-8"))
    for found in (*_NAMED.finditer(text), *_DEFAULT.finditer(text)):
        if found[2] not in modules:
            _add(folder, found[2], modules)
    given = [found[2] for found in _EXPORT.finditer(text)]
    given += [f"default: {found[1]}" for found in _EXPORTS_DEFAULT.finditer(text)]
    text = _NAMED.sub(lambda found: f"const {{ {found[1]} }} = {_variable(found[2])};", text)
    text = _DEFAULT.sub(
        lambda found: f"const {{ default: {found[1]} }} = {_variable(found[2])};", text
    )
    text = _EXPORTS_DEFAULT.sub("", _EXPORT.sub(r"\1", text))
    if left := _LEFT.search(text):
        raise ValueError(f"{name}.js: wanted a known form of import or export, got {left[0]!r}")
    returned = f"return {{ {', '.join(given)} }};"
    modules[name] = f"const {_variable(name)} = (() => {{\n{text}\n{returned}\n}})();\n"


def _variable(name: str) -> str:
    return "module_" + re.sub(r"\W", "_", name)
