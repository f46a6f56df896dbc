"""The export job as Dataflow starts it: `python -m dataflow.export_annotations --help`."""

import sys

from vidset.beam.export_job import main

if __name__ == "__main__":
    sys.exit(main())
