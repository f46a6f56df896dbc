# What workflows on GitHub may do, without any key: pull requests plan, the chosen branch pushes the
# worker image. Applying stays with a person.

locals {
  # By account, who may act as it. By claims of their own, for what `sub` says is not the same for each
  # repository: since July 2026 new ones have numbers in it.
  github = var.github_repository == null ? {} : {
    # Only what is on the branch, or started from it.
    image = "attribute.ref/${var.github_ref}"
    # A fork's pull requests get no token from GitHub.
    plan = "attribute.event_name/pull_request"
  }

  # To compare what there is with what should be: configurations, no contents (and see `planner`).
  plan_roles = toset([
    "roles/artifactregistry.reader",
    "roles/bigquery.metadataViewer",
    "roles/browser",
    "roles/cloudfunctions.viewer",
    "roles/cloudscheduler.viewer",
    "roles/compute.networkViewer",
    "roles/dataflow.viewer",
    "roles/firebaserules.viewer",
    "roles/iam.roleViewer",
    "roles/iam.securityReviewer",
    "roles/iam.serviceAccountViewer",
    "roles/iam.workloadIdentityPoolViewer",
    "roles/monitoring.viewer",
    "roles/pubsub.viewer",
    "roles/run.viewer",
    "roles/secretmanager.viewer",
    "roles/serviceusage.serviceUsageConsumer",
    "roles/storage.bucketViewer",
  ])
}

resource "google_iam_workload_identity_pool" "github" {
  count = var.github_repository == null ? 0 : 1

  workload_identity_pool_id = "${var.name}-github"
  display_name              = "GitHub workflows"
  depends_on                = [google_project_service.enabled]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:The repository is asserted here; each account's binding asserts the ref or the event
  count = var.github_repository == null ? 0 : 1

  workload_identity_pool_id          = google_iam_workload_identity_pool.github[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub"

  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.event_name" = "assertion.event_name"
    "attribute.ref"        = "assertion.ref"
  }

  # Without it every repository on GitHub could ask for a token. The number decides: who takes over an account's
  # name, once it was given up, has another.
  attribute_condition = "assertion.repository_id == \"${var.github_repository_id}\" && assertion.repository == \"${var.github_repository}\""

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "github" {
  for_each = local.github

  account_id   = "${var.name}-github-${each.key}"
  display_name = "GitHub workflows: ${each.key}"
  depends_on   = [google_project_service.enabled]
}

resource "google_service_account_iam_member" "github_acts" {
  for_each = local.github

  service_account_id = google_service_account.github[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "principalSet://iam.googleapis.com/${google_iam_workload_identity_pool.github[0].name}/${each.value}"
}

resource "google_project_iam_member" "github_plan" {
  for_each = var.github_repository == null ? [] : local.plan_roles

  project = var.project_id
  role    = each.key
  member  = google_service_account.github["plan"].member
}

# What no viewer's role gives without documents and log lines.
resource "google_project_iam_custom_role" "planner" {
  count = var.github_repository == null ? 0 : 1

  role_id     = "${replace(var.name, "-", "_")}_planner"
  title       = "Planner of ${var.name}"
  description = "May read the configuration of Firestore and of log-based metrics."
  permissions = [
    "datastore.databases.get",
    "datastore.databases.getMetadata",
    "datastore.indexes.get",
    "datastore.indexes.list",
    "logging.logMetrics.get",
    "logging.logMetrics.list",
  ]
  depends_on = [google_project_service.enabled]
}

resource "google_project_iam_member" "github_plans_the_rest" {
  count = var.github_repository == null ? 0 : 1

  project = var.project_id
  role    = google_project_iam_custom_role.planner[0].name
  member  = google_service_account.github["plan"].member
}

resource "google_storage_bucket_iam_member" "github_plan_reads_releases" {
  count = var.github_repository == null ? 0 : 1

  bucket = google_storage_bucket.releases.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.github["plan"].member
}

# The state's bucket was there before all this (README.md). A plan reads it, without a lock.
resource "google_storage_bucket_iam_member" "github_plan_reads_state" {
  count = var.github_repository == null || var.state_bucket == null ? 0 : 1

  bucket = var.state_bucket
  role   = "roles/storage.objectViewer"
  member = google_service_account.github["plan"].member
}

resource "google_artifact_registry_repository_iam_member" "github_pushes" {
  count = var.github_repository == null ? 0 : 1

  repository = google_artifact_registry_repository.images["beam"].name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.github["image"].member
}
