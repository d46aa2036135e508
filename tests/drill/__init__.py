"""The long form of tests/test_crash.py."""
