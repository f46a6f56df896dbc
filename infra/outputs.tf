output "blur_command" {
  description = "The command that blurs waiting images now, without waiting for the timer. Null without privacy_gate."
  value       = one([for timer in google_cloud_scheduler_job.blur : "gcloud scheduler jobs run ${timer.name} --project=${var.project_id} --location=${var.region}"])
}

output "buckets" {
  description = "The buckets, by what they contain."
  value = merge(
    {
      datasets = google_storage_bucket.datasets.name
      images   = google_storage_bucket.images.name
      releases = google_storage_bucket.releases.name
      staging  = google_storage_bucket.staging.name
      uploads  = google_storage_bucket.uploads.name
    },
    local.has_gate ? { blurred = local.shown_bucket } : {},
  )
}

output "callback_url" {
  description = "The url to which vendors send answers. Null until the functions are deployed, and if nothing takes callbacks."
  value       = local.callback_url
}

output "collector_accounts" {
  description = "The account that each collector uploads as, by collector id."
  value       = { for id, account in google_service_account.collectors : id => account.email }
}

output "dashboard_url" {
  description = "The dashboard in the console."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${reverse(split("/", google_monitoring_dashboard.overview.id))[0]}?project=${var.project_id}"
}

output "dead_letter_commands" {
  description = "The commands that show dead letters, by where the letters come from."
  value = {
    for kind, subscription in google_pubsub_subscription.dead_letters :
    kind => "gcloud pubsub subscriptions pull ${subscription.name} --project=${var.project_id} --limit=10"
  }
}

output "export_command" {
  description = "The command that starts an export now, without waiting for the timer. Null until the jobs are deployed."
  value       = one([for timer in google_cloud_scheduler_job.export : "gcloud scheduler jobs run ${timer.name} --project=${var.project_id} --location=${var.region}"])
}

output "export_job" {
  description = "The name of the export job and of its timer, which `make destroy` stops first. Null until the jobs are deployed."
  value       = one(google_cloud_scheduler_job.export[*].name)
}

output "functions_archive" {
  description = "The archive that is deployed; `make functions` builds it."
  value       = local.functions_archive
}

output "github" {
  description = "The values for the repository's variables: the identity provider and the accounts. Null without github_repository."
  value = var.github_repository == null ? null : {
    image_account              = google_service_account.github["image"].email
    plan_account               = google_service_account.github["plan"].email
    workload_identity_provider = google_iam_workload_identity_pool_provider.github[0].name
  }
}

output "image_repository" {
  description = "Where `make image` pushes the image of the jobs."
  value       = local.image_repository
}

output "ingest_command" {
  description = "The command that takes waiting uploads now, without waiting for the timer. Null on Dataflow, which takes them at once."
  value       = one([for timer in google_cloud_scheduler_job.ingest : "gcloud scheduler jobs run ${timer.name} --project=${var.project_id} --location=${var.region}"])
}

output "labeling_store" {
  description = "The store to name to `vidset label` and `vidset sync --store`."
  value       = local.labeling_store
}

output "pipeline_command" {
  description = "The command that starts a run of the pipeline now, without waiting for the timer. Null without pipeline_schedule."
  value       = one([for timer in google_cloud_scheduler_job.pipeline : "gcloud scheduler jobs run ${timer.name} --project=${var.project_id} --location=${var.region}"])
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
  description = "The commands that set the secrets, by secret. Each reads the value from standard input."
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
  description = "The account that makes dataset versions and trains."
  value       = google_service_account.trainer.email
}

output "upload_command" {
  description = "The command that a collector runs."
  value       = "vidset upload VIDEO... --to gs://${google_storage_bucket.uploads.name} --collector ID"
}

output "warehouse" {
  description = "The dataset to name to `vidset sync --warehouse` and to the jobs' --ledger."
  value       = local.ledger
}
