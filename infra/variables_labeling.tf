variable "callback_gateway_url" {
  description = "The https:// url that vendors call if there is a gateway in front of receive_annotation. If null, they call the function itself."
  type        = string
  default     = null

  validation {
    condition     = var.callback_gateway_url == null || can(regex("^https://[^/?#]+(/[^?#]*)?$", var.callback_gateway_url))
    error_message = "callback_gateway_url must be an https:// url without a query."
  }
}

variable "callback_members" {
  description = "Who may call receive_annotation: allUsers, because vendors have no Google account; a gateway's serviceAccount:...; or nobody ([]). Nobody works only with Label Studio, whose answers `reconcile` then fetches, so nothing is public."
  type        = set(string)
  default     = ["allUsers"]

  validation {
    condition     = alltrue([for member in var.callback_members : member == "allUsers" || can(regex("^serviceAccount:.+@.+$", member))])
    error_message = "callback_members must be allUsers or serviceAccount:..."
  }

  validation {
    condition     = length(var.callback_members) > 0 || (var.labeling_vendor == "label-studio" && !contains(var.labeling_former_vendors, "scale"))
    error_message = "callback_members may be empty with Label Studio alone: Scale AI sends its answers and is not asked."
  }

  validation {
    condition     = length(var.callback_members) == 0 || contains(var.callback_members, "allUsers") || var.callback_gateway_url != null
    error_message = "callback_members without allUsers needs callback_gateway_url: vendors cannot call the function themselves."
  }
}

variable "deploy_functions" {
  description = "Whether to deploy the labeling functions. Run `make functions` to build the archive, and give the secrets values first."
  type        = bool
  default     = false

  validation {
    condition     = !var.deploy_functions || var.labeling_vendor != "label-studio" || can(var.labeling_options["LABEL_STUDIO_URL"])
    error_message = "deploy_functions with Label Studio needs labeling_options.LABEL_STUDIO_URL."
  }
}

variable "functions_archive" {
  description = "The path of the zip of functions/labeling_task. If null, it is build/labeling_task.zip in the checkout, which `make functions` builds."
  type        = string
  default     = null
}

variable "labeling_former_vendors" {
  description = "Vendors that get no new tasks, but whose answers are still taken."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.labeling_former_vendors, ["label-studio", "scale"])) == 0
    error_message = "labeling_former_vendors may have label-studio and scale."
  }
}

variable "labeling_options" {
  description = "The settings of the labeling functions, by environment variable (docs/labeling.md): LABEL_STUDIO_URL, LABELING_BUDGET, LABELING_PRICE, ..."
  type        = map(string)
  default     = {}

  validation {
    condition = length(setsubtract(keys(var.labeling_options), [
      "LABELING_ANSWER_DEADLINE_HOURS",
      "LABELING_BUDGET",
      "LABELING_CONSENSUS",
      "LABELING_HOLD",
      "LABELING_IMAGE_ACCESS",
      "LABELING_LEASE_SECONDS",
      "LABELING_MAX_CALLBACK_MB",
      "LABELING_PREDICTIONS",
      "LABELING_PRICE",
      "LABELING_RECONCILE_LIMIT",
      "LABELING_TEMPLATE",
      "LABELING_URL_HOURS",
      "LABEL_STUDIO_PROJECT",
      "LABEL_STUDIO_URL",
      "SCALE_API_URL",
    ])) == 0
    error_message = "labeling_options has a variable that the functions do not read, that is set here, or that is a secret."
  }
}

variable "labeling_vendor" {
  description = "The vendor that gets new tasks: label-studio or scale."
  type        = string
  default     = "label-studio"

  validation {
    condition     = contains(["label-studio", "scale"], var.labeling_vendor)
    error_message = "labeling_vendor must be label-studio or scale."
  }
}

variable "receive_min_instances" {
  description = "How many instances of receive_annotation are kept warm. Label Studio's webhooks wait one second and come only once: set 1 for it, or let reconcile find the lost ones."
  type        = number
  default     = 0

  validation {
    condition     = contains(range(0, 11), var.receive_min_instances)
    error_message = "receive_min_instances must be a whole number from 0 to 10."
  }
}
