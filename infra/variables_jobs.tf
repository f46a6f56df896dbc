variable "cloud_run_image" {
  description = "The image of the jobs on Cloud Run, by digest, as `make image` prints it for ingest_engine = \"cloud_run\". Null while there is none."
  type        = string
  default     = null

  validation {
    condition     = var.cloud_run_image == null || can(regex("^[^@ ]+@sha256:[0-9a-f]{64}$", var.cloud_run_image))
    error_message = "cloud_run_image must name a digest: .../cloud-run@sha256:..."
  }
}

variable "deploy_jobs" {
  description = "Whether to start the ingest job and the timer of the export. Run `make image` first, and for Dataflow `make template`."
  type        = bool
  default     = false

  validation {
    condition     = !var.deploy_jobs || var.ingest_engine != "dataflow" || var.worker_image != null
    error_message = "deploy_jobs needs worker_image, by digest."
  }

  validation {
    condition     = !var.deploy_jobs || var.ingest_engine != "cloud_run" || var.cloud_run_image != null
    error_message = "deploy_jobs needs cloud_run_image, by digest, with ingest_engine = \"cloud_run\"."
  }
}

variable "export_max_workers" {
  description = "How many workers, of two vCPUs each, the export job may grow to on Dataflow."
  type        = number
  default     = 1

  validation {
    condition     = var.export_max_workers >= 1 && var.export_max_workers <= 1000 && floor(var.export_max_workers) == var.export_max_workers
    error_message = "export_max_workers must be a whole number from 1 to 1000."
  }
}

variable "export_schedule" {
  description = "When annotations and tasks are exported to BigQuery, as a cron expression in UTC."
  type        = string
  default     = "15 * * * *"

  validation {
    condition     = can(regex("^\\S+( +\\S+){4}$", var.export_schedule))
    error_message = "export_schedule must have cron's five fields."
  }
}

variable "ingest_engine" {
  description = "What runs the jobs: dataflow, always ready, or cloud_run, started by timers and free while nothing waits."
  type        = string
  default     = "dataflow"

  validation {
    condition     = contains(["cloud_run", "dataflow"], var.ingest_engine)
    error_message = "ingest_engine must be dataflow or cloud_run."
  }
}

variable "ingest_machine_type" {
  description = "The machine type of the ingest job's workers on Dataflow."
  type        = string
  default     = "e2-standard-2"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*-[a-z0-9-]+$", var.ingest_machine_type))
    error_message = "ingest_machine_type must look like e2-standard-2."
  }
}

variable "ingest_max_workers" {
  description = "How many workers the ingest job may grow to, or how many tasks a run on Cloud Run may have if the queue is long. Changing the number drains a Dataflow job and starts it again."
  type        = number
  default     = 2

  validation {
    condition     = var.ingest_max_workers >= 1 && var.ingest_max_workers <= 1000 && floor(var.ingest_max_workers) == var.ingest_max_workers
    error_message = "ingest_max_workers must be a whole number from 1 to 1000."
  }
}

variable "ingest_options" {
  description = "Options of the ingest job, as `python -m vidset.beam.ingest_job --help` lists them: every, similarity_threshold, ..."
  type        = map(string)
  default     = {}

  validation {
    condition = length(setsubtract(keys(var.ingest_options), [
      "collector",
      "every",
      "jpeg_quality",
      "local_change",
      "max_brightness",
      "metric",
      "min_brightness",
      "min_sharpness",
      "rights",
      "scratch_bytes",
      "similarity_threshold",
      "tolerance",
      "uploads_prefix",
      "video_memory",
      "video_stream",
      "video_timeout",
    ])) == 0
    error_message = "ingest_options has an option that the job does not know, or that is set here (input_subscription, uploads_bucket, images, ledger, dead_letter_topic)."
  }
}

variable "ingest_schedule" {
  description = "When uploads are taken with ingest_engine = \"cloud_run\", as a cron expression in UTC."
  type        = string
  default     = "5 * * * *"

  validation {
    condition     = can(regex("^\\S+( +\\S+){4}$", var.ingest_schedule))
    error_message = "ingest_schedule must have cron's five fields."
  }
}

variable "pipeline_image" {
  description = "The image of docker/training, by digest, which the scheduled pipeline's steps run in."
  type        = string
  default     = null

  validation {
    condition     = var.pipeline_image == null || can(regex("^[^@ ]+@sha256:[0-9a-f]{64}$", var.pipeline_image))
    error_message = "pipeline_image must name a digest: .../training@sha256:..."
  }
}

variable "pipeline_options" {
  description = "Options of the scheduled pipeline, as `vidset pipeline --help` lists them: --create, --skip=errors, --gpus=1, ..."
  type        = list(string)
  default     = []

  validation {
    condition = alltrue([
      for option in var.pipeline_options :
      can(regex("^--((cache|create|no-cache)|(cpu|gpu-type|gpus|memory|retries|skip)=[A-Za-z0-9._/-]+)$", option))
    ])
    error_message = "pipeline_options must be --cache, --create, --no-cache, or --cpu=, --gpu-type=, --gpus=, --memory=, --retries=, --skip= with a value. Others are set here, or for Kubernetes alone."
  }
}

