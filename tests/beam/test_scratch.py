"""What a Dataflow worker copies to its disk fits the disk."""

import pytest

from vidset.beam.ingest_job import configure
from vidset.beam.scratch import vcpus

DATAFLOW = [
    "--runner=DataflowRunner",
    "--project=project-1",
    "--region=europe-west1",
    "--images=gs://images",
    "--ledger=bq://project-1.vidset",
    "--temp_location=gs://staging/temp",
]
BATCH = [*DATAFLOW, "--input=gs://uploads", "--dead_letters=gs://staging/dead_letters"]
STREAM = [
    *DATAFLOW,
    "--input_subscription=projects/project-1/subscriptions/uploads",
    "--uploads_bucket=uploads",
    "--dead_letter_topic=projects/project-1/topics/dead-letters",
]
GB = 10**9


@pytest.mark.parametrize(
    ("job", "options", "scratch"),
    [
        # 25 and 30 GB of disk by default, of which 12 are taken; two threads for each vCPU.
        pytest.param(BATCH, ["--machine_type=e2-standard-2"], 13 * GB // 4, id="batch"),
        pytest.param(STREAM, ["--machine_type=e2-standard-2"], 18 * GB // 4, id="stream"),
        pytest.param(STREAM, ["--machine_type=n2-highmem-8"], 18 * GB // 16, id="8-vcpus"),
        pytest.param(BATCH, [], 13 * GB // 4, id="default-machine"),
        pytest.param(
            STREAM,
            ["--machine_type=e2-standard-2", "--number_of_worker_harness_threads=6"],
            18 * GB // 12,
            id="threads",
        ),
        pytest.param(
            BATCH, ["--machine_type=e2-standard-2", "--disk_size_gb=100"], 8 << 30, id="disk"
        ),
        pytest.param(
            BATCH, ["--machine_type=e2-standard-2", "--scratch_bytes=1000"], 1000, id="asked-for"
        ),
    ],
)
def test_scratch_files_share_a_worker_s_disk(job, options, scratch):
    _, settings = configure([*job, *options])
    assert settings.scratch_bytes == scratch


def test_more_than_fits_is_refused_before_any_work():
    options = ["--machine_type=n2-standard-8", "--scratch_bytes=2147483648"]
    with pytest.raises(ValueError, match="--scratch_bytes must be at most 1125000000, got 21474"):
        configure([*STREAM, *options])


def test_a_disk_that_the_image_alone_fills_is_refused():
    with pytest.raises(ValueError, match="--disk_size_gb must be above 12, got 10"):
        configure([*BATCH, "--disk_size_gb=10"])


def test_elsewhere_the_default_is_8_gib():
    local = ["--input=/", "--images=out", "--ledger=out", "--dead_letters=out/dead"]
    _, settings = configure(local)
    assert settings.scratch_bytes == 8 << 30


@pytest.mark.parametrize(
    ("machine", "number"),
    [
        ("e2-standard-2", 2),
        ("n1-highmem-16", 16),
        ("n2-custom-6-8192", 6),
        ("custom-4-5120", 4),
        ("c3-standard-22-lssd", 22),
        ("e2-micro", 2),
        (None, 2),
    ],
)
def test_vcpus_are_read_from_a_machine_s_name(machine, number):
    assert vcpus(machine) == number
