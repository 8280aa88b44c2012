"""A real nginx with the project's own configuration, TLS included, in front of a server."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import ssl
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.processes import PATIENCE_S, Leashed, free_port
from tests.support.server import ROOT
from upstage_crm.core.clock import SystemClock

CONFIGURATION = ROOT / "docs" / "deploy" / "nginx.conf"
HERE = "127.0.0.1"
FORM = "application/x-www-form-urlencoded"

_MAIN = """daemon off;
{user}
pid {folder}/pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


def find_nginx() -> str:
    """Where nginx is; empty when it is not installed."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    return shutil.which("nginx", path=path) or ""


def missing() -> str:
    """Why these tests cannot run here; empty when they can."""
    if sys.platform != "linux":
        return "only Linux gives a machine every address that begins with 127"
    return "" if find_nginx() else "nginx is not installed (Debian: apt-get install nginx-light)"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back through the proxy."""

    status: int
    location: str
    cookies: tuple[str, ...]

    @property
    def cookie(self) -> str:
        """The Cookie header of a browser that keeps what it was given."""
        return "; ".join(cookie.partition(";")[0] for cookie in self.cookies)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy that answers at `url`; its logs are in `folder`."""

    port: int
    folder: Path

    @property
    def url(self) -> str:
        return f"https://{HERE}:{self.port}"

    @property
    def logs(self) -> str:
        """Everything that it has logged so far."""
        return "".join(path.read_text("utf-8") for path in sorted(self.folder.glob("*.log")))

    def line(self, source: str) -> ssl.SSLSocket:
        """A connection with TLS from one of this machine's addresses."""
        plain = socket.create_connection((HERE, self.port), PATIENCE_S, (source, 0))
        return _trusting().wrap_socket(plain)

    def ask(
        self, source: str, path: str, *, form: dict[str, str] | None = None, **headers: str
    ) -> Reply:
        """Ask for a page, or press a form's button, from one of this machine's addresses."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if form is not None:
            sent |= {"Origin": self.url, "Content-Type": FORM}
        connection = HTTPSConnection(
            HERE, self.port, timeout=PATIENCE_S, source_address=(source, 0), context=_trusting()
        )
        try:
            body = None if form is None else urlencode(form)
            connection.request("GET" if form is None else "POST", path, body, sent)
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        cookies = tuple(answer.headers.get_all("set-cookie") or ())
        return Reply(answer.status, answer.headers.get("location", ""), cookies)


def new_place(folder: Path) -> Proxy:
    """A place for a proxy, whose address the server must know before it starts."""
    folder.mkdir()
    return Proxy(free_port(), folder)


@contextmanager
def running_nginx(proxy: Proxy, *, server_port: int) -> Generator[Proxy]:
    """Run nginx at this place, in front of the server on `server_port`."""
    folder = proxy.folder
    _make_certificate(folder)
    (folder / "site.conf").write_text(_adapted(proxy, server_port), "utf-8")
    user = "user root;" if os.geteuid() == 0 else ""  # else its workers may not read the folder
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user), "utf-8")
    process = Leashed(
        [find_nginx(), "-e", "stderr", "-c", folder / "nginx.conf", "-p", folder],
        log=folder / "nginx.out",
    )
    try:
        process.wait_until(lambda: _listens(proxy.port))
        yield proxy
    finally:
        process.stop()


def _adapted(proxy: Proxy, server_port: int) -> str:
    """The project's configuration with what an operator changes, and the addresses of a test."""
    text = CONFIGURATION.read_text("utf-8")
    for before, after in (
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("listen 80;", f"listen {HERE}:{free_port()};"),
        ("listen 443 ssl http2;", f"listen {HERE}:{proxy.port} ssl http2;"),
        ("https://crm.example.org", proxy.url),
        ("server_name crm.example.org;", f"server_name {HERE};"),
        ("server 127.0.0.1:3000;", f"server 127.0.0.1:{server_port};"),
        ("/etc/ssl/upstage-crm/", f"{proxy.folder}/"),
        ("/var/log/nginx/", f"{proxy.folder}/"),
    ):
        assert before in text, before
        text = text.replace(before, after)
    return text


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HERE)])
    now = SystemClock().now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HERE))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _trusting() -> ssl.SSLContext:
    """TLS with whatever answers: the certificate is our own, made a moment ago."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((HERE, port), 1):
            return True
    except OSError:
        return False
