"""Manifests are read as the agents of Azure read them: real ones, odd ones and broken ones."""

import codecs
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.handler.packing import manifest_json
from tidegate_handler.commands import Command
from tidegate_handler.manifest import ManifestMalformed, ResourceLimits, ServiceLimit, SigningInfo, read_manifest

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SECTION_KEYS = ["updateMode", "reportHeartbeat", *(command.manifest_key for command in Command)]


def problems_of(text: str | bytes) -> list[str]:
    with pytest.raises(ManifestMalformed) as refusal:
        read_manifest(text)
    assert str(refusal.value) == "\n".join(map(str, refusal.value.problems))
    return list(map(str, refusal.value.problems))


def expected_flag(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")


def test_every_real_manifest_is_read_field_by_field(shared_data: Path) -> None:
    paths = sorted((shared_data / "handler-manifests").glob("*.json"))
    assert len(paths) == 18
    update_modes = continues = 0
    for path in paths:
        element = json.loads(path.read_text(encoding="utf-8-sig"))[0]
        section = element["handlerManifest"]
        manifest = read_manifest(path.read_bytes())
        for command in Command:
            assert manifest.command(command) == section[command.manifest_key], path.name
        mode = section.get("updateMode", "UpdateWithInstall")
        assert manifest.update_with_install == (mode.lower() == "updatewithinstall"), path.name
        assert manifest.report_heartbeat == expected_flag(section.get("reportHeartbeat"))
        assert manifest.continue_on_update_failure == expected_flag(section.get("continueOnUpdateFailure"))
        assert manifest.supports_multiple_extensions == expected_flag(section.get("supportsMultipleExtensions"))
        assert manifest.name == element.get("name", "")
        assert manifest.version == str(element["version"])
        assert (manifest.signing_info is not None) == ("signingInfo" in element)
        assert (manifest.resource_limits != ResourceLimits()) == ("resourceLimits" in element)
        assert section["rebootAfterInstall"] is False
        assert "resetStateCommand" not in section
        update_modes += "updateMode" in section
        continues += "continueOnUpdateFailure" in section
    assert (update_modes, continues) == (8, 3)


def real(shared_data: Path, name: str) -> bytes:
    return (shared_data / "handler-manifests" / f"{name}__HandlerManifest.json").read_bytes()


def test_the_monitor_agents_limits_are_read(shared_data: Path) -> None:
    limits = read_manifest(real(shared_data, "azure-linux-extensions__AzureMonitorAgent")).resource_limits
    assert (limits.cpu_quota_percent, limits.memory_quota_mib) == (None, None)
    assert limits.services == (
        ServiceLimit(name="azuremonitoragent", cpu_quota_percent=250),
        ServiceLimit(name="azuremonitoragentmgr", cpu_quota_percent=None),
        ServiceLimit(name="azuremonitor-agentlauncher", cpu_quota_percent=4),
        ServiceLimit(name="azuremonitor-coreagent", cpu_quota_percent=200),
        ServiceLimit(name="metrics-extension", cpu_quota_percent=5),
        ServiceLimit(name="metrics-sourcer", cpu_quota_percent=10),
    )


def test_what_a_signed_package_says_it_is_is_read(shared_data: Path) -> None:
    signing = read_manifest(real(shared_data, "VMAccessForLinux-1.7.0-signed")).signing_info
    assert signing == SigningInfo(version="1.7.0", type="VMAccessForLinux", publisher="Microsoft.OSTCExtensions.Edp")
    assert signing.matches("microsoft.ostcextensions.edp", "VMACCESSFORLINUX", "1.7.0")
    assert not signing.matches("Microsoft.OSTCExtensions", "VMAccessForLinux", "1.7.0")
    assert not signing.matches("Microsoft.OSTCExtensions.Edp", "VMAccessForLinux", "1.7.1")


def test_the_real_ones_that_stand_out_are_read_as_they_are(shared_data: Path) -> None:
    operations = read_manifest(real(shared_data, "azure-linux-extensions__OmsAgent"))
    assert operations.continue_on_update_failure
    assert operations.remarks == (
        "handlerManifest.continueOnUpdateFailure is no JSON boolean; agents read it as true.",
    )
    assert operations.version == "1.13.19"
    run_command = read_manifest(real(shared_data, "run-command-handler-linux__misc"))
    assert run_command.supports_multiple_extensions
    assert not read_manifest(
        real(shared_data, "WALinuxAgent__tests_e2e__GuestAgentDcrTestExtension")
    ).update_with_install
    assert read_manifest(real(shared_data, "azure-linux-extensions__Diagnostic")).update_with_install
    heartbeat = read_manifest(real(shared_data, "azure-linux-extensions__TestHandlerLinux"))
    assert (heartbeat.report_heartbeat, heartbeat.version, heartbeat.name) == (True, "1.1", "TestHandlerLinux")


@pytest.mark.parametrize(
    ("name", "flags", "remarked"),
    [
        ("valid_manifest", (True, True, True), 0),
        ("manifest_no_optional_fields", (False, False, False), 0),
        ("manifest_boolean_fields_strings", (True, True, True), 3),
        ("manifest_boolean_fields_false", (False, False, False), 3),
        ("manifest_boolean_fields_invalid", (False, False, False), 3),
    ],
)
def test_the_linux_agents_own_cases_are_read_as_it_reads_them(
    shared_data: Path, name: str, flags: tuple[bool, bool, bool], remarked: int
) -> None:
    path = shared_data / "guest-agent-testdata/ext/handler_manifest" / f"{name}.json"
    manifest = read_manifest(path.read_bytes())
    read = (manifest.report_heartbeat, manifest.continue_on_update_failure, manifest.supports_multiple_extensions)
    assert read == flags
    assert len(manifest.remarks) == remarked
    assert manifest.update_with_install
    assert [manifest.command(command) for command in Command] == [f"{command.value}_cmd" for command in Command]


def test_a_byte_order_mark_is_no_hindrance() -> None:
    assert read_manifest(codecs.BOM_UTF8 + manifest_json()) == read_manifest(manifest_json())
    assert read_manifest("\ufeff" + manifest_json().decode()) == read_manifest(manifest_json())


def test_only_the_first_element_counts() -> None:
    first = json.loads(manifest_json())[0]
    assert read_manifest(json.dumps([first, {"handlerManifest": 7}])) == read_manifest(manifest_json())


@pytest.mark.parametrize(
    ("written", "read"), [("1.0", "1.0"), ('"1.0"', "1.0"), ("1", "1"), ("1.10", "1.10"), ("null", ""), ("true", "")]
)
def test_the_version_is_kept_as_it_was_written(written: str, read: str) -> None:
    text = manifest_json().decode().replace('"version": 1.0', f'"version": {written}')
    assert read_manifest(text).version == read


@pytest.mark.parametrize(
    ("value", "with_install"),
    [
        (None, True),
        ("UpdateWithInstall", True),
        ("UPDATEWITHINSTALL", True),
        ("UpdateWithoutInstall", False),
        ("x", False),
    ],
)
def test_install_follows_an_update_unless_the_manifest_says_otherwise(value: str | None, with_install: bool) -> None:
    assert read_manifest(manifest_json({"updateMode": value})).update_with_install is with_install


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "HandlerManifest.json: is not JSON: Expecting value at line 1, column 1."),
        (
            b"[{]",
            "HandlerManifest.json: is not JSON: Expecting property name enclosed in double quotes at line 1, column 3.",
        ),
        (b"\xff\xfe[\x00{\x00", "HandlerManifest.json: is not UTF-8, at byte 0."),
        (
            b"[" * 100_000,
            "HandlerManifest.json: is not JSON that can be read: a number is too long, or the nesting too deep.",
        ),
        (
            b"9" * 5_000,
            "HandlerManifest.json: is not JSON that can be read: a number is too long, or the nesting too deep.",
        ),
        (b"{}", "HandlerManifest.json: must be a JSON array, whose first element is the manifest."),
        (b"[]", "HandlerManifest.json: must be a JSON array, whose first element is the manifest."),
        (b"[7]", "HandlerManifest.json: must be a JSON array whose first element is an object."),
        (b"[{}]", "handlerManifest: must be there, a JSON object."),
        (b'[{"handlerManifest": null}]', "handlerManifest: must be there, a JSON object."),
    ],
)
def test_what_is_no_manifest_is_refused_in_one_sentence(text: bytes, told: str) -> None:
    assert problems_of(text) == [told]


