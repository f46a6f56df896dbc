"""Where the checkout is, and what may lie beside it where the project is developed."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
