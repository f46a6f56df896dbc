#!/bin/sh
# Uploads are told of, from now on: the watcher's queue is there. Running it again changes nothing.
set -eu
mc alias set site http://minio:9000 "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD"
mc event add --ignore-existing --event put site/uploads arn:minio:sqs::1:amqp
mc event list site/uploads
