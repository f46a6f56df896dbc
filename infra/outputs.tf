output "buckets" {
  description = "By what is in them, the buckets."
  value = {
    datasets = google_storage_bucket.datasets.name
    images   = google_storage_bucket.images.name
    releases = google_storage_bucket.releases.name
    staging  = google_storage_bucket.staging.name
    uploads  = google_storage_bucket.uploads.name
  }
}

output "callback_url" {
  description = "Where vendors send answers; null until the functions are deployed, and where nothing takes callbacks."
  value       = local.callback_url
}

output "collector_accounts" {
  description = "By collector id, the account that it uploads as."
  value       = { for id, account in google_service_account.collectors : id => account.email }
}

output "dashboard_url" {
  description = "The dashboard in the console."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${reverse(split("/", google_monitoring_dashboard.overview.id))[0]}?project=${var.project_id}"
}

output "dead_letter_commands" {
  description = "By where they come from, the command that shows dead letters."
  value = {
    for kind, subscription in google_pubsub_subscription.dead_letters :
    kind => "gcloud pubsub subscriptions pull ${subscription.name} --project=${var.project_id} --limit=10"
  }
}

output "export_command" {
  description = "Starts an export now; the timer does by itself. Null until the jobs are deployed."
  value       = one([for timer in google_cloud_scheduler_job.export : "gcloud scheduler jobs run ${timer.name} --project=${var.project_id} --location=${var.region}"])
}

output "export_job" {
  description = "The name of the export job and of its timer, which `make destroy` stops first. Null until the jobs are deployed."
  value       = one(google_cloud_scheduler_job.export[*].name)
}

output "functions_archive" {
  description = "The archive that is deployed, and that `make functions` is to make."
  value       = local.functions_archive
}

output "github" {
  description = "What the repository's variables are to be: the identity provider and the accounts. Null without github_repository."
  value = var.github_repository == null ? null : {
    image_account              = google_service_account.github["image"].email
    plan_account               = google_service_account.github["plan"].email
    workload_identity_provider = google_iam_workload_identity_pool_provider.github[0].name
  }
}

output "image_repository" {
  description = "Where `make image` pushes the worker image."
  value       = local.image_repository
}

output "labeling_store" {
  description = "For `vidset label` and `vidset sync --store`."
  value       = local.labeling_store
}

output "project_id" {
  description = "The project."
  value       = var.project_id
}

output "region" {
  description = "The region."
  value       = var.region
}

output "secret_commands" {
  description = "By secret, the command that reads its value from standard input."
  value = {
    for name, secret in google_secret_manager_secret.labeling :
    name => "gcloud secrets versions add ${secret.secret_id} --project=${var.project_id} --data-file=-"
  }
}

output "template_folder" {
  description = "Where `make template` puts the jobs' templates, below the digest of their image."
  value       = local.template_folder
}

output "trainer_account" {
  description = "Who cuts dataset versions and trains."
  value       = google_service_account.trainer.email
}

output "upload_command" {
  description = "What a collector runs."
  value       = "vidset upload VIDEO... --to gs://${google_storage_bucket.uploads.name} --collector ID"
}

output "warehouse" {
  description = "For `vidset sync --warehouse` and the jobs' --ledger."
  value       = local.ledger
}
