"""Adds to mkdocs, for `make docs`, pages that live beside what they describe, and their links.

mkdocs knows one folder of pages. The README files of infra/ and deploy/ and the changelog become
pages of the site, too; links to them lead there, and links to source files become plain text.
"""

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

_ROOT = Path(__file__).resolve().parents[1]
# Pages from elsewhere in the checkout, by their names in the site.
_PAGES = {
    "changelog.md": "CHANGELOG.md",
    "collector.md": "deploy/collector/README.md",
    "infra.md": "infra/README.md",
    "kubernetes.md": "deploy/kubernetes/README.md",
    "onprem.md": "deploy/onprem/README.md",
    "slurm.md": "deploy/slurm/README.md",
}
_NAMES = {source: name for name, source in _PAGES.items()} | {"README.md": "index.md"}
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages from elsewhere."""
    for name, source in _PAGES.items():
        files.append(File.generated(config, name, content=(_ROOT / source).read_text()))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links between pages to where the pages are in the site."""
    source = _PAGES.get(page.file.src_uri, f"docs/{page.file.src_uri}")
    folder = (_ROOT / source).parent
    return _LINK.sub(lambda match: _link(match, folder), markdown)


def _link(match: re.Match[str], folder: Path) -> str:
    image, text, target = match.groups()
    address, hash_, anchor = target.partition("#")
    if "://" in target or not address or image:
        return match[0]
    path = (folder / address).resolve()
    if not path.is_relative_to(_ROOT):
        return match[0]
    name = path.relative_to(_ROOT).as_posix()
    if path.is_dir() and f"{name}/README.md" in _NAMES:
        name = f"{name}/README.md"
    page = _NAMES.get(name) or (name.removeprefix("docs/") if name.startswith("docs/") else None)
    return f"[{text}]({page}{hash_}{anchor})" if page else text
