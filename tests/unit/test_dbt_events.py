"""Events of dbt's that nobody hears, and those that somebody does."""

from __future__ import annotations

import pytest
from dbt_common.events import event_manager_client as client
from dbt_common.events.base_types import EventLevel
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from service_index.orchestration.dbt_events import heard_events_only


@pytest.mark.parametrize(
    ("log_level", "expected"),
    [("info", ["information"]), ("debug", ["information", "a statement"])],
)
def test_debug_events_are_for_a_log_that_wants_them(
    monkeypatch: pytest.MonkeyPatch, log_level: str, expected: list[str]
) -> None:
    monkeypatch.setenv("DBT_LOG_LEVEL_FILE", log_level)
    former = client.get_event_manager()
    told: list[str] = []
    with heard_events_only():
        client.add_callback_to_manager(lambda message: told.append(message.info.msg))
        fire_event(Note(msg="information"))
        fire_event(Note(msg="a statement"), level=EventLevel.DEBUG)
    client.cleanup_event_logger()
    assert told == expected
    assert client.get_event_manager() is former
