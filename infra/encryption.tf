# With var.kms_key, each service that stores something encrypts it with that key, which it has to be
# allowed to. Without it Google's own keys encrypt everything.

locals {
  # Services whose accounts have to be asked for, and what they keep.
  encrypting_services = merge(
    {
      artifactregistry = "artifactregistry.googleapis.com"
      cloudfunctions   = "cloudfunctions.googleapis.com"
      dataflow         = "dataflow.googleapis.com"
      firestore        = "firestore.googleapis.com"
      run              = "run.googleapis.com"
      secretmanager    = "secretmanager.googleapis.com"
    },
    local.has_pipeline ? { aiplatform = "aiplatform.googleapis.com" } : {},
  )

  encrypting_agents = var.kms_key == null ? {} : merge(
    { for name, agent in google_project_service_identity.encrypting : name => agent.member },
    {
      bigquery = "serviceAccount:${data.google_bigquery_default_service_account.bigquery[0].email}"
      # The disks of Dataflow's workers.
      compute = "serviceAccount:service-${data.google_project.this.number}@compute-system.iam.gserviceaccount.com"
      pubsub  = local.pubsub_agent
      storage = local.storage_agent
    },
  )
}

resource "google_project_service_identity" "encrypting" {
  for_each = var.kms_key == null ? {} : local.encrypting_services
  provider = google-beta

  service    = each.value
  depends_on = [google_project_service.enabled]
}

data "google_bigquery_default_service_account" "bigquery" {
  count = var.kms_key == null ? 0 : 1
}

resource "google_kms_crypto_key_iam_member" "encrypting" {
  for_each = local.encrypting_agents

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value
}
