"""What can be wrong with landed bytes, or with a file that is to be landed."""

from __future__ import annotations


class LandingError(Exception):
    """Base of this package's errors; the message is one line and holds no record content."""


class LandingCorruptError(LandingError):
    """Landed bytes are missing, or are not those that the manifest describes."""


class UnreadableFileError(LandingError):
    """A file cannot be read as records: too large, torn, or not of the kind its name says."""
