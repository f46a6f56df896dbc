from fractions import Fraction

import pytest

from vidset.beam.ingest_job import configure, main
from vidset.storage.registry import Client

GOOD = {
    "--input": "/",
    "--images": "out/images",
    "--ledger": "out",
    "--dead_letters": "out/dead",
}
STREAM = {
    "--input_subscription": "projects/p/subscriptions/s",
    "--uploads_bucket": "uploads",
    "--images": "gs://images",
    "--ledger": "bq://project-1.vidset",
    "--dead_letter_topic": "projects/p/topics/t",
}


def arguments(values: dict[str, str | None]) -> list[str]:
    return [f"{key}={value}" for key, value in values.items() if value is not None]


def test_help_lists_every_option(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in (*GOOD, *STREAM, "--min_sharpness"))


def test_options_become_settings():
    _, settings = configure(arguments(GOOD | {"--every": "0.1", "--local_change": "off"}))
    assert settings.inputs == ("/",)
    assert settings.extraction.sampling.every == Fraction(1, 10)
    assert settings.extraction.local_change is None
    assert settings.is_streaming is False


def test_streaming_options_become_settings():
    _, settings = configure([*arguments(STREAM), "--uploads_prefix=videos/"])
    assert settings.is_streaming is True
    assert settings.events.buckets == ("uploads",)
    assert settings.events.prefix == "videos/"
    assert settings.events.outputs == ("gs://images",)


def test_a_client_that_is_not_installed_is_named_before_any_work(monkeypatch, capsys):
    monkeypatch.setattr(Client, "is_installed", lambda self: self.module != "boto3")
    assert main(arguments(GOOD | {"--images": "s3://images"})) == 2
    assert 's3://images needs pip install "vidset[s3]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param(GOOD | {"--input": None}, "either --input", id="no input"),
        pytest.param(GOOD | STREAM, "either --input", id="both inputs"),
        pytest.param(GOOD | {"--images": None}, "--images is required", id="no images"),
        pytest.param(GOOD | {"--ledger": None}, "--ledger is required", id="no ledger"),
        pytest.param(GOOD | {"--dead_letters": None}, "either --dead_letters or", id="no letters"),
        pytest.param(
            GOOD | {"--dead_letters": None, "--dead_letter_topic": "projects/p/topics/t"},
            "--dead_letter_topic needs --input_subscription",
            id="topic in a batch job",
        ),
        pytest.param(GOOD | {"--input": "/no/such"}, "there is no file", id="missing input"),
        pytest.param(GOOD | {"--images": "http://x"}, "--images must be a folder", id="images"),
        pytest.param(GOOD | {"--images": "bq://p.d"}, "--images must be a folder", id="table"),
        pytest.param(GOOD | {"--images": "gs://"}, "--images must be a folder", id="no bucket"),
        pytest.param(
            STREAM | {"--input_subscription": "s"},
            "--input_subscription must be projects/PROJECT/subscriptions/NAME, got 's'",
            id="subscription",
        ),
        pytest.param(
            STREAM | {"--dead_letter_topic": "projects/p/subscriptions/t"},
            "--dead_letter_topic must be projects/PROJECT/topics/NAME",
            id="topic",
        ),
        pytest.param(
            STREAM | {"--uploads_bucket": None},
            "--uploads_bucket is required with --input_subscription",
            id="any bucket",
        ),
        pytest.param(
            GOOD | {"--uploads_bucket": "uploads"},
            "--uploads_bucket needs --input_subscription",
            id="bucket in a batch job",
        ),
        pytest.param(GOOD | {"--evry": "2"}, "unknown options: --evry", id="misspelt"),
        pytest.param(GOOD | {"--every": "x"}, "--every must be a number of seconds", id="every"),
        pytest.param(GOOD | {"--every": "1/0"}, "--every must be a number", id="every 1/0"),
        pytest.param(GOOD | {"--local_change": "x"}, "--local-change must be", id="local change"),
        pytest.param(GOOD | {"--video_timeout": "0"}, "--video_timeout must be > 0", id="time"),
        pytest.param(GOOD | {"--video_memory": "-1"}, "--video_memory must be > 0", id="memory"),
        pytest.param(GOOD | {"--scratch_bytes": "-1"}, "--scratch_bytes must be", id="scratch"),
        pytest.param(
            GOOD | {"--runner": "DataflowRunner"}, "cannot see the local path '/'", id="dataflow"
        ),
    ],
)
def test_a_wrong_configuration_is_named_before_any_work(values, message, capsys):
    assert main(arguments(values)) == 2
    assert message in capsys.readouterr().err
