from tidegate_agent.report import (
    MESSAGE_CHARACTERS,
    SUBSTATUS_MOST,
    ExtensionReport,
    ExtensionSubstatus,
    HandlerReport,
    bounded,
)


def test_a_report_is_cut_to_what_the_contract_allows() -> None:
    part = ExtensionSubstatus(name="part", status="success", message="s" * 5_000)
    extension = ExtensionReport(
        extension_name="web", sequence_number=1, status="success", message="e" * 5_000, substatus=(part,) * 70
    )
    report = bounded(
        HandlerReport(
            publisher="A", type="B", version="1.0", status="Ready", message="h" * 5_000, extensions=(extension,)
        )
    )
    assert len(report.message) == MESSAGE_CHARACTERS
    (cut,) = report.extensions
    assert len(cut.message) == MESSAGE_CHARACTERS
    assert len(cut.substatus) == SUBSTATUS_MOST
    assert {len(each.message) for each in cut.substatus} == {MESSAGE_CHARACTERS}


def test_a_short_report_stays_as_it_is() -> None:
    report = HandlerReport(publisher="A", type="B", version="1.0", status="Ready", message="well")
    assert bounded(report) == report
