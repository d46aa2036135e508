"""The long form of the tests that break things on purpose."""
