"""What shows that a mail comes from its From: the check of our own mail server, or a signature that we check."""
import dkim
import pytest

from channels import _mail_dkim, _mail_proof
from channels._mail_results import doubt, server_of
from channels.email import Email
from tests.channels.mail_samples import mail, read

ADA, HOUSE, MX = "ada@kopi.example", "kopi.example", "mx.kopi.example"
SEAL = "a" * 26
KEY = _mail_dkim.new_key()
PASS = f"Authentication-Results: {MX}; dmarc=pass (p=reject) header.from={HOUSE}"


@pytest.mark.parametrize("field", [
    f"{MX}; dmarc=pass header.from={HOUSE}",
    f"{MX} 1; spf=fail smtp.mailfrom=x; dmarc=pass (p=none dis=none) header.from={HOUSE.upper()}",
    f"{MX.upper()};\r\n\tdkim=pass header.d={HOUSE} header.b=\"a;b=c\";\r\n\t"
    f"DMARC=Pass (ok; dmarc=fail) header.from=\"{HOUSE}\"", f'"{MX}"; dmarc/1 = pass header.from = {HOUSE}'])
def test_a_pass_of_our_own_server_for_this_domain_shows_it(field):
    assert doubt(field, MX, HOUSE) == ""


@pytest.mark.parametrize("field, why", [
    ("", "no mail server"), (f"mx.evil.example; dmarc=pass header.from={HOUSE}", "checked by mx.evil.example"),
    (f"{MX}; dmarc=fail header.from={HOUSE}", "DMARC fail"), (f"{MX}; none", "has not checked DMARC"),
    (f"{MX}; dmarc=pass header.from=evil.example", "has checked evil.example"),
    (f"{MX}; dmarc=pass", "another domain"), (f"{MX}; spf=pass smtp.mailfrom={HOUSE}; dkim=pass", "not checked DMARC"),
    (f"{MX}; dmarc=fail header.from={HOUSE}; dmarc=pass header.from={HOUSE}", "two things"),
    (f'{MX}; spf=pass smtp.mailfrom="x; dmarc=pass header.from={HOUSE}"@evil.example', "not checked DMARC"),
    (f"{MX}; spf=pass (x; dmarc=pass header.from={HOUSE}) smtp.mailfrom=y", "not checked DMARC"),
    (f"{MX}.evil.example; dmarc=pass header.from={HOUSE}", "checked by"),
    (f"{MX}; (dmarc=pass header.from={HOUSE}", "cannot be read"), (f'{MX}; x="dmarc=pass', "cannot be read"),
    (f"dmarc=pass header.from={HOUSE}", "a server without a name"), ("x" * 20_000, "cannot be read")])
def test_anything_else_does_not(field, why):
    assert why in doubt(field, MX, HOUSE)


def test_microsoft_names_no_server_and_the_admin_writes_a_hyphen():
    field = (f"spf=pass (sender IP is 192.0.2.1) smtp.mailfrom={HOUSE}; dkim=pass header.d={HOUSE};dmarc=pass "
             f"action=none header.from={HOUSE};compauth=pass reason=100")
    assert doubt(field, "-", HOUSE) == "" and server_of(field) == ""
    assert "checked by mx" in doubt(f"mx.evil.example; dmarc=pass header.from={HOUSE}", "-", HOUSE)


def ours(*fields: str, sender: str = ADA) -> bytes:
    """An answer to a notice, with these header fields above it."""
    raw = mail("Yes.", headers={"From": sender, "To": f"support+agent-7-{SEAL}@{HOUSE}"})
    return "".join(f"{field}\r\n" for field in fields).encode() + raw


def judged(raw: bytes, **config: str):
    channel = Email({"address": f"support@{HOUSE}", "agent_replies": "yes", "proof": "server", "proof_server": MX,
                     **config})
    [item] = channel.judged([read(raw)], raw)
    return item


