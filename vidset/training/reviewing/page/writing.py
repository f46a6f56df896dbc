"""The review page: one HTML file and its thumbnails, without network, from any folder."""

import base64
import hashlib
import html
import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.repository import write_atomically
from vidset.training.reviewing.thumbnails import fit, to_png

# Objects are looked at closely.
_SIDE, _SIDE_OF_OBJECTS = 320, 640
_SCRIPTS = ("review.js", "drawing.js", "keys.js")
_NAME_DIGITS = 16


def write_page(
    folder: Path,
    details: Mapping[str, Any],
    picture: Callable[[Mapping[str, Any]], np.ndarray],
) -> None:
    """Write index.html and thumbnails/ for what errors.json says.

    Args:
        picture: gives the picture of an image that is shown, (h, w, 3) uint8 RGB.
    """
    shown = []
    for image in details["shown"]:
        path = thumbnail_of(image)
        side = _SIDE if _drawn(image) is None else _SIDE_OF_OBJECTS
        write_atomically(folder / path, to_png(fit(picture(image), side, side)))
        told = {name: value for name, value in image.items() if name != "wrong_pixels"}
        shown.append({**told, "thumbnail": path})
    page = render_page({**details, "shown": shown})
    write_atomically(folder / "index.html", page.encode())


def thumbnail_of(image: Mapping[str, Any]) -> str:
    """Return the name of the picture of an image that is shown, below the page's folder."""
    # Where something is drawn into an image, its thumbnail is no longer the image's alone.
    name = hashlib.sha256(to_json([image["image_sha256"], _drawn(image)]).encode())
    return f"thumbnails/{name.hexdigest()[:_NAME_DIGITS]}.png"


def _drawn(image: Mapping[str, Any]) -> Any:
    return image.get("objects", image.get("wrong_pixels"))


def render_page(details: Mapping[str, Any]) -> str:
    """Return the HTML. Texts that others wrote stand in one JSON block, in which no tag can end."""
    parts = files("vidset.training.reviewing.page")
    style = (parts / "page.css").read_text("utf-8")
    scripts = "\n".join((parts / name).read_text("utf-8") for name in _SCRIPTS)
    script = f'"use strict";\n(() => {{\n{scripts}}})();\n'
    # The browser keeps decisions under this key: other images have decisions of their own.
    images = sorted(image["image_sha256"] for image in details["shown"])
    key = hashlib.sha256(to_json([details["version"], details["categories"], images]).encode())
    data = json.dumps({**details, "key": key.hexdigest()[:_NAME_DIGITS]})
    for character in "<>&\u2028\u2029":
        data = data.replace(character, f"\\u{ord(character):04x}")
    policy = (
        f"default-src 'none'; img-src 'self' file:; style-src {_hash(style)}; "
        f"script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    return Template((parts / "page.html").read_text("utf-8")).substitute(
        policy=html.escape(policy, quote=True),
        title=html.escape(f"Errors of {details['model']} on {details['version'][:12]}"),
        style=style,
        script=script,
        data=data,
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
