"""Which entry of an FAQ answers a message, and how sure is that? Pure: no database, no web.

    matcher = Matcher([Entry(1, "Where is my order?", ("Track my parcel",), locale="en"), …])
    matcher.rank("wheres my ordr")        # [(1, 0.93), …]

Spelling is put right, words and letter groups are weighed, a regression over the FAQ's own phrasings scores the
entries, and a calibrated function says how sure that is. An `Encoder` may add what a sentence means to what its words
and letters say; everything else stays the same.
"""
from helpdesk.matching.embeddings import Vectors
from helpdesk.matching.encoder import Encoder
from helpdesk.matching.entry import Entry
from helpdesk.matching.matcher import Candidate, Matcher
from helpdesk.matching.text import key
from helpdesk.matching.trials import confused, confusions, cross_validated

__all__ = ["Candidate", "Encoder", "Entry", "Matcher", "Vectors", "confused", "confusions", "cross_validated", "key"]
