terraform {
  required_version = ">= 1.9"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
    google-beta = {
      source  = "hashicorp/google-beta"
      version = "~> 6.50"
    }
  }

  # The state of a team belongs into a bucket (README.md): `make plan STATE=BUCKET` puts a file beside
  # this one with
  #   terraform { backend "gcs" {} }
}

# Credentials are the application default ones: gcloud auth application-default login on a desk,
# workload identity federation in a workflow. Quotas are this project's: for people's own
# credentials the APIs of budgets and rules ask for that.
provider "google" {
  project               = var.project_id
  region                = var.region
  billing_project       = var.project_id
  user_project_override = true
  default_labels        = local.labels
}

provider "google-beta" {
  project               = var.project_id
  region                = var.region
  billing_project       = var.project_id
  user_project_override = true
  default_labels        = local.labels
}