def test_every_command_that_is_missing_is_named() -> None:
    assert problems_of(b'[{"handlerManifest": {"enableCommand": "x", "updateMode": true}}]') == [
        "handlerManifest.installCommand: is missing.",
        "handlerManifest.updateCommand: is missing.",
        "handlerManifest.disableCommand: is missing.",
        "handlerManifest.uninstallCommand: is missing.",
        "handlerManifest.updateMode: must be text: UpdateWithInstall or UpdateWithoutInstall.",
    ]


@pytest.mark.parametrize("value", ["", "  ", "/", 7, ["x"], {"a": 1}, True, "a\0b", "\ud800"])
def test_a_command_that_no_shell_can_run_is_a_problem(value: object) -> None:
    assert problems_of(manifest_json({"enableCommand": value})) == [
        "handlerManifest.enableCommand: must be text that a shell can run, not empty."
    ]


def test_limits_and_signing_that_make_no_sense_say_nothing() -> None:
    services = [{"name": ""}, 7, {"name": "x", "cpuQuotaPercentage": "lots"}, {"name": "y", "cpuQuotaPercentage": True}]
    limits = {"cpuQuotaPercentage": -1, "memoryQuotaInMB": 2.5, "services": services}
    manifest = read_manifest(manifest_json(resourceLimits=limits, signingInfo={"type": "T"}))
    assert manifest.resource_limits == ResourceLimits(
        memory_quota_mib=2.5, services=(ServiceLimit(name="x"), ServiceLimit(name="y"))
    )
    assert manifest.signing_info is None
    assert len(manifest.remarks) == 6
    assert len(read_manifest(manifest_json(resourceLimits=7, signingInfo=7)).remarks) == 2
    assert len(read_manifest(manifest_json(resourceLimits={"services": 7})).remarks) == 1


@given(st.binary() | st.text(alphabet=st.characters(exclude_categories=())))
def test_rubbish_is_malformed_and_nothing_else(text: str | bytes) -> None:
    assert problems_of(text)


@given(
    st.dictionaries(st.sampled_from(SECTION_KEYS), VALUES),
    st.dictionaries(st.sampled_from(["resourceLimits", "signingInfo", "name", "version"]), VALUES),
)
def test_any_values_are_read_or_malformed_and_nothing_else(
    changes: dict[str, object], beside: dict[str, object]
) -> None:
    element = {**json.loads(manifest_json(changes))[0], **beside}
    try:
        manifest = read_manifest(json.dumps([element]))
    except ManifestMalformed:
        return
    assert manifest.install_command
    assert "".join((manifest.name, manifest.version, *manifest.remarks)).encode("utf-8") is not None
