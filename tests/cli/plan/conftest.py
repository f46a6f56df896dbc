from tests.plan.conftest import ledger

__all__ = ["ledger"]
