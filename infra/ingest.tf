# The ingest job: a Dataflow stream from upload events to images and ledger rows. With
# ingest_engine = "cloud_run", the job of cloud_run.tf does the same from time to time.

locals {
  # Both jobs' accounts, for what both need.
  job_accounts = {
    export = google_service_account.export.member
    ingest = google_service_account.ingest.member
  }

  # The accounts that need what Dataflow alone asks for.
  dataflow_accounts = local.is_cloud_run ? {} : local.job_accounts

  ingest_parameters = merge(
    # Without scratch_bytes the job shares a worker's disk among the videos that are read at once.
    var.ingest_options,
    {
      dead_letter_topic  = google_pubsub_topic.dead_letters["uploads"].id
      images             = "gs://${google_storage_bucket.images.name}"
      input_subscription = google_pubsub_subscription.uploads.id
      ledger             = local.ledger
      uploads_bucket     = google_storage_bucket.uploads.name
    },
  )
}

resource "google_service_account" "ingest" {
  account_id   = "${var.name}-ingest"
  display_name = "Workers of the ingest job"
  depends_on   = [google_project_service.enabled]
}

# The role has the objects of all buckets in it, to read and to create; the jobs get theirs by bucket.
resource "google_project_iam_member" "jobs_work" {
  for_each = local.dataflow_accounts

  project = var.project_id
  role    = "roles/dataflow.worker"
  member  = each.value

  condition {
    title      = "no objects"
    expression = "resource.type != \"storage.googleapis.com/Object\""
  }
}

# An update in place begins with a look for the running job, by the launcher, which is the job's account.
resource "google_project_iam_custom_role" "updater" {
  count = local.is_cloud_run ? 0 : 1

  role_id     = "${replace(var.name, "-", "_")}_updater"
  title       = "Updater of ${var.name}"
  description = "Finds the running job that an update replaces."
  permissions = ["dataflow.jobs.list"]
  depends_on  = [google_project_service.enabled]
}

resource "google_project_iam_member" "ingest_updates" {
  count = local.is_cloud_run ? 0 : 1

  project = var.project_id
  role    = google_project_iam_custom_role.updater[0].name
  member  = google_service_account.ingest.member
}

# A change of the image, of the machines or of a parameter updates the running job in place; another
# `max_workers` drains it and starts it anew. So would `num_workers` at every other apply, for the provider
# does not find it again: Dataflow chooses how many workers to begin with.
resource "google_dataflow_flex_template_job" "ingest" {
  provider = google-beta
  count    = var.deploy_jobs && !local.is_cloud_run ? 1 : 0

  name                    = "${var.name}-ingest"
  region                  = var.region
  container_spec_gcs_path = local.template_uris.ingest
  parameters              = local.ingest_parameters

  sdk_container_image     = var.worker_image
  service_account_email   = google_service_account.ingest.email
  network                 = google_compute_network.workers.name
  subnetwork              = "regions/${var.region}/subnetworks/${google_compute_subnetwork.workers.name}"
  ip_configuration        = "WORKER_IP_PRIVATE"
  temp_location           = "gs://${google_storage_bucket.staging.name}/ingest/temp"
  staging_location        = "gs://${google_storage_bucket.staging.name}/ingest/dataflow"
  kms_key_name            = var.kms_key
  enable_streaming_engine = true
  additional_experiments  = ["use_runner_v2"]
  autoscaling_algorithm   = "THROUGHPUT_BASED"
  machine_type            = var.ingest_machine_type
  max_workers             = var.ingest_max_workers

  # What is under way is finished; events that come later wait in the subscription.
  on_delete = "drain"

  # What the job may do is taken from it only once it has ended.
  depends_on = [
    google_artifact_registry_repository_iam_member.jobs_pull,
    google_bigquery_dataset_iam_member.writes,
    google_bigquery_table.tables,
    google_kms_crypto_key_iam_member.encrypting,
    google_project_iam_member.ingest_updates,
    google_project_iam_member.jobs_work,
    google_project_iam_member.queries,
    google_pubsub_subscription_iam_member.ingest_consumes_uploads,
    google_pubsub_subscription_iam_member.ingest_sees_uploads,
    google_pubsub_topic_iam_member.ingest_publishes_dead_letters,
    google_pubsub_topic_iam_member.ingest_sees_dead_letters,
    google_storage_bucket_iam_member.ingest_reads_uploads,
    google_storage_bucket_iam_member.ingest_writes_images,
    google_storage_bucket_iam_member.jobs_use_staging,
    google_storage_bucket_iam_member.reads_releases,
  ]
}
