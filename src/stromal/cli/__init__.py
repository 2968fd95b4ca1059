"""The command line: every step of the walk as a command that prints for people, or JSON for programs."""

from stromal.cli.app import app, main

__all__ = ["app", "main"]
