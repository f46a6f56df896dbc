#!/usr/bin/env bash
# Write the specifications of both Flex Templates: the worker image, and what its jobs may be told.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() { echo "make template: $1" >&2; exit 2; }
command -v gcloud >/dev/null || fail "gcloud is not installed; see https://cloud.google.com/sdk/docs/install"
command -v terraform >/dev/null || fail "terraform is not installed; see https://developer.hashicorp.com/terraform/install"

written=infra/worker_image.auto.tfvars
[ -f "$written" ] || fail "there is no $written; write it with: make image"
image=$(sed -n 's/^worker_image = "\(.*\)"$/\1/p' "$written")
[[ $image =~ @sha256:[0-9a-f]{64}$ ]] || fail "$written: wanted an image by digest, got '$image'"
folder=$(terraform -chdir=infra output -raw template_folder 2>/dev/null) ||
  fail "Terraform has no output template_folder: run make apply first"
[[ $folder == gs://* ]] || fail "the output template_folder is no gs:// uri: '$folder'"

# Named by the image: the templates of what runs stay as they are until an apply takes the new ones.
for template in ingest:metadata.json export:export-metadata.json; do
  gcloud dataflow flex-template build "$folder/${image##*@sha256:}/${template%%:*}.json" \
    --image "$image" --sdk-language PYTHON --metadata-file "docker/beam/${template#*:}"
done
