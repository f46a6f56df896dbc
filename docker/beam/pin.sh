#!/usr/bin/env bash
# Write down, by digest, the images that the worker image is made of: docker/beam/bases.env.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() { echo "make bases: $1" >&2; exit 2; }
command -v docker >/dev/null || fail "docker is not installed; see https://docs.docker.com/engine/install"

# What starts a worker must be of the same version as the library.
beam=$(sed -n 's/^apache-beam==\([0-9.]*\).*/\1/p' docker/beam/requirements.txt)
[ -n "$beam" ] || fail "docker/beam/requirements.txt locks no apache-beam"

mkdir -p build
for base in \
  PYTHON_IMAGE=docker.io/library/python:3.11-slim \
  BEAM_IMAGE="docker.io/apache/beam_python3.11_sdk:$beam" \
  LAUNCHER_IMAGE=gcr.io/dataflow-templates-base/python311-template-launcher-base:latest; do
  image=${base#*=}
  digest=$(docker buildx imagetools inspect "$image" --format '{{.Manifest.Digest}}') ||
    fail "the registry does not tell the digest of $image"
  [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || fail "$image: wanted a digest, got '$digest'"
  echo "$base@$digest"
done >build/bases.env
mv build/bases.env docker/beam/bases.env
cat docker/beam/bases.env
