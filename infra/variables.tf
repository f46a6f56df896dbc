variable "alert_email" {
  description = "The address that gets alerts and budget notices. If null, alerts are shown only in the console."
  type        = string
  default     = null

  validation {
    condition     = var.alert_email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alert_email))
    error_message = "alert_email must be an e-mail address."
  }
}

variable "alert_thresholds" {
  description = "The limits above which an alert is raised: minutes that the oldest event waits (60 by default, 150 on Cloud Run), minutes of the job's lag, errors of a function in 15 minutes, and overdue tasks without an answer."
  type = object({
    function_errors        = optional(number, 5)
    job_lag_minutes        = optional(number, 60)
    oldest_unacked_minutes = optional(number)
    unanswered_tasks       = optional(number, 100)
  })
  default = {}

  validation {
    condition     = alltrue([for value in values(var.alert_thresholds) : value == null ? true : value >= 0])
    error_message = "alert_thresholds must be 0 or more."
  }
}

variable "allow_data_deletion" {
  description = "Whether `terraform destroy`, or a change that replaces a resource, may delete buckets with objects, tables, the database and secrets. Apply it as true first, then destroy."
  type        = bool
  default     = false
}

variable "billing_account" {
  description = "The billing account for which to create a budget alert, such as 012345-6789AB-CDEF01. If null, there is none."
  type        = string
  default     = null

  validation {
    condition     = var.billing_account == null || can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.billing_account))
    error_message = "billing_account must look like 012345-6789AB-CDEF01."
  }
}

variable "budget_amount" {
  description = "The monthly budget of this project, in the currency of the billing account."
  type        = number
  default     = 200

  validation {
    condition     = var.budget_amount >= 1 && floor(var.budget_amount) == var.budget_amount
    error_message = "budget_amount must be a whole number from 1 on."
  }
}

variable "collector_members" {
  description = "Who may act as each collector, by collector id: user:..., group:..., serviceAccount:... or principal://..."
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
  description = "The ids of the collectors that record videos, as in `vidset upload --collector ID`. Each gets an account that may upload below ID/."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.collectors : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", id))])
    error_message = "collectors must be letters, digits, dots, hyphens and underscores, beginning with a letter or digit, at most 63."
  }
}

variable "firestore_location" {
  description = "The region or multi-region (eur3, nam5) of the database. It can never be changed. If null, it is the region of the other resources."
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
  description = "The repository on GitHub (OWNER/NAME) whose workflows may plan and push the worker image without keys. If null, none may."
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

variable "images_retention_days" {
  description = "After how many days an image is deleted, by its own age. If null, images are kept. Labels, rows and dataset versions stay: vidset forget removes them."
  type        = number
  default     = null

  validation {
    condition     = var.images_retention_days == null || can(regex("^[1-9][0-9]*$", tostring(var.images_retention_days)))
    error_message = "images_retention_days must be a whole number from 1 on."
  }
}

variable "kms_key" {
  description = "The key that encrypts stored data, as projects/P/locations/L/keyRings/R/cryptoKeys/K. It must be in the region. If null, Google's own keys are used."
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
  description = "The labels of every resource that can have labels."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}$", key)) && can(regex("^[a-z0-9_-]{0,63}$", value))])
    error_message = "labels must be lower case letters, digits, hyphens and underscores, keys beginning with a letter."
  }
}

variable "name" {
  description = "The prefix of the names of all resources."
  type        = string
  default     = "vidset"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,6}[a-z0-9]$", var.name)) && !startswith(var.name, "gcp-")
    error_message = "name must be 4 to 8 lower case letters, digits and hyphens, beginning with a letter and not ending with a hyphen: names of accounts and databases are derived from it. Google keeps gcp- for itself."
  }
}

variable "project_id" {
  description = "The project in which everything is created."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's id (not its name or number): 6 to 30 lower case letters, digits and hyphens."
  }
}

variable "region" {
  description = "The region of all resources."
  type        = string
  default     = "europe-west1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region, such as europe-west1."
  }
}

variable "state_bucket" {
  description = "The bucket of the remote state, which GitHub's workflows need. If null, they get no access to it."
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
  description = "After how many days a video is deleted. If null, videos are kept."
  type        = number
  default     = null

  validation {
    condition     = var.uploads_retention_days == null || can(regex("^[1-9][0-9]*$", tostring(var.uploads_retention_days)))
    error_message = "uploads_retention_days must be a whole number from 1 on."
  }
}
