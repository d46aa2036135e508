"""The mail providers: one small module each, found by name."""
from channels._mail_api.brevo import Brevo
from channels._mail_api.cloudmailin import CloudMailin
from channels._mail_api.mailersend import MailerSend
from channels._mail_api.mailgun import Mailgun
from channels._mail_api.mailjet import Mailjet
from channels._mail_api.mandrill import Mandrill
from channels._mail_api.postal import Postal
from channels._mail_api.postmark import Postmark
from channels._mail_api.provider import Provider
from channels._mail_api.resend import Resend
from channels._mail_api.sendgrid import SendGrid
from channels._mail_api.ses import Ses
from channels._mail_api.sparkpost import SparkPost
from channels._mail_api.unisender import UnisenderGo

PROVIDERS: dict[str, type[Provider]] = {one.name: one for one in (
    Brevo, CloudMailin, MailerSend, Mailgun, Mailjet, Mandrill, Postal, Postmark, Resend, SendGrid, Ses, SparkPost,
    UnisenderGo)}
