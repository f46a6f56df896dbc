"""The engine that a command was told to use: --engine, --dask, the variables and vidset.toml."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from vidset.engines.engine import StartEngine
from vidset.engines.registry import DASK, LOCAL, Start, find_engine
from vidset.project import Project

# What starts an engine of other machines, and where it is.
Elsewhere = tuple[Start, str | None]


def engine_of(project: Project, name: str | None, address: str | None) -> Elsewhere | None:
    """Return the engine that was asked for; None: the processes of this machine.

    Args:
        name, address: of the options --engine and --dask. They beat what the project is set to.

    Raises:
        ValueError: there is no such engine, or the options contradict each other.
    """
    if address is not None and name not in (None, DASK):
        raise ValueError(f"--dask and --engine {name}: wanted one engine, got two")
    chosen = DASK if address is not None else name or project.text("engine") or LOCAL
    start = find_engine(chosen)
    if start is None:
        return None
    return start, (address or project.text("dask")) if chosen == DASK else None


@contextmanager
def engine_starting(
    project: Project,
    engine: Elsewhere | None,
    inputs: Sequence[str] = (),
    packages: Sequence[str] = (),
) -> Iterator[StartEngine | None]:
    """Yield what starts the engine of other machines; None where this machine does the work.

    Args:
        inputs: what the workers must see beside the place.
        packages: what must have this machine's version there, by their names on PyPI.

    Raises:
        ValueError: by what is yielded, if a worker cannot do the work as this machine does.
    """
    if engine is None:
        yield None
        return
    from vidset.intake.probing import elsewhere

    with elsewhere(*engine, project.place, inputs, packages) as start:
        yield start
