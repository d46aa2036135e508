"""The platforms themselves, in miniature: their real protocols on loopback, kept in memory.

For the demo and the tests, so that the real channel code runs without an account anywhere. Each simulator is a plain
WSGI application; `serve()` gives it a port of its own.
"""
from channels.simulators._server import serve
from channels.simulators.api import AppSimulator
from channels.simulators.line import LineSimulator
from channels.simulators.mailgun import MailgunSimulator
from channels.simulators.meta import MetaSimulator
from channels.simulators.postmark import PostmarkSimulator
from channels.simulators.telegram import TelegramSimulator
from channels.simulators.twilio import TwilioSimulator
from channels.simulators.viber import ViberSimulator
from channels.simulators.x import XSimulator

__all__ = ["AppSimulator", "LineSimulator", "MailgunSimulator", "MetaSimulator", "PostmarkSimulator",
           "TelegramSimulator", "TwilioSimulator", "ViberSimulator", "XSimulator", "serve"]
