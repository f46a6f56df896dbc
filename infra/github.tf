# What workflows on GitHub may do, without any key: pull requests plan, the chosen branch applies.

locals {
  github = var.github_repository == null ? {} : {
    # A fork's pull requests get no token from GitHub.
    plan = "principal://iam.googleapis.com/${one(google_iam_workload_identity_pool.github[*].name)}/subject/repo:${var.github_repository}:pull_request"
    # Only what is on the branch. A job with an `environment` would have another subject.
    apply = "principal://iam.googleapis.com/${one(google_iam_workload_identity_pool.github[*].name)}/subject/repo:${var.github_repository}:ref:${var.github_ref}"
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

  # One for each kind of resource here.
  apply_roles = toset([
    "roles/artifactregistry.admin",
    "roles/bigquery.admin",
    "roles/cloudfunctions.admin",
    "roles/cloudscheduler.admin",
    "roles/compute.networkAdmin",
    "roles/dataflow.admin",
    "roles/datastore.owner",
    "roles/firebaserules.admin",
    "roles/iam.roleAdmin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.workloadIdentityPoolAdmin",
    "roles/logging.configWriter",
    "roles/monitoring.admin",
    "roles/pubsub.admin",
    "roles/resourcemanager.projectIamAdmin",
    "roles/run.admin",
    "roles/secretmanager.admin",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/storage.admin",
  ])
}

resource "google_iam_workload_identity_pool" "github" {
  count = var.github_repository == null ? 0 : 1

  workload_identity_pool_id = "${var.name}-github"
  display_name              = "GitHub workflows"
  depends_on                = [google_project_service.enabled]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:The repository is asserted here; each account's binding asserts the whole subject
  count = var.github_repository == null ? 0 : 1

  workload_identity_pool_id          = google_iam_workload_identity_pool.github[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "github"
  display_name                       = "GitHub"

  attribute_mapping = {
    "google.subject"       = "assertion.sub"
    "attribute.repository" = "assertion.repository"
  }

  # Without it every repository on GitHub could ask for a token.
  attribute_condition = "assertion.repository == \"${var.github_repository}\""

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account" "github" {
  for_each = local.github

  account_id   = "${var.name}-github-${each.key}"
  display_name = "GitHub workflows: ${each.key}"
}

resource "google_service_account_iam_member" "github_acts" {
  for_each = local.github

  service_account_id = google_service_account.github[each.key].name
  role               = "roles/iam.workloadIdentityUser"
  member             = each.value
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
  description = "Sees the configuration of Firestore and of log-based metrics."
  permissions = [
    "datastore.databases.get",
    "datastore.databases.getMetadata",
    "datastore.indexes.get",
    "datastore.indexes.list",
    "logging.logMetrics.get",
    "logging.logMetrics.list",
  ]
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

resource "google_project_iam_member" "github_apply" {
  for_each = var.github_repository == null ? [] : local.apply_roles

  project = var.project_id
  role    = each.key
  member  = google_service_account.github["apply"].member
}

# The state's bucket was there before all this (README.md). A plan reads it, without a lock.
resource "google_storage_bucket_iam_member" "github_state" {
  for_each = var.github_repository == null || var.state_bucket == null ? {} : {
    apply = "roles/storage.objectUser"
    plan  = "roles/storage.objectViewer"
  }

  bucket = var.state_bucket
  role   = each.value
  member = google_service_account.github[each.key].member
}

# Who deploys a job or a function must be allowed to act as its account: as these and no others.
resource "google_service_account_iam_member" "github_apply_acts_as" {
  for_each = var.github_repository == null ? {} : merge(
    {
      export          = google_service_account.export.name
      export_timer    = google_service_account.export_timer.name
      function_build  = google_service_account.function_build.name
      images_push     = google_service_account.images_push.name
      ingest          = google_service_account.ingest.name
      reconcile_timer = google_service_account.reconcile_timer.name
    },
    { for function, account in google_service_account.labeling : "labeling_${function}" => account.name },
  )

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.github["apply"].member
}
