"""The parts of scripts/run_tests.py: stages run programs, a tally counts what they say."""
