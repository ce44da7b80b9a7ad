"""The verbs about rolling upgrades, against a real server."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from tests.cli.conftest import Tidegate, Told, environment
from tests.cli.samples import scale_set_id
from tidegate_client import Client
from tidegate_client.messages import Phase, UpgradeEvent

Put = Callable[..., str]

# Machines of `slow` and `broken` take 0.2 seconds each: time enough to begin watching before the last batch.
SLOW = {"capacity": 16, "batch_percent": 12}
BROKEN = {"capacity": 12, "batch_percent": 17}


def test_a_start_shows_what_it_started(tidegate: Tidegate, put: Put) -> None:
    scale_set = put("started")
    told = tidegate("start", scale_set)
    assert told.exits == 0
    assert f"{scale_set}/rollingUpgrades/" in told.out
    assert "agent 1.4" in told.out
    assert "tidegate watch" in told.err


def test_a_scale_set_may_be_named_by_its_parts(tidegate: Tidegate, put: Put) -> None:
    put("parts")
    told = tidegate("start", "-g", "shop", "-n", "parts", "-o", "json")
    assert told.exits == 0
    assert told.document["scaleSet"] == scale_set_id("parts")
    assert told.document["kind"] == "UPGRADE_KIND_EXTENSION"


def test_the_same_request_id_starts_nothing_again(tidegate: Tidegate, put: Put) -> None:
    words = ("start", put("again"), "--request-id", "mine", "-o", "json")
    first, second = tidegate(*words), tidegate(*words)
    assert first.document["name"] == second.document["name"]
    assert second.document["requestId"] == "mine"
    assert tidegate(*words, "--force").exits == 1


def test_validating_starts_nothing(tidegate: Tidegate, put: Put) -> None:
    scale_set = put("validated")
    assert tidegate("start", scale_set, "--validate-only", "-o", "json").document["name"] == ""
    assert tidegate("latest", scale_set).exits == 3


def test_a_refusal_names_every_denial_with_its_place(tidegate: Tidegate, put: Put) -> None:
    told = tidegate("start", put("fabric", publisher="Microsoft.Azure.ServiceFabric"))
    assert told.exits == 1
    assert told.out == ""
    lines = told.err.splitlines()
    assert lines[0] == "error: shop/fabric is not eligible."
    assert lines[1] == "  denied shop/fabric by no-service-fabric at policies/open.yaml:6:5"
    assert lines[2] == "    The scale set fabric is a Service Fabric cluster."
    assert lines[3].startswith("advice: ")


def test_a_second_start_is_refused_with_the_active_upgrade(tidegate: Tidegate, put: Put) -> None:
    scale_set = put("stuck")
    active = tidegate("start", scale_set, "-o", "json").document["name"]
    told = tidegate("start", scale_set)
    assert told.exits == 1
    assert active in told.err


@pytest.mark.parametrize(
    ("words", "exits", "said"),
    [
        (["start", scale_set_id("nowhere")], 3, "No scale set"),
        (["start", "nonsense"], 2, "is not of the form"),
        (["start"], 2, "-g GROUP and -n NAME are missing"),
        (["start", scale_set_id("x"), "--image-version", "2"], 2, "goes with --os"),
        (["start", scale_set_id("x"), "--watch", "--validate-only"], 2, "starts nothing"),
        (["latest", scale_set_id("nowhere")], 3, "advice:"),
        (["watch", scale_set_id("nowhere")], 3, "advice:"),
        (["explain", scale_set_id("nowhere"), "0"], 3, "advice:"),
        (["explain"], 2, "Missing argument"),
        (["cancel", scale_set_id("nowhere")], 3, "advice:"),
        (["list", "--filter", "status = Fine"], 2, "filter"),
        (["list", "--limit", "0"], 2, "--limit"),
        (["plan", scale_set_id("nowhere")], 3, "advice:"),
        (["no-such-verb"], 2, "No such command"),
    ],
)
def test_what_cannot_be_is_told_on_stderr(
    tidegate: Tidegate, client: Client, words: list[str], exits: int, said: str
) -> None:
    told = tidegate(*words)
    assert told.exits == exits
    assert told.out == ""
    assert said in " ".join(told.err.replace("│", " ").split())


def test_no_server_is_its_own_code(tidegate: Tidegate) -> None:
    told = tidegate("latest", scale_set_id("x"), "--server", "127.0.0.1:1")
    assert told.exits == 6
    assert told.err.splitlines()[0] == "error: No server answers at 127.0.0.1:1."


def test_watching_to_a_good_end_is_zero(tidegate: Tidegate, put: Put) -> None:
    told = tidegate("start", put("slow", **SLOW), "--watch")
    assert told.exits == 0
    lines = told.out.splitlines()
    assert lines[0].startswith("shop/slow  upgrade ")
    assert any("batch 16 of 16: 15" in line for line in lines)
    assert "Completed after" in lines[-1]
    assert "16 done, 0 failed" in lines[-1]


def test_watching_to_a_fault_is_four_and_says_why(tidegate: Tidegate, put: Put) -> None:
    told = tidegate("start", put("broken", **BROKEN), "--watch")
    assert told.exits == 4
    assert "6 failed: E51: It is broken." in told.out
    assert "stopped: halt  too-many-failed  policies/open.yaml:14:5" in told.out
    assert "progress.failedInstancePercent = 25" in told.out
    assert "Faulted after" in told.out.splitlines()[-1]


def test_ctrl_c_hangs_up_without_a_traceback(put: Put, client: Client, server: str) -> None:
    upgrade = client.start_os_rolling_upgrade(put("stuck-watch"), image_version="2.0")
    words = [sys.executable, "-c", "from tidegate.cli.main import main; main()", "watch", upgrade.name]
    watching = subprocess.Popen(
        words, env={**os.environ, **environment(server)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with watching:
        assert watching.stdout is not None
        assert watching.stdout.readline().startswith("shop/stuck-watch")
        watching.send_signal(signal.SIGINT)
        _, said = watching.communicate(timeout=20)
    assert (watching.returncode, said) == (130, "")


def watched_and_cancelled(tidegate: Tidegate, client: Client, scale_set: str, *words: str) -> Told:
    """Watches an upgrade that somebody else cancels in its second batch."""
    upgrade = client.start_extension_rolling_upgrade(scale_set)

    def cancel_in_the_second_batch() -> None:
        with client.watch_rolling_upgrade(upgrade.name) as watch:
            for item in watch:
                if isinstance(item, UpgradeEvent) and item.batch_number == 2:
                    client.cancel_rolling_upgrade(upgrade.name)
                    return

    canceller = threading.Thread(target=cancel_in_the_second_batch)
    canceller.start()
    told = tidegate("watch", upgrade.name, *words)
    canceller.join()
    return told


def test_watching_to_a_cancel_is_five(tidegate: Tidegate, put: Put, client: Client) -> None:
    told = watched_and_cancelled(tidegate, client, put("slow", **SLOW))
    assert told.exits == 5
    assert "Cancelled after" in told.out.splitlines()[-1]


def test_json_of_a_watch_is_one_line_for_each_event_without_gaps(tidegate: Tidegate, put: Put, client: Client) -> None:
    scale_set = put("slow", **SLOW)
    told = watched_and_cancelled(tidegate, client, scale_set, "-o", "json")
    assert told.exits == 5
    first, *rest = map(json.loads, told.out.splitlines())
    assert set(first) == {"snapshot", "resumeToken"}
    begun = int(first["snapshot"]["rollingUpgrade"]["lastSequence"])
    assert [int(line["event"]["sequence"]) for line in rest] == list(range(begun + 1, begun + 1 + len(rest)))
    assert rest[-1]["event"]["type"] == "EVENT_TYPE_UPGRADE_CANCELLED"
    assert all(line["resumeToken"] for line in rest)
    resumed = tidegate("watch", scale_set, "-o", "json", "--resume-token", rest[-3]["resumeToken"])
    assert [json.loads(line) for line in resumed.out.splitlines()] == rest[-2:]
    plain = tidegate("watch", scale_set, "--resume-token", rest[-2]["resumeToken"])
    assert "Cancelled: " in plain.out.splitlines()[-1]


def test_a_watch_of_what_is_over_ends_at_once(tidegate: Tidegate, put: Put) -> None:
    scale_set = put("over")
    tidegate("start", scale_set, "--watch")
    told = tidegate("watch", scale_set)
    assert told.exits == 0
    assert told.out.splitlines()[-1].startswith("Completed after")


def test_a_resume_token_of_another_watch_is_refused(tidegate: Tidegate, put: Put) -> None:
    one, other = put("one"), put("other")
    line = json.loads(tidegate("start", one, "--watch", "-o", "json").out.splitlines()[-1])
    tidegate("start", other, "--watch")
    assert tidegate("watch", other, "--resume-token", line["resumeToken"]).exits in {1, 2}


def test_the_latest_upgrade_with_every_instance(tidegate: Tidegate, put: Put) -> None:
    scale_set = put("latest")
    assert tidegate("latest", scale_set).exits == 3
    tidegate("start", scale_set, "--watch")
    told = tidegate("latest", scale_set, "--instances")
    assert told.exits == 0
    assert "Completed" in told.out
    assert told.out.splitlines()[-1].split()[:4] == ["3", "-", "2", "done"]
    document = tidegate("latest", scale_set, "--instances", "-o", "json").document
    assert [each["status"] for each in document["instances"]] == ["INSTANCE_STATUS_SUCCEEDED"] * 4


def test_an_image_upgrade_needs_to_be_asked_for(tidegate: Tidegate, put: Put) -> None:
    scale_set = put("image")
    told = tidegate("start", scale_set, "--os", "--image-version", "2.0.1", "--watch", "-o", "json")
    assert told.exits == 0
    document = tidegate("latest", scale_set, "-o", "json").document
    assert document["kind"] == "UPGRADE_KIND_OS_IMAGE"
    assert document["targets"][0]["version"] == "2.0.1"


def test_a_plan_starts_nothing(tidegate: Tidegate, put: Put) -> None:
    scale_set = put("planned", zones=["1", "2"])
    told = tidegate("plan", scale_set)
    assert told.exits == 0
    assert "4 of 4 instances" in told.out
    assert "as-the-scale-set-says" in told.out
    document = tidegate("plan", scale_set, "-o", "json").document
    assert [batch["zone"] for batch in document["batches"]] == ["1", "2"]
    assert tidegate("plan", scale_set, "--os", "--image-version", "3.0", "-o", "json").exits == 0
    assert tidegate("latest", scale_set).exits == 3


def test_an_instance_is_explained_in_three_spellings(tidegate: Tidegate, put: Put) -> None:
    scale_set = put("broken", **BROKEN)
    tidegate("start", scale_set, "--watch")
    failed = tidegate("explain", scale_set, "6")
    assert failed.exits == 0
    assert "E51" in failed.out
    waiting = tidegate("explain", f"{scale_set}/virtualMachines/11")
    assert "too-many-failed  policies/open.yaml:14:5" in waiting.out
    document = tidegate("explain", "11", "-g", "shop", "-n", "broken", "-o", "json").document
    assert document["instance"]["status"] == "INSTANCE_STATUS_WAITING"
    named = tidegate("explain", scale_set, "11", "--upgrade", document["rollingUpgrade"], "-o", "json")
    assert named.document == document
    assert tidegate("explain", scale_set, "99").exits == 3


def test_upgrades_are_listed_filtered_and_limited(tidegate: Tidegate, put: Put) -> None:
    scale_set = put("listed")
    names = []
    for version in ("2.0", "2.1", "2.2"):
        tidegate("start", scale_set, "--os", "--image-version", version, "--watch")
        names.append(tidegate("latest", scale_set, "-o", "json").document["name"])
    listed = tidegate("list", scale_set, "-o", "json").document
    assert [each["name"] for each in listed] == names[::-1]
    oldest = tidegate("list", scale_set, "--oldest-first", "--limit", "2", "-o", "json").document
    assert [each["name"] for each in oldest] == names[:2]
    assert tidegate("list", scale_set, "--filter", "status = Faulted", "-o", "json").document == []
    assert len(tidegate("list", "--filter", "kind = OS_IMAGE", "-o", "json").document) >= 3
    assert len(tidegate("list", scale_set).out.splitlines()) == 4
    assert tidegate("list", put("never")).out == "There are no rolling upgrades.\n"


def test_an_upgrade_is_paused_resumed_and_cancelled(tidegate: Tidegate, put: Put, client: Client) -> None:
    scale_set = put("slow", capacity=40, batch_percent=5)
    assert tidegate("pause", scale_set).exits == 1
    name = tidegate("start", scale_set, "-o", "json").document["name"]
    assert tidegate("resume", name).exits == 1
    assert tidegate("pause", "-g", "shop", "-n", "slow").exits == 0
    with client.watch_rolling_upgrade(name) as watch:
        for item in watch:
            phase = item.phase if isinstance(item, UpgradeEvent) else item.rolling_upgrade.phase
            if phase == Phase.PHASE_PAUSED:
                break
    assert tidegate("pause", name).exits == 0
    assert tidegate("resume", name, "-o", "json").document["phase"] != "PHASE_PAUSED"
    assert tidegate("cancel", name).exits == 0
    assert tidegate("watch", name).exits == 5
    ended = tidegate("cancel", name)
    assert ended.exits == 1
    assert "There is no ongoing Rolling Upgrade to cancel." in ended.err
