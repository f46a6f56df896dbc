# A new project may have no more than 8 vCPUs in a region: what the defaults ask for at once fits.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id   = "team-videos"
  deploy_jobs  = true
  worker_image = "europe-west1-docker.pkg.dev/team-videos/vidset-beam/worker@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

run "the_defaults_fit_a_new_project" {
  assert {
    # The machines of both jobs at their most, and the two launchers, n1-standard-1 each.
    condition = (
      google_dataflow_flex_template_job.ingest[0].max_workers * tonumber(reverse(split("-", google_dataflow_flex_template_job.ingest[0].machine_type))[0])
      + local.export_launch.launchParameter.environment.maxWorkers * tonumber(reverse(split("-", local.export_launch.launchParameter.environment.machineType))[0])
      + 2
    ) <= 8
    error_message = "New projects have 8 to 24 vCPUs in a region: the smallest example must fit 8."
  }
}
