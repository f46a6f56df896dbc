# With a key of the team's own, everything that stores something has it.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id        = "team-videos"
  deploy_functions  = true
  deploy_jobs       = true
  functions_archive = "schemas/tables.json"
  kms_key           = "projects/team-videos/locations/europe-west1/keyRings/ring/cryptoKeys/key"
  labeling_options  = { LABEL_STUDIO_URL = "https://labels.example.com" }
  worker_image      = "europe-west1-docker.pkg.dev/team-videos/vidset-beam/worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

run "all_is_encrypted_with_it" {
  assert {
    condition = toset(concat(
      [
        for bucket in [
          google_storage_bucket.datasets, google_storage_bucket.images, google_storage_bucket.releases,
          google_storage_bucket.staging, google_storage_bucket.uploads,
        ] : bucket.encryption[0].default_kms_key_name
      ],
      [google_pubsub_topic.uploads.kms_key_name, google_pubsub_topic.images.kms_key_name],
      values(google_pubsub_topic.dead_letters)[*].kms_key_name,
      [google_bigquery_dataset.warehouse.default_encryption_configuration[0].kms_key_name],
      [for table in google_bigquery_table.tables : table.encryption_configuration[0].kms_key_name],
      [google_firestore_database.labeling.cmek_config[0].kms_key_name],
      values(google_artifact_registry_repository.images)[*].kms_key_name,
      [
        for secret in google_secret_manager_secret.labeling :
        secret.replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name
      ],
      google_cloudfunctions2_function.request_labeling[*].kms_key_name,
      google_cloudfunctions2_function.receive_annotation[*].kms_key_name,
      values(google_cloudfunctions2_function.reconcile)[*].kms_key_name,
      google_dataflow_flex_template_job.ingest[*].kms_key_name,
      [jsondecode(base64decode(google_cloud_scheduler_job.export[0].http_target[0].body)).launchParameter.environment.kmsKeyName],
    )) == toset([var.kms_key])
    error_message = "Something is stored without the key."
  }

  assert {
    condition = toset(keys(google_kms_crypto_key_iam_member.encrypting)) == toset([
      "artifactregistry", "bigquery", "cloudfunctions", "compute", "dataflow", "firestore", "pubsub",
      "run", "secretmanager", "storage",
    ])
    error_message = "Each service that encrypts must be allowed to use the key."
  }
}

run "without_a_key_google_s_own_are_used" {
  variables {
    kms_key = null
  }

  assert {
    condition = (
      length(google_storage_bucket.uploads.encryption) == 0
      && length(google_bigquery_dataset.warehouse.default_encryption_configuration) == 0
      && length(google_firestore_database.labeling.cmek_config) == 0
      && google_pubsub_topic.uploads.kms_key_name == null
      && length(google_kms_crypto_key_iam_member.encrypting) == 0
    )
    error_message = "No key is asked for."
  }
}

run "a_key_elsewhere_is_refused" {
  command = plan

  variables {
    kms_key = "projects/team-videos/locations/us-east1/keyRings/ring/cryptoKeys/key"
  }

  expect_failures = [var.kms_key]
}
