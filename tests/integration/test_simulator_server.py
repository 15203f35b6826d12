"""The sample source over real HTTP: the contract kept, and broken on demand."""

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator import SAMPLE_NOTICE, dataset
from simulator.faults import (
    ConnectionReset,
    ExpiredToken,
    LoginPage,
    LostRecords,
    RepeatedPage,
    RepeatedRecords,
    ServerError,
    SlowAnswer,
    TooManyRequests,
    TruncatedBody,
    WrongTotal,
)
from simulator.server import SampleSource

ROOT = Path(__file__).parents[2]
WINDOW = {
    "updated_from": "2025-03-01T00:00:00+07:00",
    "updated_to": "2025-04-01T00:00:00+07:00",
}
RECORDS = [
    {"MaHoSo": f"H{day:02d}", "NgayCapNhat": f"202503{day:02d}120000"} for day in range(1, 11)
]


class Client:
    """A reader as plain as can be."""

    def __init__(self, source: SampleSource) -> None:
        self._source = source
        self._session = requests.Session()
        self.token = self.new_token()

    def new_token(self) -> str:
        answer = self._session.post(
            f"{self._source.base_url}/token",
            auth=(self._source.client_id, self._source.client_secret),
            data={"grant_type": "client_credentials"},
            timeout=5,
        )
        return str(answer.json()["access_token"])

    def get(self, feed: str = "dossiers", timeout: float = 5, **query: Any) -> requests.Response:
        return self._session.get(
            f"{self._source.base_url}/v1/{feed}",
            params={**WINDOW, **query},
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=timeout,
        )

    def pages(self, feed: str = "dossiers", **query: Any) -> list[dict[str, Any]]:
        found = [self.get(feed, **query).json()]
        while found[-1]["next_cursor"]:
            found.append(self.get(feed, cursor=found[-1]["next_cursor"], **query).json())
        return found


@pytest.fixture
def source():
    with SampleSource.from_records({"dossiers": RECORDS}) as running:
        yield running


@pytest.fixture
def client(source: SampleSource) -> Client:
    return Client(source)


def keys(pages: list[dict[str, Any]], field: str = "MaHoSo") -> list[str]:
    return [record[field] for page in pages for record in page["data"]]


def test_pages_give_every_record_once_in_order(client: Client) -> None:
    pages = client.pages(limit=3)
    assert [len(page["data"]) for page in pages] == [3, 3, 3, 1]
    assert keys(pages) == [record["MaHoSo"] for record in RECORDS]
    assert {page["total"] for page in pages} == {10}
    assert all(page["notice"] == SAMPLE_NOTICE for page in pages)


def test_a_full_last_page_is_the_last(client: Client) -> None:
    assert [len(page["data"]) for page in client.pages(limit=5)] == [5, 5]


@pytest.mark.parametrize(
    ("updated_from", "updated_to", "expected"),
    [
        ("2025-03-02T12:00:00+07:00", "2025-03-04T12:00:00+07:00", ["H02", "H03"]),
        ("2025-03-02T05:00:00Z", "2025-03-04T05:00:00Z", ["H02", "H03"]),
        ("2025-03-02T12:00:00.000001+07:00", "2025-03-04T12:00:00.000001+07:00", ["H03", "H04"]),
        ("2025-03-05T00:00:00+07:00", "2025-03-05T00:00:00+07:00", []),
    ],
)
def test_windows_are_half_open_in_any_offset(
    client: Client, updated_from: str, updated_to: str, expected: list[str]
) -> None:
    pages = client.pages(updated_from=updated_from, updated_to=updated_to)
    assert keys(pages) == expected
    assert pages[0]["total"] == len(expected)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 5001},
        {"limit": "many"},
        {"updated_from": "2025-03-01T00:00:00"},
        {"updated_from": "yesterday"},
        {"updated_from": None},
        {"updated_from": "2025-05-01T00:00:00+07:00"},
        {"cursor": "nonsense"},
    ],
)
def test_a_bad_request_is_refused_with_the_reason(client: Client, query: dict[str, Any]) -> None:
    answer = client.get(**query)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_cursor_of_another_window_is_refused(client: Client) -> None:
    cursor = client.get(limit=3).json()["next_cursor"]
    answer = client.get(limit=3, cursor=cursor, updated_to="2025-03-20T00:00:00+07:00")
    assert answer.status_code == 400


