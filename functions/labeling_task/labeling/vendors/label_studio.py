"""Label Studio as the vendor, over its REST API: https://api.labelstud.io.

Its import is not idempotent, and it knows no key of ours, so tasks are looked up by the image id
in their data, before and after each import.
"""

import contextlib
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any

from labeling.errors import InvalidAnswerError, RefusedError, TryAgainError
