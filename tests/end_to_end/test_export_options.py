"""What the export job is asked for, and what Dataflow gets of it; no server is needed."""

import pytest

from vidset.beam.export_job import configure, main, start


def test_dataflow_gets_the_job_with_a_barrier_before_each_long_step():
    pytest.importorskip("apache_beam.runners.dataflow.internal.apiclient", exc_type=ImportError)
    options, settings = configure(
        [
            "--store=firestore://project-1",
            "--warehouse=bq://project-1.vidset",
            "--dead_letters=gs://staging/dead_letters",
            "--temp_location=gs://staging/temp",
            "--staging_location=gs://staging/staging",
            "--runner=DataflowRunner",
            "--dry_run=True",
            "--no_auth",
            "--project=project-1",
            "--region=europe-west1",
            "--sdk_container_image=europe-docker.pkg.dev/project-1/vidset/beam:1",
        ]
    )
    assert settings.staging == "gs://staging/temp/export"
    job = start(options, settings).job
    names = {each.unique_name for each in job.proto_pipeline.components.transforms.values()}
    assert {
        "Plan exports/Fix",
        "Stage rows/Redistribute",
        "Stage rows/Stage",
        "Merge rows/All of a table",
        "Merge rows/Merge",
        "Write dead letters/Store",
    } <= names


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["--warehouse=w", "--dead_letters=d"], "--store is required", id="store"),
        pytest.param(
            ["--store=x", "--warehouse=w", "--dead_letters=d"], "--store must be", id="kind"
        ),
        pytest.param(
            ["--store=firestore://p", "--warehouse=bq://p.d", "--dead_letters=d"],
            "needs --staging or --temp_location",
            id="staging",
        ),
        pytest.param(
            ["--store=firestore://p", "--warehouse=w", "--dead_letters=d", "--wharehouse=x"],
            "unknown options: --wharehouse",
            id="misspelt",
        ),
        pytest.param(
            [
                "--store=sqlite:x", "--warehouse=bq://p.d", "--dead_letters=gs://d/x",
                "--staging=gs://b/s", "--runner=DataflowRunner",
            ],
            "--store: Dataflow's workers cannot see",
            id="dataflow",
        ),
        pytest.param(
            ["--store=sqlite:/no/such.sqlite", "--warehouse=w", "--dead_letters=d"],
            "/no/such.sqlite is no store of labels",
            id="no-store",
        ),
    ],
)  # fmt: skip
def test_wrong_options_are_refused_before_anything_starts(arguments, message, capsys, tmp_path):
    assert main([each.replace("=w", f"={tmp_path}/w") for each in arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "w").exists()