def test_tokens_are_asked_for_and_expire() -> None:
    with SampleSource.from_records({"dossiers": RECORDS}, token_lifetime=1) as source:
        client = Client(source)
        assert client.get().status_code == 200
        time.sleep(1.05)
        assert client.get().status_code == 401
        client.token = client.new_token()
        assert client.get().status_code == 200
        client.token = "made-up"
        assert client.get().status_code == 401
        answer = requests.post(f"{source.base_url}/token", auth=("sample-client", "x"), timeout=5)
        assert answer.status_code == 401


def test_snapshots_come_whole_in_key_order() -> None:
    units = [
        {"MaDonVi": code, "HieuLucTu": begin}
        for code, begin in (("33", "20250701"), ("11953", "20250701"), ("33", "20040101"))
    ]
    with SampleSource.from_records({"units": units}) as source:
        pages = Client(source).pages("units", limit=2)
    found = [(row["MaDonVi"], row["HieuLucTu"]) for page in pages for row in page["data"]]
    assert found == [("11953", "20250701"), ("33", "20040101"), ("33", "20250701")]
    assert pages[0]["total"] == 3


def test_records_can_be_replaced_between_pages(source: SampleSource, client: Client) -> None:
    first = client.get(limit=4).json()
    source.replace("dossiers", RECORDS[1:])
    second = client.get(limit=4, cursor=first["next_cursor"]).json()
    assert (first["total"], second["total"]) == (10, 9)
    assert keys([second]) == ["H06", "H07", "H08", "H09"], "offsets shift, as the contract warns"


def test_records_without_a_readable_version_are_served_beside_their_neighbour() -> None:
    odd = [
        {"MaHoSo": "H1", "NgayCapNhat": "20250305120000"},
        {"MaHoSo": "H2", "NgayCapNhat": "hôm qua"},
        {"NgayCapNhat": "20250306120000"},
    ]
    with SampleSource.from_records({"dossiers": odd}) as source:
        page = Client(source).get().json()
    assert page["data"] == odd
    assert page["total"] == 3


def test_unknown_feed_and_path() -> None:
    with pytest.raises(ValueError, match="no such feed"):
        SampleSource.from_records({"dossier": []})
    with SampleSource.from_records({}) as source:
        assert Client(source).get("dossier").status_code == 404


# -- misbehaviour


@pytest.mark.parametrize("as_date", [False, True])
def test_too_many_requests(source: SampleSource, client: Client, as_date: bool) -> None:
    source.faults.append(TooManyRequests(retry_after=30, as_date=as_date))
    answer = client.get()
    assert answer.status_code == 429
    text = answer.headers["Retry-After"]
    seconds = (
        (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds() if as_date else int(text)
    )
    assert 20 < seconds <= 30
    assert client.get().status_code == 200, "a fault strikes once"


def test_faults_strike_where_and_as_often_as_told(source: SampleSource, client: Client) -> None:
    fault = ServerError(feed="dossiers", after=1, times=2, status=502)
    source.faults.append(fault)
    assert client.get("payments").status_code == 200
    assert [client.get().status_code for _ in range(4)] == [200, 502, 502, 200]
    assert fault.struck == 2
    source.faults[:] = [TooManyRequests(feed="token")]
    assert client.get().status_code == 200
    with pytest.raises(KeyError):
        client.new_token()


def test_truncated_bodies(source: SampleSource, client: Client) -> None:
    source.faults[:] = [TruncatedBody()]
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        client.get()
    source.faults[:] = [TruncatedBody(announced=False)]
    answer = client.get()
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text)


def test_connection_reset_and_slow_answer(source: SampleSource, client: Client) -> None:
    source.faults[:] = [ConnectionReset()]
    with pytest.raises(requests.ConnectionError):
        client.get()
    source.faults[:] = [SlowAnswer(seconds=0.5)]
    with pytest.raises(requests.exceptions.ReadTimeout):
        client.get(timeout=0.1)
    assert client.get().status_code == 200


