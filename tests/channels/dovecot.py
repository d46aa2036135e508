"""A real Dovecot on loopback: its own folder, free ports, ended by its pid."""
from __future__ import annotations

import datetime as dt
import getpass
import grp
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PASSWORD = "only-for-tests"
PROGRAM = shutil.which("dovecot") or "/usr/sbin/dovecot"
CONFIG = """
base_dir = {run}
state_dir = {run}
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{root}/cert.pem
ssl_key = <{root}/key.pem
disable_plaintext_auth = no
mail_location = maildir:{root}/mail/%u
first_valid_uid = 1
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """Where the running server listens. Every user name is accepted with PASSWORD."""
    port: int
    tls_port: int
    certificate: Path

    def config(self, user: str, **more: str) -> dict[str, str]:
        """The IMAP settings of an inbox that reads this user's mail."""
        return {"address": "support@example.org", "imap_host": "127.0.0.1", "imap_port": str(self.port),
                "imap_user": user, "imap_security": "none", "imap_password": PASSWORD} | more

    @contextmanager
    def client(self, user: str) -> Iterator[imaplib.IMAP4]:
        """Another mail program that is logged in as this user."""
        with imaplib.IMAP4("127.0.0.1", self.port, 10) as client:
            client.login(user, PASSWORD)
            yield client

    def append(self, user: str, raw: bytes, folder: str = "INBOX", days_ago: int = 0) -> None:
        """Put a mail into the folder, as if it had arrived that many days ago."""
        at = dt.datetime.now(dt.UTC) - dt.timedelta(days=days_ago)
        with self.client(user) as client:
            status, answer = client.append(folder, None, imaplib.Time2Internaldate(at), raw)
            assert status == "OK", answer


def write_certificate(folder: Path, name: str = "127.0.0.1") -> tuple[Path, Path]:
    """A self-signed certificate and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
                   .not_valid_after(now + dt.timedelta(days=1))
                   .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
                   .sign(key, hashes.SHA256()))
    certificate_file, key_file = folder / "cert.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                           serialization.NoEncryption()))
    return certificate_file, key_file


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """The server, for all tests of a run: give each test a user of its own."""
    if not os.access(PROGRAM, os.X_OK):
        pytest.skip("dovecot is not installed (Debian: dovecot-imapd)")
    root = Path(tempfile.mkdtemp(prefix="dc", dir="/tmp"))      # a short path: it holds Unix sockets
    server, process = None, None
    try:
        server = Dovecot(free_port(), free_port(), write_certificate(root)[0])
        _write_config(root, server)
        process = subprocess.Popen([PROGRAM, "-F", "-c", str(root / "dovecot.conf")], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        _wait_until_ready(server, process, root)
        yield server
    finally:
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(15)
        shutil.rmtree(root, ignore_errors=True)


def _write_config(root: Path, server: Dovecot) -> None:
    me = getpass.getuser()
    as_root = os.geteuid() == 0
    owner = pwd.getpwnam("nobody" if as_root else me)       # Dovecot never reads mail as root
    for name in ("mail", "home", "run"):
        (root / name).mkdir()
    if as_root:
        root.chmod(0o755)
        for name in ("mail", "home"):
            os.chown(root / name, owner.pw_uid, owner.pw_gid)
    text = CONFIG.format(root=root, run=root / "run", port=server.port, tls_port=server.tls_port, password=PASSWORD,
                         uid=owner.pw_uid, gid=owner.pw_gid, internal="dovecot" if as_root else me,
                         group="dovecot" if as_root else _group(owner.pw_gid), login="dovenull" if as_root else me)
    (root / "dovecot.conf").write_text(text)


def _group(gid: int) -> str:
    return grp.getgrgid(gid).gr_name


def _wait_until_ready(server: Dovecot, process: subprocess.Popen, root: Path) -> None:
    end = time.monotonic() + 15
    while time.monotonic() < end and process.poll() is None:
        try:
            with server.client("probe"):
                return
        except (OSError, imaplib.IMAP4.error):
            time.sleep(0.05)
    log = root / "log"
    pytest.fail(f"dovecot did not start: {log.read_text()[-2000:] if log.exists() else 'no log'}")
