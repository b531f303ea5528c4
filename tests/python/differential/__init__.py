"""Sequences of calls, made on a file of ringfiles and on a built-in one, and compared."""
