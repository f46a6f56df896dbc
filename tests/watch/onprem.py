"""The files of deploy/onprem, as the tests read them."""

from typing import Any

import yaml

from tests.paths import ROOT

ONPREM = ROOT / "deploy" / "onprem"
TEXT = (ONPREM / "compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
