"""A server that drips bytes, over HTTP and TLS; and one whose certificate nobody vouches for."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from extraction_support import HURRIED, DrippingServer, calls, client_of

from service_index.sources.client import SourceClient
from service_index.sources.endpoint import Secret, SourceEndpoint
from service_index.sources.errors import PageFailedError, SourceRefusedError
from simulator.faults import SlowAnswer
from simulator.server import SampleSource

POLICY = replace(HURRIED, tries=2, page_seconds=0.3)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(params=["header", "body"])
def dripping(request: pytest.FixtureRequest) -> Iterator[DrippingServer]:
    server = DrippingServer(in_body=request.param == "body")
    yield server
    server.close()


def ask(base_url: str) -> None:
    endpoint = SourceEndpoint(base_url, "client", Secret("secret"))
    with SourceClient(endpoint, POLICY) as client:
        client.get_page("v1/dossiers", {}, "dossiers")


@pytest.mark.fault(2, "a server that drips bytes")
def test_dripping_server_is_left_after_the_deadline(dripping: DrippingServer) -> None:
    began = time.monotonic()
    with pytest.raises(PageFailedError, match=r"no whole answer within 0\.3 s"):
        ask(dripping.base_url)

    assert dripping.accepted == POLICY.tries
    assert 2 * POLICY.page_seconds <= time.monotonic() - began < 3


@pytest.mark.parametrize("in_body", [False, True])
def test_deadline_holds_within_tls(
    tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch, in_body: bool
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    server = DrippingServer(in_body=in_body, tls=tls)
    began = time.monotonic()
    with pytest.raises(PageFailedError, match="no whole answer"):
        ask(server.base_url)
    server.close()

    assert time.monotonic() - began < 3


def test_certificate_that_nobody_vouches_for_is_refused_at_once(tls: ssl.SSLContext) -> None:
    server = DrippingServer(in_body=True, tls=tls)
    with pytest.raises(SourceRefusedError, match="certificate is not trusted"):
        ask(server.base_url)
    server.close()

    assert server.accepted == 1


def test_deadline_holds_on_a_connection_that_is_used_again() -> None:
    with SampleSource.from_records({}) as source, client_of(source, POLICY) as client:
        client.get_page("v1/units", {}, "units")
        source.faults.append(SlowAnswer(seconds=1))
        began = time.monotonic()
        client.get_page("v1/units", {}, "units")
        assert POLICY.page_seconds <= time.monotonic() - began < 0.9
        assert calls(source, "units") == 3
