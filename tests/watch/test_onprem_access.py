"""deploy/onprem: who may do what in the buckets."""

import json
from fnmatch import fnmatch
from typing import Any

import boto3
import moto
import moto.core
import pytest
from botocore.exceptions import ClientError

from tests.watch.onprem import ONPREM


def allowed(policy: str, action: str, resource: str) -> bool:
    statements = json.loads((ONPREM / "policies" / f"{policy}.json").read_text())["Statement"]
    return any(
        action in each["Action"]
        and any(fnmatch(f"arn:aws:s3:::{resource}", place) for place in each["Resource"])
        for each in statements
    )


@pytest.mark.parametrize(
    ("policy", "action", "resource", "expected"),
    [
        ("watcher", "s3:GetObject", "uploads/a.mp4", True),
        ("watcher", "s3:PutObject", "uploads/a.mp4", False),
        ("watcher", "s3:ListBucket", "uploads", True),
        ("watcher", "s3:PutObject", "data/images/a.jpg", True),
        ("watcher", "s3:DeleteObject", "data/images/a.jpg", False),
        ("labels", "s3:GetObject", "data/images/a/0/1.jpg", True),
        ("labels", "s3:GetObject", "data/frames/a.parquet", True),
        ("labels", "s3:GetObject", "uploads/a.mp4", False),
        ("labels", "s3:GetObject", "data/dead_letters/a.jsonl", False),
        ("labels", "s3:PutObject", "data/images/a/0/1.jpg", False),
        ("labels", "s3:ListBucket", "uploads", False),
        ("collector", "s3:PutObject", "uploads/${aws:username}/a.mp4", True),
        ("collector", "s3:PutObject", "uploads/another/a.mp4", False),
        ("collector", "s3:GetObject", "data/images/a.jpg", False),
        ("collector", "s3:DeleteObject", "uploads/${aws:username}/a.mp4", False),
    ],
)
def test_who_may_do_what(policy, action, resource, expected):
    assert allowed(policy, action, resource) is expected


def client(service: str, key: dict[str, str] | None = None) -> Any:
    given = key or {"AccessKeyId": "any", "SecretAccessKey": "any"}
    return boto3.client(
        service,
        region_name="us-east-1",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
    )


@pytest.mark.attack
def test_the_brokers_key_signs_urls_of_images_and_of_nothing_else():
    """By a server that evaluates the policies: what each key may do, and what its urls may."""

    @moto.mock_aws
    @moto.core.set_initial_no_auth_action_count(9)
    def act() -> None:
        iam, s3 = client("iam"), client("s3")
        keys = {}
        for name in "watcher", "labels":
            document = (ONPREM / "policies" / f"{name}.json").read_text()
            iam.create_user(UserName=name)
            iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=document)
            keys[name] = iam.create_access_key(UserName=name)["AccessKey"]
        s3.create_bucket(Bucket="uploads")
        s3.create_bucket(Bucket="data")
        s3.put_object(Bucket="uploads", Key="car-7/a.mp4", Body=b"original")
        # From here on, keys count.
        watcher, labels = (client("s3", keys[name]) for name in ("watcher", "labels"))
        for name in "images/a/0/1.jpg", "frames/a.parquet", "dead_letters/a.jsonl":
            watcher.put_object(Bucket="data", Key=name, Body=b"x")
        assert watcher.get_object(Bucket="uploads", Key="car-7/a.mp4")["Body"].read() == b"original"
        for name in "images/a/0/1.jpg", "frames/a.parquet":
            assert labels.get_object(Bucket="data", Key=name)["Body"].read() == b"x"
        for bucket, key in ("uploads", "car-7/a.mp4"), ("data", "dead_letters/a.jsonl"):
            with pytest.raises(ClientError, match="AccessDenied"):
                labels.get_object(Bucket=bucket, Key=key)
        with pytest.raises(ClientError, match="AccessDenied"):
            labels.put_object(Bucket="data", Key="images/a/0/1.jpg", Body=b"y")

    act()


def test_what_a_collector_overwrites_stays_as_a_version():
    assert "mc version enable site/uploads" in (ONPREM / "buckets.sh").read_text()

    @moto.mock_aws
    def act() -> None:
        s3 = client("s3")
        s3.create_bucket(Bucket="uploads")
        enabled = {"Status": "Enabled"}
        s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration=enabled)
        for body in b"first", b"second":
            s3.put_object(Bucket="uploads", Key="car-7/a.mp4", Body=body)
        found = s3.list_object_versions(Bucket="uploads")["Versions"]
        bodies = {
            s3.get_object(Bucket="uploads", Key=each["Key"], VersionId=each["VersionId"])[
                "Body"
            ].read()
            for each in found
        }
        assert bodies == {b"first", b"second"}

    act()
    for action in "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutBucketVersioning":
        assert not allowed("collector", action, "uploads/${aws:username}/a.mp4")
