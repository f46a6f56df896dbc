"""Imported by the process that forks commands: boto3 has read what it needs for a client of S3."""

from vidset.storage.s3_session import new_session

new_session().client("s3", region_name="us-east-1")
