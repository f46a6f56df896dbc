variable "alert_email" {
  description = "Who is told of alerts and of the budget; null: nobody, the alerts are in the console."
  type        = string
  default     = null

  validation {
    condition     = var.alert_email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alert_email))
    error_message = "alert_email must be an e-mail address."
  }
}

variable "alert_thresholds" {
  description = "From when on there is an alert: minutes that the oldest event waits, minutes of the job's lag, errors of a function in 15 minutes, tasks without an answer when it is due."
  type = object({
    function_errors        = optional(number, 5)
    job_lag_minutes        = optional(number, 60)
    oldest_unacked_minutes = optional(number, 60)
    unanswered_tasks       = optional(number, 100)
  })
  default = {}

  validation {
    condition     = alltrue([for value in values(var.alert_thresholds) : value >= 0])
    error_message = "alert_thresholds must be 0 or more."
  }
}

variable "allow_data_deletion" {
  description = "Whether `terraform destroy`, or a change that makes something anew, may delete buckets with objects, tables, the database and secrets. Apply it as true first, then destroy."
  type        = bool
  default     = false
}

variable "billing_account" {
  description = "Whose budget alert to make, as in 012345-6789AB-CDEF01; null: none."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account must look like 012345-6789AB-CDEF01."
  }
}

variable "budget_amount" {
  description = "A month's money for this project, in the billing account's currency."
  type        = number
  default     = 200

  validation {
    condition     = var.budget_amount >= 1 && floor(var.budget_amount) == var.budget_amount
    error_message = "budget_amount must be a whole number from 1 on."
  }
}

variable "collector_members" {
  description = "By collector id, who may act as it: user:..., group:..., serviceAccount:... or principal://..."
  type        = map(set(string))
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.collector_members), var.collectors)) == 0
    error_message = "collector_members has ids that collectors does not have."
  }

  validation {
    condition = alltrue([
      for member in flatten(values(var.collector_members)[*]) :
      can(regex("^(user|group|serviceAccount):.+@.+$|^principal(Set)?://.+$", member))
    ])
    error_message = "collector_members must be user:..., group:..., serviceAccount:..., principal://... or principalSet://...: neither everybody nor a whole domain."
  }
}

variable "collectors" {
  description = "Ids of those who record videos, as in `vidset upload --collector ID`. Each gets an account that may upload below ID/."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.collectors : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", id))])
    error_message = "collectors must be letters, digits, dots, hyphens and underscores, beginning with a letter or digit, at most 63."
  }
}

variable "firestore_location" {
  description = "Region or multi-region (eur3, nam5) of the database, which can never be changed; null: the region."
  type        = string
  default     = null

  validation {
    condition     = var.firestore_location == null || can(regex("^([a-z]+-[a-z]+[0-9]+|eur3|nam5|nam7)$", var.firestore_location))
    error_message = "firestore_location must be a region such as europe-west1, or eur3, nam5 or nam7."
  }
}

variable "github_ref" {
  description = "The only ref whose workflows may push the worker image."
  type        = string
  default     = "refs/heads/main"

  validation {
    condition     = can(regex("^refs/(heads|tags)/[A-Za-z0-9._/-]+$", var.github_ref))
    error_message = "github_ref must be refs/heads/... or refs/tags/..."
  }
}

variable "github_repository" {
  description = "OWNER/NAME on GitHub whose workflows may plan and push the worker image, without keys; null: none."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository must be OWNER/NAME."
  }

  validation {
    condition     = var.github_repository == null || var.github_repository_id != null
    error_message = "github_repository needs github_repository_id: a name can be given up and taken by somebody else."
  }
}

variable "github_repository_id" {
  description = "The number of github_repository, which stays with it when names change hands, as `gh api repos/OWNER/NAME --jq .id` prints it."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository_id == null || can(regex("^[1-9][0-9]*$", var.github_repository_id))
    error_message = "github_repository_id must be a number, as `gh api repos/OWNER/NAME --jq .id` prints it."
  }
}

variable "kms_key" {
  description = "projects/P/locations/L/keyRings/R/cryptoKeys/K that encrypts what is stored; null: Google's own keys. It must be in the region."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/${var.region}/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key must be projects/PROJECT/locations/REGION/keyRings/RING/cryptoKeys/KEY, in the region of all the rest."
  }

  validation {
    condition     = var.kms_key == null || coalesce(var.firestore_location, var.region) == var.region
    error_message = "kms_key must be in the database's location: leave firestore_location at the region."
  }
}

variable "labels" {
  description = "Of every resource that takes labels."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels must be lower case letters, digits, hyphens and underscores, keys beginning with a letter."
  }
}

variable "name" {
  description = "What the names of all resources begin with."
  type        = string
  default     = "vidset"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,6}[a-z0-9]$", var.name)) && !startswith(var.name, "gcp-")
    error_message = "name must be 4 to 8 lower case letters, digits and hyphens, beginning with a letter and not ending with a hyphen: names of accounts and databases are derived from it. Google keeps gcp- for itself."
  }
}

variable "project_id" {
  description = "The project that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id (not its name or number): 6 to 30 lower case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Region of everything."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region, such as europe-west1."
  }
}

variable "state_bucket" {
  description = "The bucket of the remote state, which GitHub's workflows need; null: they get no access to it."
  type        = string
  default     = null

  validation {
    condition     = var.state_bucket == null || can(regex("^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket must be a bucket's name, without gs://."
  }
}

variable "trainer_members" {
  description = "Who may act as the trainer: user:..., group:..., serviceAccount:... or principal://..."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for member in var.trainer_members : can(regex("^(user|group|serviceAccount):.+@.+$|^principal(Set)?://.+$", member))])
    error_message = "trainer_members must be user:..., group:..., serviceAccount:..., principal://... or principalSet://...: neither everybody nor a whole domain."
  }
}

variable "uploads_retention_days" {
  description = "After how many days a video is deleted; null: never."
  type        = number
  default     = null

  validation {
    condition     = var.uploads_retention_days == null || can(regex("^[1-9][0-9]*$", tostring(var.uploads_retention_days)))
    error_message = "uploads_retention_days must be a whole number from 1 on."
  }
}
