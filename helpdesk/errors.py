"""What can go wrong in a way that somebody can do something about.

Each error carries a sentence for the person who meets it and the HTTP status that a web entry point answers with.
"""


class HelpdeskError(Exception):
    """The base of all. `status` is the HTTP answer."""
    status = 400


class Invalid(HelpdeskError):
    """The request does not make sense; the sentence says what would."""
    status = 422


class NotFound(HelpdeskError):
    """There is no such thing, or this person may not know of it."""
    status = 404


class Forbidden(HelpdeskError):
    """This person may not do that."""
    status = 403


class Conflict(HelpdeskError):
    """Somebody else was faster; the sentence says what they did."""
    status = 409


class TooEarly(HelpdeskError):
    """It speaks of something that is not here yet: ask again a little later."""
    status = 409


class TooMany(HelpdeskError):
    """A rate limit. `retry_after` is in seconds."""
    status = 429

    def __init__(self, message: str, retry_after: int):
        super().__init__(message)
        self.retry_after = retry_after
