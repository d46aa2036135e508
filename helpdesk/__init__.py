"""An omnichannel helpdesk: every message lands in one shared ticket."""

__version__ = "0.1.0"
