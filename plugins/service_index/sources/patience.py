"""Asks for a page until it is whole, or the tries that the policy allows are used up."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import TypeVar

import tenacity

from service_index.sources.errors import (
    ExtractionCancelledError,
    PageFailedError,
    SourceRefusedError,
    TransientSourceError,
)
from service_index.sources.policy import SourcePolicy

T = TypeVar("T")


def ask_until_whole(
    attempt: Callable[[], T], policy: SourcePolicy, label: str, cancelled: threading.Event
) -> T:
    """What `attempt` gives, tried again while it raises TransientSourceError.

    `label` opens the messages of errors. Setting `cancelled` ends a wait between tries.

    Raises PageFailedError after the last try, SourceRefusedError or its AuthenticationError at
    once where trying again is no use, ExtractionCancelledError.
    """
    tries = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(TransientSourceError),
        stop=tenacity.stop_after_attempt(policy.tries),
        wait=_Wait(policy),
        sleep=lambda seconds: _sleep(seconds, cancelled, label),
        reraise=True,
    )
    try:
        return tries(attempt)
    except TransientSourceError as error:
        raise PageFailedError(
            f"{label}: gave up after {policy.tries} tries, the last one: {error}"
        ) from None
    except SourceRefusedError as error:
        raise type(error)(f"{label}: {error}") from None


class _Wait(tenacity.wait.wait_base):
    """As long as the source asked (within bounds), else exponentially longer; both with jitter."""

    def __init__(self, policy: SourcePolicy) -> None:
        self._cap = policy.longest_retry_after_seconds
        self._first = policy.backoff_seconds
        self._backoff = tenacity.wait_exponential(
            multiplier=policy.backoff_seconds, max=policy.longest_backoff_seconds
        )

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        asked = error.retry_after if isinstance(error, TransientSourceError) else None
        if asked is not None:
            return min(asked, self._cap) + random.uniform(0, self._first)
        wait = self._backoff(retry_state)
        return wait + random.uniform(0, wait)


def _sleep(seconds: float, cancelled: threading.Event, label: str) -> None:
    if cancelled.wait(seconds):
        raise ExtractionCancelledError(f"{label}: cancelled")
