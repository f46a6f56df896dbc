"""Tells a tracker of a run, in the trackers' own environment, or says what it has, as JSON.

PYTHON -m tests.training.running.tell_tracker tell|ask|tell+ask mlflow|wandb RUN
"""

import json
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from vidset.training.running.trackers.registry import open_tracker
from vidset.training.running.trackers.tracker import publish

READ = (
    *("validation/images.json", "validation/labels.json", "validation/confusion.json"),
    "validation/precision_recall.json",
)


def in_mlflow(folder: Path) -> list[dict]:
    """The runs in the store beside the run's folder."""
    from mlflow import MlflowClient

    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    client = MlflowClient((folder.resolve().parent / "mlruns").as_uri())
    experiment = client.get_experiment_by_name("vidset")
    assert experiment is not None, "no experiment"
    found = []
    for run in client.search_runs([experiment.experiment_id]):
        metrics = {
            name: [
                [each.step, each.value] for each in client.get_metric_history(run.info.run_id, name)
            ]
            for name in run.data.metrics
        }
        files = sorted(each.path for each in client.list_artifacts(run.info.run_id))
        found.append(
            {
                "parameters": run.data.params,
                "run_id": run.data.tags["vidset.run_id"],
                "best_epoch": run.data.tags["vidset.best_epoch"],
                "status": run.info.status,
                "metrics": metrics,
                "files": files,
                "version_files": sorted(
                    each.path for each in client.list_artifacts(run.info.run_id, "version")
                ),
                "tables": json.loads(run.data.tags.get("mlflow.loggedArtifacts", "[]")),
                "inputs": [
                    [each.dataset.name, each.dataset.digest, json.loads(each.dataset.source)]
                    for each in run.inputs.dataset_inputs
                ],
                "read": {
                    name: json.loads(
                        Path(client.download_artifacts(run.info.run_id, name)).read_text()
                    )
                    for name in READ
                    if name.partition("/")[0] in files
                },
            }
        )
    return found


def in_wandb(folder: Path) -> list[dict]:
    """The offline runs in the run's folder."""
    from wandb.proto import wandb_internal_pb2

    found = []
    for path in sorted(folder.glob("wandb/offline-run-*/run-*.wandb")):
        run: dict = {"run_id": "", "parameters": {}, "history": [], "summary": {}}
        run |= {"artifacts": [], "tables": {}}
        for data in wandb_records(path.read_bytes()):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            if record.HasField("run"):
                run["run_id"] = record.run.run_id
                run["parameters"] |= values(record.run.config.update)
            elif record.HasField("history"):
                run["history"].append(values(record.history.item))
            elif record.HasField("summary"):
                run["summary"] |= values(record.summary.update)
            elif record.HasField("artifact"):
                told = record.artifact
                entries = sorted(entry.path for entry in told.manifest.contents)
                metadata = json.loads(told.metadata or "{}")
                run["artifacts"].append([told.type, told.name, metadata, entries])
        for table in sorted(path.parent.rglob("*.table.json")):
            name = table.relative_to(path.parent / "files" / "media" / "table").as_posix()
            run["tables"][name.rpartition("_")[0].rpartition("_")[0]] = json.loads(
                table.read_text()
            )
        found.append(run)
    return found


def values(items) -> dict:
    return {each.key or "/".join(each.nested_key): json.loads(each.value_json) for each in items}


def wandb_records(data: bytes) -> Iterator[bytes]:
    """Of LevelDB's log format: blocks of 32 KB; of each piece checksum, length, kind, content."""
    at, record = 7, b""  # Behind W&B's own header.
    while at + 7 <= len(data):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        length, kind = struct.unpack_from("<HB", data, at + 4)
        record += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # Whole, or the last piece.
            yield record
            record = b""


def main() -> None:
    what, name, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if "tell" in what:
        tracker = open_tracker(name)
        assert tracker is not None
        publish(folder, tracker)
        assert "torch" not in sys.modules, "trackers need no PyTorch"
    if "ask" in what:
        print(json.dumps({"mlflow": in_mlflow, "wandb": in_wandb}[name](folder)))


if __name__ == "__main__":
    main()
