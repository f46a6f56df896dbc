# What workflows on GitHub may do.

mock_provider "google" {}
mock_provider "google-beta" {}

variables {
  project_id        = "team-videos"
  github_repository = "acme/videos"
  state_bucket      = "team-state"
}

run "only_the_repository_gets_tokens" {
  assert {
    condition     = google_iam_workload_identity_pool_provider.github[0].attribute_condition == "assertion.repository == \"acme/videos\""
    error_message = "Every other repository on GitHub must be refused."
  }

  assert {
    condition     = google_iam_workload_identity_pool_provider.github[0].oidc[0].issuer_uri == "https://token.actions.githubusercontent.com"
    error_message = "Tokens must be GitHub's."
  }
}

run "pull_requests_plan_and_the_branch_applies" {
  assert {
    condition = (
      google_service_account_iam_member.github_acts["plan"].member == "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github[0].name}/subject/repo:acme/videos:pull_request"
      && google_service_account_iam_member.github_acts["plan"].service_account_id == google_service_account.github["plan"].name
    )
    error_message = "Pull requests may act as the plan's account."
  }

  assert {
    condition = (
      google_service_account_iam_member.github_acts["apply"].member == "principal://iam.googleapis.com/${google_iam_workload_identity_pool.github[0].name}/subject/repo:acme/videos:ref:refs/heads/main"
      && google_service_account_iam_member.github_acts["apply"].service_account_id == google_service_account.github["apply"].name
    )
    error_message = "Only what is on the branch may act as the apply's account."
  }

  assert {
    condition     = alltrue([for role in local.plan_roles : can(regex("([vV]iewer|[rR]eader|Reviewer|browser|serviceUsageConsumer)$", role))])
    error_message = "Who plans changes nothing."
  }

  assert {
    condition = (
      google_storage_bucket_iam_member.github_state["plan"].role == "roles/storage.objectViewer"
      && google_storage_bucket_iam_member.github_state["apply"].role == "roles/storage.objectUser"
    )
    error_message = "Who plans reads the state and writes nothing."
  }
}

run "another_branch" {
  variables {
    github_ref = "refs/heads/production"
  }

  assert {
    condition     = endswith(google_service_account_iam_member.github_acts["apply"].member, "/subject/repo:acme/videos:ref:refs/heads/production")
    error_message = "The branch is the one that was named."
  }
}
