"""What dbt tells while it runs, without what nobody hears."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def heard_events_only() -> Iterator[None]:
    """In this block dbt makes no message of an event at debug level, unless its log wants them.

    It has five thousand of them in a run, a few for every statement, and makes a message and a
    line of each before it looks whether anybody listens: more than a third of a small run's
    processor time. Of a node that has ended, `NodeFinished`, a callback is always told.
    """
    if os.environ.get("DBT_LOG_LEVEL_FILE") == "debug":
        yield
    else:
        with _unheard_are_dropped(), _messages_are_made_when_read():
            yield


@contextmanager
def _unheard_are_dropped() -> Iterator[None]:
    from dbt_common.events import event_manager_client
    from dbt_common.events.base_types import EventLevel
    from dbt_common.events.event_manager import EventManager

    class HeardEvents(EventManager):
        def fire_event(
            self,
            e: Any,
            level: Any = None,
            node: Any = None,
            force_warn_or_error_handling: bool = False,
        ) -> None:
            is_heard = (
                (level or e.level_tag()) != EventLevel.DEBUG
                or force_warn_or_error_handling
                or type(e).__name__ == "NodeFinished"
            )
            if is_heard:
                super().fire_event(e, level, node, force_warn_or_error_handling)

    former = event_manager_client.get_event_manager()
    event_manager_client.ctx_set_event_manager(HeardEvents())
    try:
        yield
    finally:
        event_manager_client.ctx_set_event_manager(former)


@contextmanager
def _messages_are_made_when_read() -> Iterator[None]:
    """An event at debug level keeps what its message is made of until somebody reads it."""
    from dbt_common.events import base_types

    event: Any = base_types.BaseEvent
    debug_event: Any = base_types.DebugLevel

    def keep(self: Any, **fields: Any) -> None:
        self.__dict__["fields"] = fields

    def read(self: Any, name: str) -> Any:
        if "pb_msg" not in self.__dict__:
            event.__init__(self, **self.__dict__["fields"])
        return event.__getattr__(self, name)

    debug_event.__init__, debug_event.__getattr__ = keep, read
    try:
        yield
    finally:
        # Its base's are found again.
        del debug_event.__init__, debug_event.__getattr__
