"""The runs of versions that passed the gate, kept beside the versions: `blessed/RUN ID/...`.

The next candidates are held against the best of them. Checkpoints stay out: predictions and scores
are what a gate reads.
"""

import os
from pathlib import Path, PurePosixPath

from vidset.storage.open import open_store

_FOLDER = "blessed"
_KINDS = {".json": "application/json", ".jsonl": "application/x-ndjson"}
_OTHER_KIND = "application/octet-stream"
_LEFT_OUT = frozenset({".pt"})
_LEFT_OUT_FOLDERS = frozenset({"tensorboard", "wandb"})


def keep_blessed(place: str, run: Path, run_id: str) -> list[str]:
    """Bring a run's predictions and scores to the shared place, once; returns their names."""
    store, names = open_store(f"{place.rstrip('/')}/{_FOLDER}"), []
    for file in sorted(run.rglob("*")):
        name = file.relative_to(run)
        if file.is_dir() or file.suffix in _LEFT_OUT or _LEFT_OUT_FOLDERS & {*name.parts}:
            continue
        names.append(f"{run_id}/{name.as_posix()}")
        store.put_once(names[-1], file.read_bytes(), _KINDS.get(file.suffix, _OTHER_KIND))
    return names


def fetch_blessed(place: str, folder: Path) -> int:
    """Bring all such runs into a folder, one each; returns their number."""
    if "://" not in place and not os.path.isdir(os.path.join(place, _FOLDER)):
        return 0
    store, runs = open_store(f"{place.rstrip('/')}/{_FOLDER}"), set()
    for stored in store.list():
        name = stored.name
        parts = PurePosixPath(name).parts
        if len(parts) < 2 or ".." in parts or name.startswith("/"):
            raise ValueError(f"{place}/{_FOLDER}/{name}: wanted a file of a run")
        runs.add(parts[0])
        target = folder.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(store.read(name))
    return len(runs)
