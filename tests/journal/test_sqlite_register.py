"""On disk a scale set is the resource that was put, without its secrets, and is read anew."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.journal.samples import scale_set, scale_set_id
from tidegate.domain.arm_resource import read_scale_set
from tidegate.journal.sqlite import SqliteStore
from tidegate.journal.sqlite_register import SqliteRegister


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
async def register(path: Path) -> AsyncIterator[SqliteRegister]:
    store = await SqliteStore.open(path)
    yield store.register
    await store.close()


async def test_a_scale_set_is_read_anew_from_its_resource(register: SqliteRegister, path: Path) -> None:
    await register.put_scale_set(scale_set(capacity=3), None)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE scale_sets SET resource = replace(resource, '\"capacity\":3', '\"capacity\":8')")
    kept = await register.scale_set(scale_set_id())
    assert kept == scale_set(capacity=8)


async def test_a_location_given_beside_the_resource_is_kept(register: SqliteRegister) -> None:
    resource = {"location": "[resourceGroup().location]", "sku": {"capacity": 1}}
    put = read_scale_set(scale_set_id(), resource, location="northeurope", etag="1")
    await register.put_scale_set(put, None)
    assert await register.scale_set(scale_set_id()) == put


async def test_no_secret_reaches_the_file(register: SqliteRegister, path: Path) -> None:
    secret = "correct horse battery staple"
    resource = {
        "location": "westeurope",
        "sku": {"capacity": 1},
        "properties": {
            "virtualMachineProfile": {
                "osProfile": {"adminUsername": "azure", "adminPassword": secret, "customData": secret},
                "extensionProfile": {
                    "extensions": [
                        {
                            "name": "monitor",
                            "properties": {
                                "publisher": "Contoso.Agents",
                                "type": "Monitor",
                                "typeHandlerVersion": "1.0",
                                "protectedSettings": {"key": secret},
                            },
                        }
                    ]
                },
            }
        },
    }
    await register.put_scale_set(read_scale_set(scale_set_id(), resource, etag="1"), None)
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"Contoso.Agents" in written
    assert secret.encode() not in written
