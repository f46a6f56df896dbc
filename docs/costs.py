"""Computes what a month on Google Cloud costs: the tables of docs/deploy.md.

    python docs/costs.py

Unit prices are list prices in us-central1, in US dollars, without discounts; where each comes from
stands beside it. Quantities are of a 720p camera that moves, measured (docs/benchmarks.md and
docs/deploy.md) or assumed, as it says.
"""

from dataclasses import dataclass

HOURS = (10, 100, 1000)
# What the engines are compared by; the last is nearly what one worker of Dataflow can do.
ENGINE_HOURS = (0, 10, 100, 1000, 10_000, 29_000)
MONTH_HOURS = 730
GB, TIB, GIB = 1e9, 2.0**40, 2.0**30


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for one unit.

    Attributes:
        source: "page", read on Google's own page, or in a dated copy of it; "copies", in public
            texts that agree but are no source of their own; "memory", not looked up at all.
    """

    dollars: float
    unit: str
    source: str


PRICES = {
    "Dataflow streaming vCPU": Price(0.069, "vCPU hour", "copies"),
    "Dataflow batch vCPU": Price(0.056, "vCPU hour", "copies"),
    "Dataflow memory": Price(0.003557, "GB hour", "copies"),
    "Dataflow disk": Price(0.000054, "GB hour", "copies"),
    "Launcher's machine, n1-standard-1": Price(0.0475, "hour", "memory"),
    "Cloud Storage, standard": Price(0.02, "GiB month", "page"),
    "Cloud Storage, writing": Price(0.005, "1,000 operations", "copies"),
    "Cloud Storage, reading": Price(0.0004, "1,000 operations", "copies"),
    "Pub/Sub, beyond 10 GiB": Price(40.0, "TiB", "memory"),
    "Firestore, reading": Price(0.03, "100,000 documents", "page"),
    "Firestore, writing": Price(0.09, "100,000 documents", "page"),
    "Firestore, stored": Price(0.15, "GiB month", "copies"),
    "Functions, vCPU beyond 180,000 s": Price(0.000024, "vCPU second", "memory"),
    "Functions, memory beyond 360,000 GiB s": Price(0.0000025, "GiB second", "memory"),
    "Functions, beyond 2 million calls": Price(0.40, "million calls", "memory"),
    "BigQuery, queries beyond 1 TiB": Price(6.25, "TiB", "memory"),
    "BigQuery, stored beyond 10 GiB": Price(0.02, "GiB month", "memory"),
    "Artifact Registry": Price(0.10, "GB month", "memory"),
    "Cloud Run jobs, vCPU beyond 240,000 s": Price(0.000018, "vCPU second", "page"),
    "Cloud Run jobs, memory beyond 450,000 GiB s": Price(0.000002, "GiB second", "copies"),
    "Cloud Scheduler, timers beyond three": Price(0.10, "timer", "memory"),
    "Vertex AI Pipelines": Price(0.03, "run", "memory"),
    "Vertex AI training, e2-standard-4": Price(0.1541, "hour", "memory"),
}

# Measured: docs/deploy.md says how.
CPU_SECONDS_AN_HOUR = 88.5
IMAGES_AN_HOUR = 190 / 260 * 3600
IMAGE_BYTES = 165e3
# Assumed.
VIDEO_BYTES_AN_HOUR = 2 * GB
VCPU_SLOWNESS = 2.0  # A vCPU is a thread of a core.
EVENT_BYTES = 2e3
FUNCTION_SECONDS_AN_IMAGE = 0.5  # Both functions, on one vCPU and 0.5 GiB.
DOCUMENT_BYTES = 2e3
DOCUMENTS_AN_IMAGE = 3  # Task, annotation, its history.
WRITES_AN_IMAGE, READS_AN_IMAGE = 5, 5
ROW_BYTES = 1e3
EXPORT_RUNS = MONTH_HOURS  # Each hour.
EXPORT_MINUTES = 5
# Cloud Run: infra/cloud_run.tf. A task is billed for a minute at least.
INGEST_RUNS, INGEST_TASKS, INGEST_VCPUS = MONTH_HOURS, 1, 2
EXPORT_VCPUS = 1
TASK_SECONDS = 60
GIB_A_VCPU = 2
# Each commit to BigQuery takes a worker, which has one vCPU, so long.
VIDEOS_AN_HOUR, COMMIT_SECONDS = 6, 15
# The scheduled pipeline as it is by default: two versions, three seeds, a machine for each step.
PIPELINE_TRAININGS, PIPELINE_STEPS = 6, 20
STEP_MINUTES = 3  # Of each step: the machine starts, pulls the image and the version, and works.
RUNS_A_MONTH = {"each week": MONTH_HOURS / 24 / 7, "each day": MONTH_HOURS / 24}
TRAINING_MINUTES = (5, 60, 600)


def workers(video_hours: float) -> int:
    """Streaming workers of two vCPUs that are busy, or the one that always waits."""
    seconds = video_hours * CPU_SECONDS_AN_HOUR * VCPU_SLOWNESS
    return max(1, -int(-seconds // (2 * MONTH_HOURS * 3600)))


def dataflow(video_hours: float) -> tuple[float, float]:
    """Dollars of a month of the ingest job and of the export job on Dataflow."""
    memory = 8 * _price("Dataflow memory")
    streaming = 2 * _price("Dataflow streaming vCPU") + memory + 30 * _price("Dataflow disk")
    batch = 2 * _price("Dataflow batch vCPU") + memory
    launcher = _price("Launcher's machine, n1-standard-1")
    export = EXPORT_RUNS * EXPORT_MINUTES / 60 * (batch + launcher)
    return workers(video_hours) * MONTH_HOURS * streaming, export


def cloud_run(video_hours: float) -> float:
    """Dollars of a month of both jobs on Cloud Run, whose free part they share."""
    waiting = INGEST_RUNS * INGEST_TASKS * INGEST_VCPUS + EXPORT_RUNS * EXPORT_VCPUS
    an_hour = CPU_SECONDS_AN_HOUR * VCPU_SLOWNESS + VIDEOS_AN_HOUR * COMMIT_SECONDS
    seconds = waiting * TASK_SECONDS + video_hours * an_hour
    processors = _beyond(seconds, 240_000, "Cloud Run jobs, vCPU beyond 240,000 s")
    return processors + _beyond(
        seconds * GIB_A_VCPU, 450_000, "Cloud Run jobs, memory beyond 450,000 GiB s"
    )


def more_often(times: int) -> float:
    """Dollars more of a month in which ingest runs so often an hour, where nothing is free."""
    seconds = (times - 1) * INGEST_RUNS * INGEST_TASKS * INGEST_VCPUS * TASK_SECONDS
    memory = _price("Cloud Run jobs, memory beyond 450,000 GiB s")
    return seconds * (_price("Cloud Run jobs, vCPU beyond 240,000 s") + GIB_A_VCPU * memory)


def crossing() -> int:
    """Hours of video a month from which on Dataflow is cheaper, to a hundred."""
    return next(hours for hours in range(0, 10**6, 100) if cloud_run(hours) > sum(dataflow(hours)))


def pipeline(runs: float, training_minutes: float) -> float:
    """Dollars of a month of so many runs of the pipeline, nothing of which was cached."""
    minutes = PIPELINE_STEPS * STEP_MINUTES + PIPELINE_TRAININGS * training_minutes
    machines = minutes / 60 * _price("Vertex AI training, e2-standard-4")
    return runs * (_price("Vertex AI Pipelines") + machines)


def monthly(video_hours: float) -> dict[str, float]:
    """Dollars by service, of a month with so many hours of video, all of it labeled."""
    images = video_hours * IMAGES_AN_HOUR
    ingest, export = dataflow(video_hours)
    stored = (video_hours * VIDEO_BYTES_AN_HOUR + images * IMAGE_BYTES) / GIB
    events = (video_hours + images) * EVENT_BYTES * 2  # Published and delivered.
    busy = images * FUNCTION_SECONDS_AN_IMAGE
    rows = images * 2 * ROW_BYTES
    return {
        "ingest job (Dataflow, streaming)": ingest,
        "export job (Dataflow, batch, hourly)": export,
        "videos and images (Cloud Storage)": stored * _price("Cloud Storage, standard")
        + images / 1000 * _price("Cloud Storage, writing")
        + 2 * images / 1000 * _price("Cloud Storage, reading"),
        "events (Pub/Sub)": _beyond(events / TIB, 10 / 1024, "Pub/Sub, beyond 10 GiB"),
        "labeling functions": _beyond(busy, 180_000, "Functions, vCPU beyond 180,000 s")
        + _beyond(busy / 2, 360_000, "Functions, memory beyond 360,000 GiB s")
        + _beyond(2 * images / 1e6, 2, "Functions, beyond 2 million calls"),
        "tasks and annotations (Firestore)": images
        / 1e5
        * (WRITES_AN_IMAGE * _price("Firestore, writing"))
        + images / 1e5 * READS_AN_IMAGE * _price("Firestore, reading")
        + images * DOCUMENTS_AN_IMAGE * DOCUMENT_BYTES / GIB * _price("Firestore, stored"),
        "warehouse (BigQuery)": _beyond(
            EXPORT_RUNS * rows / TIB, 1, "BigQuery, queries beyond 1 TiB"
        )
        + _beyond(rows / GIB, 10, "BigQuery, stored beyond 10 GiB"),
        "worker image (Artifact Registry)": _price("Artifact Registry"),
    }


def _price(name: str) -> float:
    return PRICES[name].dollars


def _beyond(quantity: float, free: float, price: str) -> float:
    return max(0.0, quantity - free) * _price(price)


def cost_table() -> str:
    """Returns dollars by service and hours of video a month, in Markdown."""
    columns = [monthly(hours) for hours in HOURS]
    lines = ["| a month with | " + " | ".join(f"{hours:,} h" for hours in HOURS) + " |"]
    lines.append("|---|" + "---:|" * len(HOURS))
    for name in columns[0]:
        lines.append(f"| {name} | " + " | ".join(f"{of[name]:,.2f}" for of in columns) + " |")
    totals = " | ".join(f"**{sum(of.values()):,.2f}**" for of in columns)
    lines.append(f"| **without labeling** | {totals} |")
    images = " | ".join(f"{hours * IMAGES_AN_HOUR:,.0f}" for hours in HOURS)
    lines.append(f"| images, for the vendor's price | {images} |")
    return "\n".join(lines) + "\n"


def engine_table() -> str:
    """Returns dollars of both jobs by engine and hours of video a month, in Markdown."""
    rows = {
        "Dataflow": [sum(dataflow(hours)) for hours in ENGINE_HOURS],
        "Cloud Run": [cloud_run(hours) for hours in ENGINE_HOURS],
    }
    lines = ["| both jobs, a month with | " + " | ".join(f"{h:,} h" for h in ENGINE_HOURS) + " |"]
    lines.append("|---|" + "---:|" * len(ENGINE_HOURS))
    for name, row in rows.items():
        lines.append(f"| {name} | " + " | ".join(f"{dollars:,.2f}" for dollars in row) + " |")
    return "\n".join(lines) + "\n"


def pipeline_table() -> str:
    """Returns dollars of the scheduled pipeline, by its schedule and the length of a training."""
    lengths = " | ".join(f"{minutes} min" for minutes in TRAINING_MINUTES)
    lines = [f"| a month of runs, with a training of | {lengths} |"]
    lines.append("|---|" + "---:|" * len(TRAINING_MINUTES))
    for name, runs in RUNS_A_MONTH.items():
        dollars = " | ".join(f"{pipeline(runs, minutes):,.2f}" for minutes in TRAINING_MINUTES)
        lines.append(f"| {name} | {dollars} |")
    return "\n".join(lines) + "\n"


def price_table() -> str:
    """Returns the unit prices, and how well each is known, in Markdown."""
    lines = ["| | dollars | for | known from |", "|---|---:|---|---|"]
    for name, price in PRICES.items():
        dollars = f"{price.dollars:.7f}".rstrip("0").rstrip(".")
        lines.append(f"| {name} | {dollars} | {price.unit} | {price.source} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(cost_table())
    print(engine_table())
    print(pipeline_table())
    print(f"They cross at {crossing():,} hours.\n")
    print(price_table())
