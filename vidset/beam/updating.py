"""An update in place replaces a job that runs: find out whether there is one before Beam asks."""

from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions

_REPLACEABLE = frozenset({"JOB_STATE_DRAINING", "JOB_STATE_RUNNING"})


def check_running(options: PipelineOptions) -> None:
    """Ask Dataflow for the job that `--update` replaces.

    Beam 2.77 asks for the same and never ends where there is none: it waits for a page token of
    None, and the service's last page has "".

    Raises:
        ValueError: no job of that name runs or drains.
    """
    from apache_beam.runners.dataflow.internal.apiclient import DataflowApplicationClient

    cloud = options.view_as(GoogleCloudOptions)
    # Beam's own client, for it knows the endpoint and the credentials; it has no public name.
    jobs = DataflowApplicationClient(options)._jobs_client
    request = {"project_id": cloud.project, "location": cloud.region}
    for job in jobs.list_jobs(request=request):
        if job.name == cloud.job_name and job.current_state.name in _REPLACEABLE:
            return
    raise ValueError(
        f"--update: no job {cloud.job_name!r} runs in {cloud.project}, {cloud.region}, so that "
        "there is nothing to update; start it anew, by Terraform with "
        "`terraform apply -replace='google_dataflow_flex_template_job.ingest[0]'`"
    )
