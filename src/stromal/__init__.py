"""Stromal runs a cell-therapy trial from its protocol."""
