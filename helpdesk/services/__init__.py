"""The verbs. Every change to a ticket is one function in here, in one transaction that the caller opened."""
