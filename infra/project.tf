# The APIs, the services' own accounts, and who is written down.

locals {
  apis = toset(concat(
    [
      "artifactregistry.googleapis.com",
      "bigquery.googleapis.com",
      "cloudbuild.googleapis.com",
      "cloudfunctions.googleapis.com",
      "cloudresourcemanager.googleapis.com",
      "cloudscheduler.googleapis.com",
      "compute.googleapis.com",
      "dataflow.googleapis.com",
      "firebaserules.googleapis.com",
      "firestore.googleapis.com",
      "iam.googleapis.com",
      "iamcredentials.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "pubsub.googleapis.com",
      "run.googleapis.com",
      "secretmanager.googleapis.com",
      "serviceusage.googleapis.com",
      "storage.googleapis.com",
      "sts.googleapis.com",
    ],
    var.billing_account == null ? [] : ["billingbudgets.googleapis.com"],
    var.kms_key == null ? [] : ["cloudkms.googleapis.com"],
    local.has_pipeline ? ["aiplatform.googleapis.com"] : [],
  ))
}

resource "google_project_service" "enabled" {
  for_each = local.apis

  service = each.key
  # Others in the project may need it.
  disable_on_destroy = false
}

data "google_project" "this" {
  project_id = var.project_id
}

# Asking for it makes it. Without depends_on, which would leave its name unknown whenever one more API is
# enabled, and every grant to it replaced: README.md has this API enabled before the first apply.
data "google_storage_project_service_account" "storage" {}

resource "google_project_service_identity" "pubsub" {
  provider = google-beta

  service    = "pubsub.googleapis.com"
  depends_on = [google_project_service.enabled]
}

# Who reads or writes an object or a document, or reads a secret, is in Cloud Audit Logs.
resource "google_project_iam_audit_config" "data" {
  for_each = toset([
    "datastore.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
  ])

  project = var.project_id
  service = each.key

  audit_log_config {
    log_type = "DATA_READ"
  }

  audit_log_config {
    log_type = "DATA_WRITE"
  }

  depends_on = [google_project_service.enabled]
}
