"""Every format by its name."""

from vidset.formats.format import FORMAT_NAMES, Format, FormatName


def format_named(name: FormatName) -> Format:
    match name:
        case "coco":
            from vidset.formats import coco as named
        case "label-studio":
            from vidset.formats import label_studio as named
        case "labelme":
            from vidset.formats import labelme as named
        case "yolo":
            from vidset.formats import yolo as named
        case _:
            raise ValueError(f"wanted a format of {', '.join(FORMAT_NAMES)}, got {name!r}")
    return named
