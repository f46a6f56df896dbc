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
  description = "How many workers the ingest job may grow to, or how many tasks a run on Cloud Run has. Changing the number drains a Dataflow job and starts it again."
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

variable "worker_image" {
  description = "The image of the jobs on Dataflow, by digest, as `make image` prints it. Null while there is none."
  type        = string
  default     = null

  validation {
    condition     = var.worker_image == null || can(regex("^[^@ ]+@sha256:[0-9a-f]{64}$", var.worker_image))
    error_message = "worker_image must name a digest: .../worker@sha256:..."
  }
}
