"""A secret stays hidden, however somebody tries to show it."""

import json
import logging
import pickle
import traceback

import pytest

from vidset.labeling.settings import Settings
from vidset.labeling.vendors.registry import vendors
from vidset.secret import Secret
from vidset.watch.amqp_address import parse_address

TEXT = "hunter2-hunter2-hunter2"


def test_a_secret_is_shown_by_no_way_of_showing(caplog):
    secret = Secret(TEXT)
    logging.getLogger("vidset").warning("it is %s, %r", secret, secret)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", "%s" % secret]  # noqa: UP031
    shown += [repr({"a": [secret]}), caplog.text]
    try:
        raise ValueError(secret)
    except ValueError as error:
        shown.append("".join(traceback.format_exception(error)))
    assert not [text for text in shown if "hunter2" in text]
    for refused in json.dumps, pickle.dumps, "".join:
        with pytest.raises(TypeError) as told:
            refused([secret])  # type: ignore[operator]
        assert "hunter2" not in str(told.value)
    assert secret.reveal() == TEXT
    assert secret == Secret(TEXT) != Secret("another")


@pytest.mark.attack
def test_no_settings_show_a_secret():
    variables = [each for declared in vendors().values() for each in declared.variables]
    hidden = [each.name for each in variables if each.kind in ("key", "secret")]
    assert len(hidden) >= 5
    given = dict.fromkeys(hidden, TEXT) | {"LABELING_STORE": "sqlite:x"}
    settings = Settings.from_environment(given, "inspect")
    assert all(isinstance(settings.of_vendors[name], Secret) for name in hidden)
    shown = repr(settings) + repr(dict(settings.of_vendors)) + repr(settings.secrets)
    assert "hunter2" not in shown
    address = parse_address("amqp://me@rabbit/%2F?queue=q", TEXT)
    assert "hunter2" not in repr(address) + str(address.url)
    assert TEXT in address.url.reveal()
