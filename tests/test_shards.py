"""Which part of the videos is whose."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vidset.shards import Shard, shard_of

NAMES = st.lists(st.text(min_size=1, max_size=12), min_size=500, max_size=500, unique=True)


@settings(max_examples=12)
@given(names=NAMES, count=st.integers(1, 12), new=st.text(min_size=1))
def test_shards_are_disjoint_and_complete_and_a_new_name_moves_no_other(names, count, new):
    shards = [Shard(number, count) for number in range(1, count + 1)]
    parts = [[name for name in names if shard.has(name)] for shard in shards]
    assert sorted(name for part in parts for name in part) == sorted(names)
    after = [[name for name in [new, *names] if shard.has(name)] for shard in shards]
    assert [[name for name in part if name != new] for part in after] == [
        [name for name in part if name != new] for part in parts
    ]


def test_shards_are_the_same_on_every_machine_and_in_every_version():
    names = ["a.mp4", "drives/b.mp4", "Fähre.mp4", "latin-\udce9.mp4", "day 1/c.mkv"]
    assert [
        [shard.number for shard in (Shard(n, 4) for n in range(1, 5)) if shard.has(name)]
        for name in names
    ] == [[1], [3], [3], [4], [2]]


def test_shards_are_of_like_size():
    sizes = [sum(Shard(n, 8).has(f"drives/{i:05}.mp4") for i in range(8000)) for n in range(1, 9)]
    assert min(sizes) > 900
    assert max(sizes) < 1100


@pytest.mark.parametrize(
    ("variables", "shard"),
    [
        pytest.param(
            {
                "SLURM_ARRAY_TASK_ID": "0",
                "SLURM_ARRAY_TASK_MIN": "0",
                "SLURM_ARRAY_TASK_MAX": "2",
                "SLURM_ARRAY_TASK_STEP": "1",
                "SLURM_ARRAY_TASK_COUNT": "3",
            },
            Shard(1, 3),
            id="Slurm's --array=0-2",
        ),
        pytest.param(
            {
                "SLURM_ARRAY_TASK_ID": "9",
                "SLURM_ARRAY_TASK_MIN": "3",
                "SLURM_ARRAY_TASK_MAX": "9",
                "SLURM_ARRAY_TASK_STEP": "3",
                "SLURM_ARRAY_TASK_COUNT": "3",
            },
            Shard(3, 3),
            id="Slurm's --array=3-9:3",
        ),
        pytest.param(
            {"JOB_COMPLETION_INDEX": "0", "VIDSET_SHARDS": "8"}, Shard(1, 8), id="Kubernetes"
        ),
        pytest.param(
            {"CLOUD_RUN_TASK_INDEX": "4", "CLOUD_RUN_TASK_COUNT": "5"}, Shard(5, 5), id="Cloud Run"
        ),
        pytest.param(
            {"CLOUD_RUN_TASK_INDEX": "0", "CLOUD_RUN_TASK_COUNT": "1"},
            Shard(1, 1),
            id="Cloud Run, whose count is always that of the job",
        ),
        pytest.param(
            {"AWS_BATCH_JOB_ARRAY_INDEX": "1", "VIDSET_SHARDS": "2"}, Shard(2, 2), id="AWS Batch"
        ),
        pytest.param(
            {"AWS_BATCH_JOB_ARRAY_INDEX": "1", "AWS_BATCH_JOB_ARRAY_SIZE": "2"},
            Shard(2, 2),
            id="AWS Batch with its own count",
        ),
    ],
)
def test_auto_reads_what_the_queue_system_says(variables, shard):
    assert shard_of("auto", variables) == shard


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        pytest.param({}, "wanted the variable of a queue system", id="none"),
        pytest.param({"VIDSET_SHARDS": "3"}, "wanted the variable of a queue", id="only a count"),
        pytest.param({"JOB_COMPLETION_INDEX": "0"}, "set VIDSET_SHARDS", id="no count"),
        pytest.param(
            {"SLURM_ARRAY_TASK_ID": "0"}, "set SLURM_ARRAY_TASK_COUNT or VIDSET_SHARDS", id="Slurm"
        ),
        pytest.param(
            {"JOB_COMPLETION_INDEX": "8", "VIDSET_SHARDS": "8"},
            "Kubernetes contradict: JOB_COMPLETION_INDEX=8 VIDSET_SHARDS=8",
            id="past the last",
        ),
        pytest.param(
            {"JOB_COMPLETION_INDEX": "", "VIDSET_SHARDS": "8"},
            "JOB_COMPLETION_INDEX: wanted a whole number, got ''",
            id="an empty index",
        ),
        pytest.param(
            {"JOB_COMPLETION_INDEX": "0", "VIDSET_SHARDS": "0"}, "contradict", id="no shards at all"
        ),
        pytest.param(
            {"CLOUD_RUN_TASK_INDEX": "0", "CLOUD_RUN_TASK_COUNT": "3", "VIDSET_SHARDS": "4"},
            "contradict: CLOUD_RUN_TASK_COUNT=3 VIDSET_SHARDS=4",
            id="two counts",
        ),
        pytest.param(
            {
                "CLOUD_RUN_TASK_INDEX": "0",
                "CLOUD_RUN_TASK_COUNT": "3",
                "JOB_COMPLETION_INDEX": "0",
            },
            "JOB_COMPLETION_INDEX and CLOUD_RUN_TASK_INDEX are set; wanted those of one",
            id="two queue systems",
        ),
        pytest.param(
            {
                "SLURM_ARRAY_TASK_ID": "3",
                "SLURM_ARRAY_TASK_MIN": "1",
                "SLURM_ARRAY_TASK_MAX": "7",
                "SLURM_ARRAY_TASK_STEP": "1",
                "SLURM_ARRAY_TASK_COUNT": "3",
            },
            "Slurm contradict: SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=1",
            id="Slurm's --array=1,3,7",
        ),
        pytest.param(
            {
                "SLURM_ARRAY_TASK_ID": "5",
                "SLURM_ARRAY_TASK_MIN": "5",
                "SLURM_ARRAY_TASK_MAX": "5",
                "SLURM_ARRAY_TASK_STEP": "1",
                "SLURM_ARRAY_TASK_COUNT": "1",
            },
            r"one of one task \(SLURM_ARRAY_TASK_ID=5\), which would take all videos",
            id="Slurm's --array=5",
        ),
        pytest.param(
            {
                "SLURM_ARRAY_TASK_ID": "5",
                "SLURM_ARRAY_TASK_MIN": "5",
                "SLURM_ARRAY_TASK_MAX": "5",
                "SLURM_ARRAY_TASK_STEP": "1",
                "SLURM_ARRAY_TASK_COUNT": "1",
                "VIDSET_SHARDS": "16",
            },
            "contradict: SLURM_ARRAY_TASK_COUNT=1 VIDSET_SHARDS=16",
            id="Slurm's --array=5 of sixteen",
        ),
        pytest.param(
            {
                "SLURM_ARRAY_TASK_ID": "2",
                "SLURM_ARRAY_TASK_MAX": "4",
                "SLURM_ARRAY_TASK_COUNT": "4",
            },
            "Slurm contradict: SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_MAX=4",
            id="Slurm without its first index",
        ),
        pytest.param(
            {
                "SLURM_ARRAY_TASK_ID": "2",
                "SLURM_ARRAY_TASK_MIN": "0",
                "SLURM_ARRAY_TASK_STEP": "0",
                "SLURM_ARRAY_TASK_COUNT": "3",
            },
            "Slurm contradict",
            id="Slurm with a step of nothing",
        ),
        pytest.param(
            {
                "SLURM_ARRAY_TASK_ID": "-1",
                "SLURM_ARRAY_TASK_COUNT": "3",
            },
            "SLURM_ARRAY_TASK_ID: wanted a whole number, got '-1'",
            id="a negative index",
        ),
    ],
)
def test_auto_refuses_what_is_missing_or_contradicts_itself(variables, message):
    with pytest.raises(ValueError, match=message):
        shard_of("auto", variables)


@pytest.mark.parametrize("text", ["", "3", "a/b", "1/", "-1/3", "1/3/5", "\uff11/3", "Auto"])
def test_a_shard_is_a_number_of_numbers(text):
    with pytest.raises(ValueError, match="--shard: wanted I/N, such as 3/16, or auto, got"):
        shard_of(text, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0/3", "--shard 0/3: wanted a shard from 1 to 3, got 0. Shards count from 1"),
        ("4/3", "--shard 4/3: wanted a shard from 1 to 3, got 4"),
        ("1/0", "--shard 1/0: wanted a shard from 1 to 0, got 1"),
    ],
)
def test_a_shard_is_one_that_there_is(text, message):
    with pytest.raises(ValueError, match=message):
        shard_of(text, {})
