# The pipeline on a schedule: by request, one run at a time, and each account has what it needs.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id = "team-videos"
}

run "nothing_is_scheduled_unless_asked_for" {
  assert {
    condition = (
      length(google_cloud_scheduler_job.pipeline)
      + length(google_cloud_run_v2_job.pipeline)
      + length(google_service_account.pipeline)
      + length(google_service_account.pipeline_timer)
      + length(google_project_iam_custom_role.pipeline_starter)
      + length(google_project_iam_member.trainer_runs_steps)
    ) == 0
    error_message = "Without a schedule nothing of it is made."
  }

  assert {
    condition     = !contains(keys(google_project_service.enabled), "aiplatform.googleapis.com") && output.pipeline_command == null
    error_message = "Vertex AI is enabled for the pipeline alone."
  }

  assert {
    condition     = length(google_monitoring_alert_policy.job_failed.conditions) == 2
    error_message = "What is not there is not watched."
  }
}

run "it_runs_on_vertex_ai" {
  variables {
    kms_key             = "projects/team-videos/locations/europe-west1/keyRings/ring/cryptoKeys/key"
    labels              = { team = "perception" }
    pipeline_image      = "europe-west1-docker.pkg.dev/team-videos/vidset-beam/training@sha256:2222222222222222222222222222222222222222222222222222222222222222"
    pipeline_options    = ["--create", "--gpus=1"]
    pipeline_parameters = { baseline = "blessed", recipe = "transforms: [pad]" }
    pipeline_schedule   = "0 3 * * 1"
  }

  assert {
    condition = google_cloud_run_v2_job.pipeline[0].template[0].template[0].containers[0].args == tolist([
      "pipeline",
      "--output=/tmp/loop.yaml",
      "--image=${var.pipeline_image}",
      "--submit=vertex:team-videos/europe-west1",
      "--root=gs://team-videos-vidset-datasets/pipelines",
      "--service-account=${google_service_account.trainer.email}",
      "--unless-running",
      "--run-label=application=vidset",
      "--run-label=team=perception",
      "--kms-key=${var.kms_key}",
      "--create",
      "--gpus=1",
      "--set=baseline=blessed",
      "--set=place=gs://team-videos-vidset-datasets",
      "--set=recipe=transforms: [pad]",
      "--set=source=bq://team-videos.vidset",
    ])
    error_message = "The job submits the team's pipeline, as the trainer, unless a run goes on."
  }

  assert {
    condition = alltrue([
      for task in google_cloud_run_v2_job.pipeline[0].template[0].template :
      task.service_account == google_service_account.pipeline[0].email
      && task.encryption_key == var.kms_key
      && task.containers[0].image == var.pipeline_image
      && task.vpc_access[0].egress == "ALL_TRAFFIC"
      && task.vpc_access[0].network_interfaces[0].subnetwork == google_compute_subnetwork.workers.name
    ])
    error_message = "It is submitted by its own account, from the image that the steps run in."
  }

  assert {
    condition = (
      google_cloud_scheduler_job.pipeline[0].schedule == "0 3 * * 1"
      && google_cloud_scheduler_job.pipeline[0].time_zone == "Etc/UTC"
      && google_cloud_scheduler_job.pipeline[0].retry_config[0].retry_count == 0
      && google_cloud_scheduler_job.pipeline[0].http_target[0].uri == "https://run.googleapis.com/v2/projects/team-videos/locations/europe-west1/jobs/vidset-pipeline:run"
      && google_cloud_scheduler_job.pipeline[0].http_target[0].oauth_token[0].service_account_email == google_service_account.pipeline_timer[0].email
    )
    error_message = "The timer starts the job."
  }

  assert {
    condition = (
      google_project_iam_custom_role.pipeline_starter[0].permissions == toset(["aiplatform.pipelineJobs.create", "aiplatform.pipelineJobs.list"])
      && google_project_iam_member.pipeline_starts_runs[0].member == google_service_account.pipeline[0].member
      && google_service_account_iam_member.pipeline_acts_as_trainer[0].service_account_id == google_service_account.trainer.name
      && google_service_account_iam_member.pipeline_acts_as_trainer[0].member == google_service_account.pipeline[0].member
      && google_cloud_run_v2_job_iam_member.timer_starts_pipeline[0].name == "vidset-pipeline"
      && google_cloud_run_v2_job_iam_member.timer_starts_pipeline[0].member == google_service_account.pipeline_timer[0].member
      && google_project_iam_member.trainer_runs_steps[0].member == google_service_account.trainer.member
    )
    error_message = "The timer may call the job, the job may start runs as the trainer, and the trainer may run them."
  }

  assert {
    condition = (
      contains(keys(google_project_service.enabled), "aiplatform.googleapis.com")
      && contains(keys(google_kms_crypto_key_iam_member.encrypting), "aiplatform")
    )
    error_message = "Vertex AI is enabled, and may use the key."
  }

  assert {
    condition = {
      for condition in google_monitoring_alert_policy.job_failed.conditions :
      condition.display_name => condition.condition_threshold[0].aggregations[0].per_series_aligner
      } == {
      "The export job has failed"   = "ALIGN_MAX"
      "The ingest job has failed"   = "ALIGN_MAX"
      "The pipeline job has failed" = "ALIGN_DELTA"
    }
    error_message = "A run that could not be started is told, whatever runs the other jobs."
  }

  assert {
    condition     = output.pipeline_command != null
    error_message = "It can be started by hand."
  }
}

run "what_the_team_says_comes_first" {
  variables {
    pipeline_image      = "europe-west1-docker.pkg.dev/team-videos/vidset-beam/training@sha256:2222222222222222222222222222222222222222222222222222222222222222"
    pipeline_options    = ["--create", "--skip=apply"]
    pipeline_parameters = { baseline = "v0", place = "gs://elsewhere/roads", source = "bq://other.warehouse" }
    pipeline_schedule   = "0 3 * * 1"
  }

  assert {
    condition = slice(google_cloud_run_v2_job.pipeline[0].template[0].template[0].containers[0].args, 8, 13) == tolist([
      "--create",
      "--skip=apply",
      "--set=baseline=v0",
      "--set=place=gs://elsewhere/roads",
      "--set=source=bq://other.warehouse",
    ])
    error_message = "A place and a source that are given are taken."
  }
}
