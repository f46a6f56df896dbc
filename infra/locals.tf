locals {
  labels = merge({ application = var.name }, var.labels)

  # Bucket names are the whole world's: the project's id is in them.
  buckets = {
    for part in ["blurred", "datasets", "images", "releases", "staging", "uploads"] :
    part => "${var.project_id}-${var.name}-${part}"
  }

  image_repository = "${var.region}-docker.pkg.dev/${var.project_id}/${var.name}-beam"
  labeling_store   = "firestore://${var.project_id}/${var.name}"
  ledger           = "bq://${var.project_id}.${local.dataset_id}"
  dataset_id       = replace(var.name, "-", "_")

  # Pub/Sub's longest: what nobody could take is there for a month.
  month_seconds = 31 * 24 * 60 * 60

  # What a service of Google's calls itself in this project.
  pubsub_agent  = google_project_service_identity.pubsub.member
  storage_agent = "serviceAccount:${data.google_storage_project_service_account.storage.email_address}"
}
