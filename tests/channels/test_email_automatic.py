"""Machines are told from people, and reports about our own mails become receipts."""
import json

import pytest

from channels._mail_parse import parse_mail
from channels.base import Inbound, Receipt, Status
from tests.channels.mail_samples import PLAIN_BOUNCE, SUPPORT, bounce, mail, multipart, read, text_part


def reason(**headers: str) -> str:
    [item] = parse_mail(mail(headers={k.replace("_", "-"): v for k, v in headers.items()}), [SUPPORT])
    return item.automatic


@pytest.mark.parametrize("headers", [
    {"Auto_Submitted": "auto-replied"}, {"Auto_Submitted": "auto-generated (cron)"}, {"Precedence": "bulk"},
    {"X_Precedence": "junk"}, {"Precedence": "auto_reply"}, {"X_Auto_Response_Suppress": "All"},
    {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"}, {"X_Autoreply": "yes"}, {"X_Autorespond": "I am away"},
    {"List_Id": "<news.example.net>"}, {"List_Unsubscribe": "<mailto:u@example.net>"}, {"Return_Path": "<>"},
    {"From": "noreply@example.net"}, {"From": "MAILER-DAEMON@example.net"}, {"From": "orders-no-reply@example.net"},
    {"Subject": "Automatic reply: Kettle"}, {"Subject": "Abwesenheitsnotiz: Kessel"}, {"Subject": "自动回复: 水壶"},
    {"Subject": "Out of Office: Kettle"}, {"From": SUPPORT}, {"X_Helpdesk_Inbox": SUPPORT}, {"X_Loop": "here"}])
def test_a_machine_is_recognised(headers):
    assert reason(**headers)


@pytest.mark.parametrize("headers", [
    {}, {"Auto_Submitted": "no"}, {"Precedence": "normal"}, {"X_Auto_Response_Suppress": "none"},
    {"X_Autoreply": "no"}, {"Subject": "Office chairs out of stock?"}, {"Subject": "Automatic transmission broken"},
    {"From": "norman.replyton@example.net"}, {"X_Helpdesk_Inbox": "other@example.com"},
    {"Subject": "Your message from yesterday"}])
def test_a_person_is_not_taken_for_a_machine(headers):
    assert reason(**headers) == ""


@pytest.mark.parametrize("headers", [
    {"Auto_Submitted": "auto-replied (vacation)"},                                          # Sieve, RFC 5230
    {"Auto_Submitted": "auto-replied (zimbra; vacation)"},
    {"Auto_Submitted": 'auto-replied; owner-email="ann@example.net"'},
    {"Auto_Submitted": "auto-generated", "X_Auto_Response_Suppress": "All", "In_Reply_To": "<1@example.org>"},
    {"Auto_Submitted": "auto-replied", "Precedence": "bulk", "X_Autoreply": "yes"},         # Gmail, cPanel
    {"Auto_Submitted": "auto-replied", "X_Mailer": "vacation 1.2.8"},
    {"Precedence": "auto_reply"}, {"X_Autorespond": "I am away"}, {"X_Vacation": "yes"},
    {"Auto_Submitted": "auto-replied", "Subject": "Automatische Antwort: Kessel"},
    {"Subject": "Re: [kettles] Out of Office AutoReply: Kettle"}])
def test_a_vacation_notice_is_told_from_other_machines(headers):
    assert reason(**headers) == "out of office"


@pytest.mark.parametrize("headers", [
    {"Auto_Submitted": "auto-generated (cron)"}, {"Auto_Submitted": "auto-replied", "X_Mailer": "Another helpdesk"},
    {"Precedence": "bulk"}, {"From": "noreply@example.net"},
    {"Subject": "Re: Out of Office: Kettle", "In_Reply_To": "<1@example.org>"}])
def test_other_mail_is_no_vacation_notice(headers):
    assert reason(**headers) != "out of office"


def test_a_person_on_a_mailing_list_is_a_person_whom_no_machine_answers():
    post = mail(headers={"List-Id": "<kettles.example.net>", "List-Post": "<mailto:kettles@example.net>",
                         "Precedence": "list", "List-Unsubscribe": "<mailto:u@example.net>"})
    answer = mail(headers={"List-Id": "<kettles.example.net>", "Precedence": "list", "In-Reply-To": "<1@example.net>"})
    letter = mail(headers={"List-Id": "<news.example.net>", "List-Unsubscribe": "<https://example.net/u>",
                           "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"})
    assert [(i.automatic, i.by_machine) for raw in (post, answer, letter) for i in parse_mail(raw)] == [
        ("mailing list", False), ("mailing list", False), ("bulk mail", True)]


def test_the_second_of_two_precedence_fields_counts_too():
    raw = mail().replace(b"Subject:", b"Precedence: normal\r\nPrecedence: bulk\r\nSubject:")
    assert parse_mail(raw)[0].automatic == "precedence bulk"


def test_too_many_hops_are_a_loop():
    raw = b"Received: from a by b; Mon, 2 Jun 2025 10:00:00 +0000\r\n" * 51 + mail()
    assert parse_mail(raw)[0].automatic.startswith("loop")


def test_a_bounce_becomes_a_receipt_for_the_mail_it_names():
    [receipt] = parse_mail(bounce())
    assert receipt == Receipt("<sent-7@example.org>", Status.FAILED, receipt.at, "550 5.1.1 No mailbox of that name",
                              address="gone@example.net", permanent=True, code="5.1.1")


def test_a_delay_is_not_final_and_a_success_is_no_failure():
    [delayed] = parse_mail(bounce("delayed", "4.4.1"))
    [delivered] = parse_mail(bounce("delivered", "2.0.0"))
    assert (delayed.status, delayed.permanent) == (Status.FAILED, False)
    assert (delivered.status, delivered.error) == (Status.DELIVERED, "")


def test_reports_that_name_no_mail_say_what_they_are():
    for action, status, words in (("failed", "5.1.1", "bounce"), ("delayed", "4.4.1", "delay notice"),
                                  ("delivered", "2.0.0", "delivery notice")):
        [item] = parse_mail(bounce(action, status, original=""))
        assert item.automatic == words


def test_the_recipient_is_the_one_we_wrote_to():
    raw = bounce().replace(b"Final-Recipient: rfc822; gone@example.net", b"Final-Recipient: rfc822; moved@example.com")
    assert parse_mail(raw)[0].address == "gone@example.net"


def test_what_amazon_mails_about_our_mails_is_read():
    about = {"notificationType": "Bounce", "bounce": {"bounceType": "Permanent", "bouncedRecipients": [
        {"emailAddress": "Gone@example.net", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]},
        "mail": {"messageId": "0100-ses", "headers": [{"name": "Message-ID", "value": "<sent-7@example.org>"}]}}
    fields = {"From": "no-reply@sns.amazonaws.com", "x-amz-sns-message-id": "1"}
    enveloped = json.dumps({"Type": "Notification", "Message": json.dumps(about)})
    for text in (json.dumps(about), enveloped, f"{json.dumps(about)}\n\n--\nTo unsubscribe visit the link below."):
        [receipt] = parse_mail(mail(text, headers=fields))
        assert (receipt.external_id, receipt.address, receipt.status, receipt.permanent, receipt.error) == (
            "<sent-7@example.org>", "gone@example.net", Status.FAILED, True, "550 5.1.1 user unknown")
    delivery = {"notificationType": "Delivery", "delivery": {"recipients": ["ann@example.net"]}, "mail": about["mail"]}
    assert parse_mail(mail(json.dumps(delivery), headers=fields))[0].status == Status.DELIVERED
    for odd in ("{}", '{"notificationType": "Bounce"}', '{"notificationType": "Bounce", "bounce": []}', "[" * 5000):
        assert isinstance(parse_mail(mail(odd, headers=fields))[0], Inbound)
    assert parse_mail(mail(json.dumps(about)))[0].automatic == ""       # a customer who pastes one


def test_a_plain_bounce_is_read_too():
    for raw in (PLAIN_BOUNCE, PLAIN_BOUNCE.replace(b"\n", b"\r\n"), PLAIN_BOUNCE.replace(b"\n", b"\r")):
        [receipt] = parse_mail(raw)
        assert (receipt.external_id, receipt.status, receipt.address, receipt.permanent) == (
            "<sent-8@example.org>", Status.FAILED, "gone@example.net", True)
        assert "550 5.1.1" in receipt.error


def test_a_report_on_several_recipients_gives_a_receipt_for_each():
    two = bounce().replace(b"Status: 5.1.1\r\n", b"Status: 5.1.1\r\n\r\nFinal-Recipient: rfc822; b@example.net\r\n"
                           b"Action: delayed\r\nStatus: 4.2.2\r\n", 1)
    assert [(r.address, r.permanent) for r in parse_mail(two)] == [("gone@example.net", True), ("b@example.net", False)]


def test_a_bounce_that_names_no_mail_is_shown_to_people():
    [item] = parse_mail(PLAIN_BOUNCE.replace(b"Message-ID: <sent-8@example.org>\n", b""))
    assert isinstance(item, Inbound) and item.automatic == "bounce"


def test_a_customer_who_complains_of_a_bounce_is_a_person():
    [item] = parse_mail(mail("My mail to you was returned: 550 5.1.1 user unknown. Message-ID: <sent-9@example.org>",
                             headers={"Subject": "I cannot reach you"}))
    assert isinstance(item, Inbound) and item.automatic == ""


def test_a_spam_complaint_is_neither_bounce_nor_customer():
    raw = multipart(text_part("This is an abuse report."), ("Content-Type: message/feedback-report",
                    b"Feedback-Type: abuse\r\nUser-Agent: x/1\r\nVersion: 1\r\n"),
                    ("Content-Type: message/rfc822", b"Message-ID: <sent-7@example.org>\r\nSubject: x\r\n\r\nhello"),
                    kind="report", extra="; report-type=feedback-report")
    assert parse_mail(raw)[0].automatic == "complaint"


def test_a_contact_form_that_writes_in_our_name_speaks_for_the_customer():
    [item] = parse_mail(mail(headers={"From": f"Web form <{SUPPORT}>", "Reply-To": "Bo <bo@example.net>"}), [SUPPORT])
    assert (item.address, item.name, item.automatic) == ("bo@example.net", "Bo", "")


@pytest.mark.parametrize("headers", [
    {"Message-ID": f"<{'0a' * 16}.17@example.org>"}, {"X-Autoreply-Something": "1"},
    {"Content-Type": 'multipart/report; boundary="x"'}, {"X-Precedence": "junk"}])
def test_what_shows_that_a_machine_wrote_it(headers):
    assert read(mail(headers=headers)).automatic


def test_a_message_id_like_ours_of_another_house_shows_nothing():
    assert not read(mail(headers={"Message-ID": f"<{'0a' * 16}.17@example.net>"})).automatic