variable "pipeline_parameters" {
  description = "Parameters of the scheduled pipeline, as `vidset pipeline --set` takes them: baseline, recipe = file(\"recipe.yaml\"), seeds, ... `place` is the datasets bucket unless it is given, and `source` with --create the warehouse."
  type        = map(string)
  default     = {}

  validation {
    condition = length(setsubtract(keys(var.pipeline_parameters), [
      "baseline",
      "epochs",
      "fatal",
      "floor",
      "group_by",
      "model",
      "name",
      "place",
      "recipe",
      "seeds",
      "select_by",
      "slack",
      "source",
      "subset",
    ])) == 0
    error_message = "pipeline_parameters has a parameter that the pipeline does not have."
  }

  validation {
    condition     = alltrue([for value in values(var.pipeline_parameters) : !startswith(value, "@")])
    error_message = "pipeline_parameters must be values: write file(\"recipe.yaml\") rather than @recipe.yaml."
  }

  validation {
    condition     = contains(var.pipeline_options, "--create") || !contains(keys(var.pipeline_parameters), "source")
    error_message = "pipeline_parameters.source needs --create in pipeline_options."
  }
}

variable "pipeline_schedule" {
  description = "When the pipeline is run on Vertex AI, as a cron expression in UTC, such as 0 3 * * 1. If null, it is not."
  type        = string
  default     = null

  validation {
    condition     = var.pipeline_schedule == null || can(regex("^\\S+( +\\S+){4}$", var.pipeline_schedule))
    error_message = "pipeline_schedule must have cron's five fields."
  }

  validation {
    condition     = var.pipeline_schedule == null || var.pipeline_image != null
    error_message = "pipeline_schedule needs pipeline_image, by digest."
  }

  validation {
    condition     = var.pipeline_schedule == null || contains(keys(var.pipeline_parameters), "baseline")
    error_message = "pipeline_schedule needs pipeline_parameters.baseline, a version."
  }

  validation {
    condition     = var.pipeline_schedule == null || contains(keys(var.pipeline_parameters), "recipe") || contains(var.pipeline_options, "--skip=apply")
    error_message = "pipeline_schedule needs pipeline_parameters.recipe, or --skip=apply in pipeline_options."
  }
}

variable "privacy_gate" {
  description = "What makes blurred copies of images, which vendors, functions and the trainer get in their place: a model as gs://BUCKET/NAME with its SHA-256, mosaic or solid, how many images a run checks at most, and when one starts, as a cron expression in UTC. If null, they get the images themselves."
  type = object({
    images_per_run = optional(number, 10000)
    method         = optional(string, "mosaic")
    model          = string
    schedule       = optional(string, "35 * * * *")
    # That of centerface.onnx (docs/privacy.md).
    sha256 = optional(string, "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc")
  })
  default = null

  validation {
    condition     = var.privacy_gate == null || can(regex("^gs://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]/[^#]+$", var.privacy_gate.model))
    error_message = "privacy_gate.model must be gs://BUCKET/NAME."
  }

  validation {
    condition     = var.privacy_gate == null || can(regex("^[0-9a-f]{64}$", var.privacy_gate.sha256))
    error_message = "privacy_gate.sha256 must be 64 hex digits."
  }

  validation {
    condition     = var.privacy_gate == null || try(contains(["mosaic", "solid"], var.privacy_gate.method), false)
    error_message = "privacy_gate.method must be mosaic or solid."
  }

  validation {
    condition     = var.privacy_gate == null || try(var.privacy_gate.images_per_run >= 1 && floor(var.privacy_gate.images_per_run) == var.privacy_gate.images_per_run, false)
    error_message = "privacy_gate.images_per_run must be a whole number from 1 on."
  }

  validation {
    condition     = var.privacy_gate == null || can(regex("^\\S+( +\\S+){4}$", var.privacy_gate.schedule))
    error_message = "privacy_gate.schedule must have cron's five fields."
  }

  validation {
    condition     = var.privacy_gate == null || !var.deploy_jobs || var.cloud_run_image != null
    error_message = "privacy_gate with deploy_jobs needs cloud_run_image, by digest, on Dataflow as well."
  }

  validation {
    condition     = var.privacy_gate == null || !can(regex("://", lookup(var.labeling_options, "LABELING_IMAGE_ACCESS", ""))) || can(regex("[{]bucket[}]", lookup(var.labeling_options, "LABELING_IMAGE_ACCESS", "")))
    error_message = "privacy_gate needs {bucket} in labeling_options.LABELING_IMAGE_ACCESS: originals have the same names."
  }
}

variable "worker_image" {
  description = "The image of the jobs on Dataflow, by digest, as `make image` prints it. Null while there is none."
  type        = string
  default     = null

  validation {
    condition     = var.worker_image == null || can(regex("^[^@ ]+@sha256:[0-9a-f]{64}$", var.worker_image))
    error_message = "worker_image must name a digest: .../worker@sha256:..."
  }
}
