"""What the place of version 0.1.0 is known to hold: written down when it was made."""

IMAGES = 19
SAMPLES = 23
VIDEOS = 8
FAILED_VIDEOS = 2
TASKS = {"completed": 17, "dispatched": 1}
ANNOTATIONS = {"labeled": 15, "skipped": 2}
LABELS = {"car": 8, "bicycle": 6, "person": 5}
QUARANTINE = 1
VERSION_ID = "22ac77a527abc108ad2c874898ed6252"
SPLITS = {"train": 10, "validation": 3, "test": 2}
IMAGES_OF_VERSION = 15
