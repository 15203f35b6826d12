"""A source that serves a generated province's phases exactly as they are, repeats included."""

from __future__ import annotations

from simulator import SAMPLE_NOTICE
from simulator.http_messages import SourceRequest, SourceResponse, json_response
from simulator.server import SampleSource
from tests.oracle.generate import Phase

PAGE = 20


class PhaseSource(SampleSource):
    """Serves one phase at a time over HTTP; set `phase` before each ingestion.

    A window other than the phase's own is refused, so that a test cannot ask the wrong one.
    """

    phase: Phase

    def _honest_answer(self, request: SourceRequest) -> SourceResponse:
        feed = request.target
        if request.method != "GET" or feed not in self.phase.records:
            return super()._honest_answer(request)
        records = self.phase.records[feed]
        total = self.phase.total(feed)
        start = int(request.query.get("cursor", "0"))
        end = start + PAGE
        body = {
            "notice": SAMPLE_NOTICE,
            "total": total,
            "data": records[start:end],
            "next_cursor": str(end) if end < len(records) else None,
        }
        return json_response(200, body)