def test_expired_token_is_gone_for_good(source: SampleSource, client: Client) -> None:
    source.faults.append(ExpiredToken())
    assert [client.get().status_code for _ in range(2)] == [401, 401]
    client.token = client.new_token()
    assert client.get().status_code == 200


def test_login_page_has_status_200(source: SampleSource, client: Client) -> None:
    source.faults.append(LoginPage())
    answer = client.get()
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")


def test_pages_that_are_wrong_inside(source: SampleSource, client: Client) -> None:
    source.faults[:] = [WrongTotal(by=-2)]
    assert client.get().json()["total"] == 8
    source.faults[:] = [RepeatedRecords()]
    assert len(client.get().json()["data"]) == 20
    source.faults[:] = [LostRecords(count=3)]
    page = client.get().json()
    assert (len(page["data"]), page["total"]) == (7, 10)
    source.faults[:] = [RepeatedPage(after=1)]
    assert keys(client.pages(limit=4)) == [
        *("H01", "H02", "H03", "H04"),
        *("H01", "H02", "H03", "H04"),
        *("H09", "H10"),
    ]


def test_a_stopped_source_answers_nobody(client: Client, source: SampleSource) -> None:
    assert client.get().status_code == 200
    source.stop()
    with pytest.raises(requests.ConnectionError):
        client.get()


# -- the generated province


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dataset.ensure(tmp_path_factory.mktemp("province") / "small", "small")


def test_a_generated_province_is_served_whole(province: Path) -> None:
    counts = dataset.read_index(province)["records"]
    everything = {"updated_to": "2025-09-16T00:00:00+07:00", "limit": 1000}
    with SampleSource(province) as source:
        client = Client(source)
        for feed, count in counts.items():
            pages = client.pages(feed, **everything)
            assert sum(len(page["data"]) for page in pages) == pages[0]["total"] == count, feed


def _ask_portal(source: SampleSource, month: str, **changes: Any) -> requests.Response:
    params = {
        "type": "ref",
        "service": "report_tinh_766_service",
        "p_nam": "2025",
        "p_thang": month,
        "p_6thang": "0",
        "p_quy": "0",
        "p_tinh_id": "0",
        "p_xa_id": "0",
        "pageIndex": 1,
        "pageSize": 100,
        "p_loaidonvi": 1,
        "loaichitieu": 0,
    }
    return requests.post(
        f"{source.national_portal_uri}/jsp/rest.jsp",
        data={"params": json.dumps(params | changes)},
        timeout=5,
    )


def test_the_portal_answers_a_month(province: Path) -> None:
    with SampleSource(province) as source:
        assert [len(_ask_portal(source, month).json()) for month in ("3", "7", "8", "9")] == [
            63,
            34,
            34,
            34,
        ]
        assert _ask_portal(source, "4").json() == []
        assert len(_ask_portal(source, "3", pageIndex=2, pageSize=40).json()) == 23
        assert _ask_portal(source, "3", service="other").status_code == 400
        assert _ask_portal(source, "March").status_code == 400


def test_command_line_generates_and_serves(province: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "simulator"]
    made = subprocess.run(
        [*command, "generate", "--out", str(province), "--scale", "small"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert SAMPLE_NOTICE in made.stdout
    port, uri = tmp_path / "port", tmp_path / "uri"
    files = ["--port-file", str(port), "--uri-file", str(uri)]
    with subprocess.Popen(
        [*command, "serve", "--data", str(province), *files],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 20
        while not uri.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert uri.read_text().endswith(f"@127.0.0.1:{port.read_text()}/api")
        answer = requests.post(
            f"{uri.read_text()}/token", data={"grant_type": "client_credentials"}, timeout=5
        )
        assert answer.json()["expires_in"] == 3600
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert SAMPLE_NOTICE in printed


def test_serving_a_folder_without_dataset_is_one_line(tmp_path: Path) -> None:
    failed = subprocess.run(
        [sys.executable, "-m", "simulator", "serve", "--data", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
