# Who may call receive_annotation, where an organisation refuses allUsers.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id        = "team-videos"
  deploy_functions  = true
  functions_archive = "schemas/tables.json"
  labeling_options  = { LABEL_STUDIO_URL = "https://labels.example.com" }
}

run "vendors_call_by_default" {
  assert {
    condition     = keys(google_cloud_run_v2_service_iam_member.calls_back) == ["allUsers"]
    error_message = "A vendor has no Google account."
  }
}

run "nothing_is_public_where_nobody_calls" {
  variables {
    callback_members = []
  }

  assert {
    condition     = length(google_cloudfunctions2_function.receive_annotation) == 0 && length(google_cloud_run_v2_service_iam_member.calls_back) == 0
    error_message = "There must be no function that the world could call."
  }

  assert {
    condition = alltrue([
      for function in concat(values(google_cloudfunctions2_function.reconcile), google_cloudfunctions2_function.request_labeling) :
      function.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"
      && !can(function.service_config[0].environment_variables["LABELING_CALLBACK_URL"])
    ])
    error_message = "No webhook may be made that leads nowhere."
  }

  assert {
    condition     = toset(keys(output.secret_commands)) == toset(["LABEL_STUDIO_TOKEN"]) && output.callback_url == null
    error_message = "No secret is needed for callbacks that do not come."
  }

  assert {
    condition     = google_cloud_scheduler_job.reconcile["reconcile"].schedule == "*/15 * * * *"
    error_message = "The answers are asked for every 15 minutes."
  }
}

run "a_gateway_calls_in_its_name" {
  variables {
    callback_gateway_url = "https://answers.example.com"
    callback_members     = ["serviceAccount:gateway@team-videos.iam.gserviceaccount.com"]
  }

  assert {
    condition     = keys(google_cloud_run_v2_service_iam_member.calls_back) == ["serviceAccount:gateway@team-videos.iam.gserviceaccount.com"]
    error_message = "The gateway's account alone may call."
  }

  assert {
    condition = (
      output.callback_url == "https://answers.example.com"
      && google_cloudfunctions2_function.request_labeling[0].service_config[0].environment_variables["LABELING_CALLBACK_URL"] == "https://answers.example.com"
    )
    error_message = "Vendors must be told of the gateway."
  }
}

run "scale_cannot_go_without_callbacks" {
  command = plan

  variables {
    callback_members = []
    labeling_vendor  = "scale"
  }

  expect_failures = [var.callback_members]
}

run "a_gateway_must_be_known_to_vendors" {
  command = plan

  variables {
    callback_members = ["serviceAccount:gateway@team-videos.iam.gserviceaccount.com"]
  }

  expect_failures = [var.callback_members]
}
