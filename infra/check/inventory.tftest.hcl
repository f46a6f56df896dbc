# What check.py applies to take the inventory: everything on, by mocked providers.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  alert_email          = "team@example.org"
  billing_account      = "012345-6789AB-CDEF01"
  collectors           = ["c7"]
  collector_members    = { c7 = ["user:driver@example.org"] }
  deploy_functions     = true
  deploy_jobs          = true
  functions_archive    = "check/inventory.tftest.hcl" # Any file: only its hash counts.
  github_repository    = "example/vidset"
  github_repository_id = "123456"
  kms_key              = "projects/example-project/locations/europe-west1/keyRings/ring/cryptoKeys/key"
  labeling_options     = { LABEL_STUDIO_URL = "https://labels.example.org" }
  pipeline_image       = "europe-west1-docker.pkg.dev/example-project/vidset-beam/training@sha256:2222222222222222222222222222222222222222222222222222222222222222"
  pipeline_parameters  = { baseline = "blessed", recipe = "transforms: [pad]" }
  pipeline_schedule    = "0 3 * * 1"
  project_id           = "example-project"
  state_bucket         = "example-project-state"
  trainer_members      = ["group:trainers@example.org"]
  worker_image         = "europe-west1-docker.pkg.dev/example-project/vidset-beam/worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

run "everything" {
  command = apply
}
