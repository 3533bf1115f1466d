"""Readers of meter files, one format a module. Each turns a file into the same relation, chosen by content."""

from peakwise.readers.open import FORMATS, open_readings
from peakwise.readers.reading_file import ReadingFile, drop_incoming

__all__ = ["FORMATS", "ReadingFile", "drop_incoming", "open_readings"]
