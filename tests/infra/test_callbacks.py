"""Labeling without anything public: the functions start, and ask Label Studio for its answers."""

import pytest

from tests.infra.applied import EVERYTHING, Applied
from tests.infra.conftest import applied
from tests.infra.test_grants import grants
from vidset.labeling.settings import Settings

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def polled(shared) -> Applied:
    """Everything, but callbacks."""
    variables = {**EVERYTHING, "callback_members": [], "labeling_former_vendors": []}
    return applied(variables, shared)


def test_nothing_is_granted_to_all(polled):
    assert [line for line in grants(polled) if line.startswith("all")] == []


def test_the_functions_start_without_a_callback(polled):
    functions = polled.of_type("google_cloudfunctions2_function")
    assert len(functions) == 3
    for function in functions.values():
        [service] = function["service_config"]
        secrets = [each["key"] for each in service["secret_environment_variables"]]
        environment = service["environment_variables"] | dict.fromkeys(secrets, "a-secret-of-16-a")
        use = "request" if function["name"] == "vidset-request-labeling" else "dispatch"
        settings = Settings.from_environment(environment, use)
        assert settings.callback_url is None
