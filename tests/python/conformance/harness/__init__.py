"""Runs the tests that CPython ships against an asynchronous file package. See run.py."""
