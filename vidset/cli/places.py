"""The place of commands that have no other subject."""


def only_place(argument: str | None, option: str | None) -> str | None:
    """Return the place that is given as an argument or with -p.

    Raises:
        ValueError: both are given, and differ.
    """
    if argument is not None and option is not None and argument != option:
        raise ValueError(f"{argument} and -p {option}: wanted one place, got two")
    return option if argument is None else argument
