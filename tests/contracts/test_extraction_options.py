"""The options of an extraction stand in one table; whoever offers them offers the same."""

import argparse
import inspect
import json
import re
from dataclasses import fields
from typing import get_args

import pytest
from typer.models import OptionInfo

from tests.paths import ROOT
from vidset.beam.ingest_options import IngestOptions
from vidset.cli.extract.command import extract
from vidset.cli.watch import watch
from vidset.extraction_options import OPTIONS
from vidset.metrics import DEFAULT
from vidset.project_file import KEYS
from vidset.settings import ExtractionSettings, extraction_settings

NAMES = [option.name for option in OPTIONS]


def test_they_are_what_settings_hold():
    others = {"sampling", "spans", "rights"} - {"every", "tolerance"}
    held = {field.name for field in fields(ExtractionSettings)} - others
    assert set(NAMES) == held | {"every", "tolerance"}


def test_their_defaults_are_those_of_the_settings():
    assert extraction_settings({}) == ExtractionSettings()
    assert {option.name: option.default for option in OPTIONS}["metric"] == DEFAULT


def test_an_option_that_is_none_is_refused_by_name():
    with pytest.raises(ValueError, match="an extraction has no option evry"):
        extraction_settings({"evry": "1"})


@pytest.mark.parametrize("command", [extract, watch], ids=["extract", "watch"])
def test_commands_offer_all_of_them_as_declared(command):
    parameters = inspect.signature(command).parameters
    for option in OPTIONS:
        parameter = parameters[option.word]
        assert parameter.default is None  # vidset.toml may say otherwise than the default.
        kind, info = get_args(parameter.annotation)
        assert isinstance(info, OptionInfo)
        assert (info.help, info.metavar) == (option.help, option.metavar)
        default = option.shown_default or option.default
        assert info.show_default == (True if default is None else str(default))
        assert option.type in get_args(kind)


def test_vidset_toml_has_a_key_for_each():
    assert {f"extract.{option.word}" for option in OPTIONS} <= KEYS.keys()


def test_the_ingest_job_offers_all_of_them_as_declared():
    parser = argparse.ArgumentParser()
    IngestOptions._add_argparse_args(parser)
    offered = {action.dest: action for action in parser._actions}
    for option in OPTIONS:
        assert offered[option.name].help == option.help
        assert offered[option.name].default == option.default


def test_the_flex_template_describes_them_as_declared():
    metadata = json.loads((ROOT / "docker" / "beam" / "metadata.json").read_text())
    told = {each["name"]: each for each in metadata["parameters"]}
    for option in OPTIONS:
        assert told[option.name] == {
            "name": option.name,
            "label": option.label,
            "helpText": option.template_help,
            "isOptional": True,
            "regexes": [f"^{option.pattern}$"],
        }


def test_terraform_takes_all_of_them():
    text = (ROOT / "infra" / "variables_jobs.tf").read_text()
    [listed] = re.findall(r"keys\(var.ingest_options\), (\[.*?\])", text, re.S)
    assert set(NAMES) <= set(re.findall(r'"(\w+)"', listed))
