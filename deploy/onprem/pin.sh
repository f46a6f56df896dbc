#!/usr/bin/env bash
# Write down, by digest, the images that the services are made of: they go into .env.
set -euo pipefail

fail() { echo "pin.sh: $1" >&2; exit 2; }
command -v docker >/dev/null || fail "docker is not installed; see https://docs.docker.com/engine/install"
for base in \
  PYTHON_IMAGE=docker.io/library/python:3.12-slim \
  MINIO_IMAGE=quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z \
  MINIO_CLIENT_IMAGE=quay.io/minio/mc:RELEASE.2025-08-13T08-35-41Z \
  RABBITMQ_IMAGE=docker.io/library/rabbitmq:4.3.0 \
  LABEL_STUDIO_IMAGE=docker.io/heartexlabs/label-studio:1.23.2; do
  image=${base#*=}
  digest=$(docker buildx imagetools inspect "$image" --format '{{.Manifest.Digest}}') ||
    fail "the registry does not tell the digest of $image"
  [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || fail "$image: wanted a digest, got '$digest'"
  echo "$base@$digest"
done
