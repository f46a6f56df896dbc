"""A checkout that can be deployed."""

import pytest

from tests.docker.checkouts import BASES, Checkout


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    return Checkout(tmp_path)


@pytest.fixture
def ready(checkout) -> Checkout:
    checkout.write("docker/beam/bases.env", BASES)
    checkout.write("infra/terraform.tfvars", 'project_id = "project-1"\n')
    return checkout
