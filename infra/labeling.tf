# What the labeling functions have in common: their accounts, source, build and environment. The
# functions: labeling_request.tf, labeling_receive.tf, labeling_reconcile.tf. docs/labeling.md
# describes each variable.

locals {
  functions_archive = coalesce(var.functions_archive, "${path.module}/../build/labeling_task.zip")

  # For all: where documents are, and how answers are read.
  labeling_environment = merge(
    var.labeling_options,
    {
      LABELING_IMAGES = "gs://${google_storage_bucket.images.name}"
      LABELING_STORE  = local.labeling_store
      LABELING_VENDOR = var.labeling_vendor
    },
    local.has_gate ? { LABELING_COPIES = "gs://${local.shown_bucket}" } : {},
  )

  # For those who send tasks.
  dispatching_environment = merge(
    local.labeling_environment,
    local.takes_callbacks ? { LABELING_CALLBACK_URL = local.callback_url } : {},
  )
}

resource "google_service_account" "labeling" {
  for_each = {
    receive   = "receive_annotation"
    reconcile = "reconcile"
    request   = "request_labeling"
  }

  account_id   = "${var.name}-${each.key}"
  display_name = "The function ${each.value}"
  depends_on   = [google_project_service.enabled]
}

# Urls of images are signed by IAM: no key file exists.
resource "google_service_account_iam_member" "labeling_signs" {
  for_each = toset(["reconcile", "request"])

  service_account_id = google_service_account.labeling[each.key].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.labeling[each.key].member
}

# The archive that `make functions` builds. Its name has its content's hash: another content is
# another deployment, and the same content none.
resource "google_storage_bucket_object" "functions" {
  count = var.deploy_functions ? 1 : 0

  bucket = google_storage_bucket.releases.name
  name   = "functions/labeling_task-${filesha256(local.functions_archive)}.zip"
  source = local.functions_archive
}

# --- The build, by an account of its own rather than the project's default one.

resource "google_service_account" "function_build" {
  account_id   = "${var.name}-function-build"
  display_name = "Builds the labeling functions"
  depends_on   = [google_project_service.enabled]
}

resource "google_project_iam_member" "function_build_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.function_build.member
}

# Cloud Functions copies the source into a bucket of its own, which it makes with the first build.
resource "google_project_iam_member" "function_build_reads_copies" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.function_build.member

  condition {
    title      = "copies of the functions' source"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.this.number}-${var.region}\")"
  }
}