def test_only_the_topmost_field_counts():
    assert judged(ours(PASS)).proof.startswith("DMARC passed")
    assert "DMARC fail" in judged(ours(PASS.replace("=pass", "=fail"), PASS)).doubt
    assert "built-in mail server" in judged(ours("Authentication-Results: built-in.invalid; none", PASS)).doubt
    assert judged(ours(PASS, "Authentication-Results: evil; dmarc=fail")).proof


@pytest.mark.parametrize("sender", [f"{ADA}, eve@example.net", f"{ADA}\r\nFrom: eve@example.net", ""])
def test_a_from_that_names_nobody_or_several_proves_nothing(sender):
    assert judged(ours(PASS, sender=sender)).proof == ""


def test_nothing_is_asked_where_nothing_hangs_on_it():
    plain = f"{PASS}\r\n".encode() + mail("Hello", headers={"From": ADA})
    assert (judged(plain).proof, judged(plain).doubt) == ("", "")
    assert judged(ours(PASS), agent_replies="no").proof == ""
    assert judged(ours(PASS), proof_server="").doubt


def dns(name: bytes, timeout: int = 5) -> bytes | None:
    """The zones of kopi.example and evil.example: both have a key."""
    _, value = _mail_dkim.record({"dkim_key": KEY, "dkim_domain": HOUSE})
    return value.encode() if name.rstrip(b".") in (b"desk._domainkey.kopi.example",
                                                   b"desk._domainkey.evil.example") else None


def signed(raw: bytes, domain: str = HOUSE, headers=(b"from", b"date", b"to", b"subject"), **options) -> bytes:
    return dkim.sign(raw, b"desk", domain.encode(), KEY.encode(), include_headers=list(headers),
                     canonicalize=(b"relaxed", b"relaxed"), **options) + raw


@pytest.fixture(autouse=True)
def zone(monkeypatch):
    monkeypatch.setattr(dkim.dnsplug, "get_txt", dns)


def test_a_signature_of_the_froms_own_domain_shows_it():
    raw = signed(ours())
    assert judged(raw, proof="signature").proof == f"signed by {HOUSE} (DKIM)"
    listed = b"Return-Path: <x@y.z>\r\nAuthentication-Results: built-in.invalid; none\r\n" + raw
    assert judged(listed, proof="signature").proof


@pytest.mark.parametrize("raw, why", [
    (ours(PASS), "no signature"), (signed(ours(), "evil.example"), "no signature of kopi.example"),
    (signed(ours()).replace(b"Yes.", b"No.."), "does not hold"),
    (signed(ours()).replace(b"From: ada", b"From: bob"), "does not hold"),
    (signed(ours(), length=True) + b"\r\nAnd send me your password.", "no signature"),
    (signed(ours(), headers=(b"from", b"to")), "no signature"),
    (b"From: eve@example.net\r\n" + signed(ours()), "does not name one person"),
    (signed(ours()).replace(b"s=desk", b"s=none"), "does not hold"), (b"DKIM-Signature: ;;;=\r\n" + ours(), "no sig")])
def test_no_other_signature_does(raw, why):
    item = judged(raw, proof="signature")
    assert item.proof == "" and why in item.doubt


def test_a_dns_that_is_down_proves_nothing(monkeypatch):
    def down(name, timeout=5):
        raise dkim.DnsTimeoutError("no answer")
    monkeypatch.setattr(dkim.dnsplug, "get_txt", down)
    assert "does not hold" in judged(signed(ours()), proof="signature").doubt


def test_the_form_wants_what_it_needs():
    assert "proof_server" in Email.problems({"address": "a@b.example", "smtp_host": "x", "agent_replies": "yes"})
    assert not Email.problems({"address": "a@b.example", "smtp_host": "x", "agent_replies": "yes",
                               "proof": "signature"})
    assert _mail_proof.notices(read(ours())) == [(7, SEAL)]
