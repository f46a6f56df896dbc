"""The statistics of a version as one page: no scripts, and nothing from elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

_TITLES = {
    "width": "Width, pixels",
    "height": "Height, pixels",
    "aspect_ratio": "Width over height",
    "size_bytes": "File size, bytes",
    "brightness": "Brightness, mean luma",
    "contrast": "Contrast, deviation of luma",
    "sharpness": "Sharpness, variance of the Laplacian",
    "objects": "Objects in an image",
    "object_area": "Object area, share of the image",
}
_COLOURS = ("#2f7fd0", "#d9822b", "#3aa45c", "#9b59b6", "#c0476d", "#5d7a8c")
_WIDTH, _HEIGHT = 260, 84
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #777; --bar: #8882 }
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
h1, td.names { overflow-wrap: anywhere } td.names { min-width: 14rem }
table { border-collapse: collapse; width: 100% } .scroll { overflow-x: auto }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line) }
td.number { text-align: right; font-variant-numeric: tabular-nums; width: 6rem }
td.share { min-width: 7rem } .bar { height: .8rem; border-radius: 2px }
.charts { display: grid; gap: 1.2rem; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)) }
figure { margin: 0 } figcaption { color: var(--dim); font-size: .85rem }
svg { width: 100%; height: auto; background: var(--bar); border-radius: 3px }
"""


def draw_page(title: str, statistics: Mapping[str, Any]) -> str:
    """HTML of what `vidset.datasets.schema.statistics.describe` gives."""
    return "\n".join(_parts(title, statistics)) + "\n"


def told_numbers(numbers: Mapping[str, Any]) -> str:
    """Mean, deviation and range; "" where nothing was counted."""
    if not numbers["count"]:
        return ""
    mean, deviation, least, most = (
        _told(numbers[name]) for name in ("mean", "deviation", "min", "max")
    )
    return f"{mean} ± {deviation} ({least} to {most})"


def _told(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def _parts(title: str, statistics: Mapping[str, Any]) -> Iterator[str]:
    splits = statistics["splits"]
    colours = {name: _COLOURS[place % len(_COLOURS)] for place, name in enumerate(splits)}
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{escape(title)}: {statistics['images']:,} images</h1>"
    yield from _counts(splits)
    yield from _labels(splits, "labels", "Images with each label", colours)
    yield from _labels(splits, "objects", "Objects of each label", colours)
    areas = {
        name: {"pixels": {label: round(each["sum"]) for label, each in said["pixels"].items()}}
        for name, said in splits.items()
    }
    yield from _labels(areas, "pixels", "Pixels of each label's objects", colours)
    for feature, feature_title in _TITLES.items():
        if any(each["numbers"][feature]["count"] for each in splits.values()):
            yield from _charts(splits, feature, feature_title, colours)
    yield "</body></html>"


def _counts(splits: Mapping[str, Any]) -> Iterator[str]:
    columns = ("images", "groups", "without label", "blank", "formats")
    yield '<div class="scroll"><table><tr><th>split</th>'
    yield "".join(f"<th>{column}</th>" for column in columns) + "</tr>"
    for name, each in splits.items():
        blanks = [f"{each['blanks']['images']:,}", *map(escape, each["blanks"]["named"])]
        formats = ", ".join(f"{escape(key)} {count:,}" for key, count in each["formats"].items())
        yield (
            f"<tr><th>{escape(name)}</th><td>{each['images']:,}</td><td>{each['groups']:,}</td>"
            f'<td>{each["unlabeled"]:,}</td><td class="names">{"<br>".join(blanks)}</td>'
            f"<td>{formats}</td></tr>"
        )
    yield "</table></div>"


def _labels(
    splits: Mapping[str, Any], what: str, title: str, colours: Mapping[str, str]
) -> Iterator[str]:
    """Counts, and bars of each label's share of its split."""
    labels = sorted({label for each in splits.values() for label in each[what]})
    if not labels:
        return
    totals = {name: sum(each[what].values()) or 1 for name, each in splits.items()}
    shares = [
        count / totals[name] for name, each in splits.items() for count in each[what].values()
    ]
    most = max(shares) or 1
    yield f'<h2>{title}</h2><div class="scroll"><table><tr><th>label</th>'
    yield "".join(f'<th colspan="2">{escape(name)}</th>' for name in splits) + "</tr>"
    for label in labels:
        yield f"<tr><th>{escape(label)}</th>"
        for name, each in splits.items():
            count = each[what].get(label, 0)
            share = count / totals[name]
            yield (
                f'<td class="number">{count:,}</td><td class="share"><div class="bar" '
                f'title="{share:.1%}" style="width:{100 * share / most:.1f}%;'
                f'background:{colours[name]}"></div></td>'
            )
        yield "</tr>"
    yield "</table></div>"


def _charts(
    splits: Mapping[str, Any], feature: str, title: str, colours: Mapping[str, str]
) -> Iterator[str]:
    """A histogram of each split, with the same bins and the same scale: shares of its split."""
    numbers = {name: each["numbers"][feature] for name, each in splits.items()}
    counted = [each for each in numbers.values() if each["count"]]
    used = [
        place
        for place in range(len(counted[0]["counts"]))
        if any(each["counts"][place] for each in counted)
    ]
    first, last = used[0], used[-1]
    most = max(max(each["counts"]) / each["count"] for each in counted)
    yield f'<h2>{title}</h2><div class="charts">'
    for name, each in numbers.items():
        if not each["count"]:
            yield f"<figure><figcaption>{escape(name)}: none</figcaption></figure>"
            continue
        edges, counts = each["edges"][first : last + 2], each["counts"][first : last + 1]
        bars = _bars(edges, counts, each["count"] * most)
        yield (
            f'<figure><svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" fill="{colours[name]}" '
            f'aria-label="{escape(name)}">{bars}</svg><figcaption>{escape(name)}: '
            f"{told_numbers(each)}; drawn from {_told(edges[0])} to {_told(edges[-1])}"
            "</figcaption></figure>"
        )
    yield "</div>"


def _bars(edges: Sequence[float], counts: Sequence[int], full: float) -> str:
    width = _WIDTH / len(counts)
    return "".join(
        f'<rect x="{place * width:.2f}" y="{_HEIGHT * (1 - count / full):.2f}" '
        f'width="{max(width - 1, 0.5):.2f}" height="{_HEIGHT * count / full:.2f}">'
        f"<title>{_told(edges[place])} to {_told(edges[place + 1])}: {count:,}</title></rect>"
        for place, count in enumerate(counts)
        if count
    )
