#!/usr/bin/env bash
# Build the image of the jobs, push it, and write its digest where Terraform finds it: `build.sh dataflow` or
# `build.sh cloud_run`, as Terraform's ingest_engine says.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "make image: $1" >&2; exit 2; }
command -v docker >/dev/null || fail "docker is not installed; see https://docs.docker.com/engine/install"

engine=${1:-dataflow}
case $engine in
  dataflow) name=worker dockerfile=docker/beam/Dockerfile variable=worker_image names="PYTHON_IMAGE BEAM_IMAGE LAUNCHER_IMAGE" ;;
  cloud_run) name=cloud-run dockerfile=docker/cloud_run/Dockerfile variable=cloud_run_image names=PYTHON_IMAGE ;;
  *) fail "ingest_engine must be dataflow or cloud_run, got '$engine'" ;;
esac

bases=docker/beam/bases.env
[ -f "$bases" ] || fail "there is no $bases; write it with: make bases (and commit it)"
arguments=()
for base in $names; do
  image=$(sed -n "s/^$base=//p" "$bases")
  [[ $image =~ @sha256:[0-9a-f]{64}$ ]] || fail "$bases: $base must be an image by digest, got '$image'"
  arguments+=(--build-arg "$base=$image")
done

if [ -z "${IMAGE_REPOSITORY:-}" ]; then
  command -v terraform >/dev/null || fail "set IMAGE_REPOSITORY, or install terraform, which knows it"
  IMAGE_REPOSITORY=$(terraform -chdir=infra output -raw image_repository 2>/dev/null) ||
    fail "Terraform has no output image_repository: run make apply first, or set IMAGE_REPOSITORY"
fi
[[ $IMAGE_REPOSITORY =~ ^[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)+$ ]] ||
  fail "IMAGE_REPOSITORY must look like REGION-docker.pkg.dev/PROJECT/REPOSITORY, got '$IMAGE_REPOSITORY'"

mkdir -p build
image=$IMAGE_REPOSITORY/$name
docker buildx build --file "$dockerfile" --platform linux/amd64 --provenance=false \
  "${arguments[@]}" --build-arg "REVISION=$(git describe --always --dirty --exclude='*' --abbrev=40)" --tag "$image:$(git rev-parse --short=12 HEAD)" \
  --metadata-file build/image.json --push .
digest=$(sed -n 's/.*"containerimage.digest": *"\(sha256:[0-9a-f]*\)".*/\1/p' build/image.json)
[ -n "$digest" ] || fail "docker wrote no digest to build/image.json"
echo "$variable = \"$image@$digest\"" >"infra/$variable.auto.tfvars"
cat "infra/$variable.auto.tfvars"
