"""The ingest job as Dataflow starts it: `python -m dataflow.extract_frames --help`."""

import sys

from vidset.beam.ingest_job import main

if __name__ == "__main__":
    sys.exit(main())
