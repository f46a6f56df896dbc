#!/bin/sh
# Uploads are told of, from now on: the watcher's queue is there. Running it again changes nothing.
# MC_HOST_site says where MinIO is, and as whom.
set -eu
mc event add --ignore-existing --event put site/uploads arn:minio:sqs::1:amqp
mc event list site/uploads
