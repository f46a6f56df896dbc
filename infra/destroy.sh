#!/usr/bin/env bash
# Stop what would hold the network's machines, then take everything down. Arguments go to Terraform.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { echo "make destroy: $1" >&2; exit 2; }
command -v gcloud >/dev/null || fail "gcloud is not installed; see https://cloud.google.com/sdk/docs/install"
command -v terraform >/dev/null || fail "terraform is not installed; see https://developer.hashicorp.com/terraform/install"
# Seconds between two looks at jobs that are ending, and how many looks.
pause=${DESTROY_PAUSE:-10} looks=180

output() { terraform -chdir=infra output -raw "$1" 2>/dev/null; }

# An export that runs has machines in the subnetwork, which then cannot be deleted. Terraform knows the timer
# that starts exports and none of the exports themselves.
if job=$(output export_job) && [ -n "$job" ]; then
  project=$(output project_id) || fail "Terraform has no output project_id"
  region=$(output region) || fail "Terraform has no output region"
  gcloud scheduler jobs pause "$job" --project="$project" --location="$region" ||
    fail "the timer $job could not be paused: an export could start in between"
  active() {
    gcloud dataflow jobs list --project="$project" --region="$region" --status=active \
      --filter="name=$job" --format="value(id)"
  }
  ids=$(active)
  for id in $ids; do
    gcloud dataflow jobs cancel "$id" --project="$project" --region="$region"
  done
  while ids=$(active) && [ -n "$ids" ]; do
    looks=$((looks - 1))
    [ "$looks" -gt 0 ] || fail "an export does not end: $ids; see docs/stuck.md"
    echo "Waiting for the export to end: $ids" >&2
    sleep "$pause"
  done
fi
exec terraform -chdir=infra destroy "$@"
