"""The store is of each kind, as in tests/labeling: a test that takes it runs on both."""

from tests.labeling.conftest import clock, store

__all__ = ["clock", "store"]
