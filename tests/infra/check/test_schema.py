"""What is read from a generated package, by the example of one made here."""

import base64
import json
from pathlib import Path

import pytest

from infra.check.generated_classes import read_classes
from infra.check.plugin_protocol import prepared_config, schema_response
from infra.check.provider_schema import Attribute, Block, NestedBlock, ProviderSchema
from infra.check.providers import read_package

PROVIDER = """
export class GoogleProvider extends cdktf.TerraformProvider {
  // project - computed: false, optional: true, required: false
  private _project?: string;
}
"""
BUCKET = """
export function storageBucketRuleToHclTerraform(struct?: any): any {
  const attrs = {
    age: {
      value: cdktf.numberToHclTerraform(struct!.age),
      isBlock: false,
      type: "simple",
      storageClassType: "number",
    },
  };
}
export class StorageBucketRuleOutputReference extends cdktf.ComplexObject {
  // age - computed: false, optional: false, required: true
  public get age() { return this.getNumberAttribute('age'); }
}
export class StorageBucketRuleList extends cdktf.ComplexList {
}
export class StorageBucketSoftDeletedOutputReference extends cdktf.ComplexObject {
  // at - computed: true, optional: false, required: false
  public get at() { return this.getStringAttribute('at'); }
}
export class StorageBucketSoftDeletedList extends cdktf.ComplexList {
}
export class StorageBucketTimeoutsOutputReference extends cdktf.ComplexObject {
  // create - computed: false, optional: true, required: false
  public get create() { return this.getStringAttribute('create'); }
}
export class StorageBucket extends cdktf.TerraformResource {
  public static readonly tfResourceType = "google_storage_bucket";
  // labels - computed: false, optional: true, required: false
  public get labels() { return this.getStringMapAttribute('labels'); }
  // name - computed: false, optional: false, required: true
  public get name() { return this.getStringAttribute('name'); }
  // soft_deleted - computed: true, optional: false, required: false
  private _softDeleted = new StorageBucketSoftDeletedList(this, "soft_deleted", false);
  // rule - computed: false, optional: true, required: false
  private _rule = new StorageBucketRuleList(this, "rule", true);
  // timeouts - computed: false, optional: true, required: false
  private _timeouts = new StorageBucketTimeoutsOutputReference(this, "timeouts");
  protected synthesizeHclAttributes(): { [name: string]: any } {
    const attrs = {
      rule: {
        value: x,
        isBlock: true,
        type: "set",
        storageClassType: "StorageBucketRuleList",
      },
      timeouts: {
        value: x,
        isBlock: true,
        type: "struct",
        storageClassType: "StorageBucketTimeouts",
      },
    };
  }
}
"""


def write_package(folder: Path, **texts: str) -> Path:
    about = {"name": "registry.terraform.io/hashicorp/google", "version": "6.50.0"}
    folder.mkdir()
    (folder / "package.json").write_text(json.dumps({"cdktf": {"provider": about}}))
    for name, text in texts.items():
        source_map = base64.b64encode(json.dumps({"sourcesContent": [text]}).encode()).decode()
        path = folder / "lib" / name.replace("_", "-") / "index.js"
        path.parent.mkdir(parents=True)
        path.write_text(f"//# sourceMappingURL=data:application/json;base64,{source_map}\n")
    return folder


def optional(name: str, type_) -> Attribute:
    return Attribute(name, type_, required=False, optional=True, computed=False)


def required(name: str, type_) -> Attribute:
    return Attribute(name, type_, required=True, optional=False, computed=False)


def computed(name: str, type_) -> Attribute:
    return Attribute(name, type_, required=False, optional=False, computed=True)


BUCKET_BLOCK = Block(
    (
        optional("labels", ["map", "string"]),
        required("name", "string"),
        computed("soft_deleted", ["list", ["object", {"at": "string"}]]),
    ),
    (
        NestedBlock("rule", "set", 0, 0, Block((required("age", "number"),), ())),
        NestedBlock("timeouts", "single", 0, 0, Block((optional("create", "string"),), ())),
    ),
)


def test_a_package_gives_each_resource_with_its_arguments_and_blocks(tmp_path):
    package = write_package(tmp_path / "package", provider=PROVIDER, storage_bucket=BUCKET)
    assert read_package(package) == ProviderSchema(
        source="registry.terraform.io/hashicorp/google",
        version="6.50.0",
        provider=Block((optional("project", "string"),), ()),
        resources={"google_storage_bucket": BUCKET_BLOCK},
        data_sources={},
    )


def test_the_same_package_gives_the_same_bytes(tmp_path):
    package = write_package(tmp_path / "package", provider=PROVIDER, storage_bucket=BUCKET)
    first, second = (schema_response(read_package(package)) for _ in range(2))
    assert first == second
    assert b"google_storage_bucket" in first


def test_terraform_need_not_ask_for_a_schema_again(tmp_path):
    package = write_package(tmp_path / "package", provider=PROVIDER, storage_bucket=BUCKET)
    # Field 6, ServerCapabilities, of two bytes: field 2, get_provider_schema_optional, is true.
    assert schema_response(read_package(package)).endswith(b"\x32\x02\x10\x01")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("export class A {}", "wanted a class of a resource", id="no-resource"),
        pytest.param(
            BUCKET.replace("getStringMapAttribute", "getSomethingNew"),
            r"StorageBucket\.labels: unknown form",
            id="unknown-getter",
        ),
        pytest.param(
            BUCKET.replace("class StorageBucketRuleOutputReference", "class Other"),
            r"StorageBucket\.rule: no class StorageBucketRuleOutputReference",
            id="absent-class",
        ),
    ],
)
def test_a_generated_file_of_another_form_is_refused(text, said):
    with pytest.raises(ValueError, match=said):
        read_classes(text)


def test_a_package_without_a_provider_is_refused(tmp_path):
    package = write_package(tmp_path / "package", storage_bucket=BUCKET)
    with pytest.raises(ValueError, match="wanted a provider and its resources"):
        read_package(package)


def test_a_provider_takes_its_configuration_as_it_is():
    # Field 1 with 200 bytes, after field 2, as protocol buffers write them.
    config = b"\x0a\xc8\x01" + b"x" * 200
    assert prepared_config(b"\x12\x02ab" + config) == config
