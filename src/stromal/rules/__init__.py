"""Decisions about one person or one trial: pure functions of protocol, facts and time."""
