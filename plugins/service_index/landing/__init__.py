"""Immutable pages as they came from the source, with a manifest that says what they are."""
