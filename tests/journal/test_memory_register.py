"""What the register remembers lies apart from whoever has it open."""

from tests.journal.samples import scale_set, scale_set_id
from tidegate.domain.extension import ExtensionType, Publication
from tidegate.domain.version import Version
from tidegate.journal.memory_register import MemoryRegister, RegisterMemory
from tidegate.journal.register import AutopilotTask, Enrolment

MONITOR = ExtensionType(publisher="Contoso.Agents", type="Monitor")
TASK = AutopilotTask(scale_set=scale_set_id(), cause="retry/u1", due_at_ms=1, attempt=1)


async def passed() -> None:
    """Nothing stands in the way."""


async def test_a_copy_goes_its_own_way() -> None:
    memory = RegisterMemory()
    register = MemoryRegister(memory, passed)
    await register.publish(Publication(extension_type=MONITOR, version=Version("1.0"), published_at_ms=1))
    await register.add_tasks([TASK])
    twin = MemoryRegister(memory.copy(), passed)
    await register.publish(Publication(extension_type=MONITOR, version=Version("1.1"), published_at_ms=2))
    await register.put_scale_set(scale_set(), None)
    await register.set_enrolment(Enrolment(subscription="s1", is_enrolled=True, changed_at_ms=1))
    await register.finish_task(TASK)
    assert [each.version.text for each in await twin.publications(MONITOR)] == ["1.0"]
    assert await twin.scale_set(scale_set_id()) is None
    assert await twin.enrolment("s1") is None
    assert await twin.due_tasks(1, 9) == [TASK]


async def test_asking_for_what_is_not_there_leaves_no_trace() -> None:
    register = MemoryRegister(RegisterMemory(), passed)
    await register.publications(MONITOR)
    await register.withdraw(MONITOR, Version("1.0"))
    assert await register.extension_types("", 9) == []
