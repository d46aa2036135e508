"""SMS and MMS, over Twilio."""
from __future__ import annotations

from channels._twilio import Twilio
from channels.base import Can, Status


class Sms(Twilio):
    name = "sms"
    label = "SMS"
    proves_sender = False       # the number that an SMS shows can be chosen by who sends it
    remarks = "over Twilio; pictures as MMS where the country has it"
    # https://www.twilio.com/docs/messaging/guides/accepted-mime-types: 5 MB; a long code sends one message a second.
    can = Can(text_limit=1600, files=True, file_limit=5 * 2**20, per_second=1,
              receipts=frozenset({Status.SENT, Status.DELIVERED, Status.FAILED}))
