import os

import pytest


@pytest.fixture(autouse=True)
def _no_settings_of_ones_own(monkeypatch):
    """Whoever runs the tests may have a broker's variables set."""
    for name in os.environ:
        if name.startswith(("LABELING_", "LABEL_STUDIO_", "SCALE_")):
            monkeypatch.delenv(name)
