"""The column registry: every column of the source tables, described once.

Tables, SQL comments, exports, bulk text and docs come from here.
"""

from app.columns.column import Column, Kind, expand_bands
from app.columns.extended_source import EXTENDED_SOURCE
from app.columns.point_source import POINT_SOURCE
from app.columns.published import PUBLISHED_PSC

__all__ = ["EXTENDED_SOURCE", "POINT_SOURCE", "PUBLISHED_PSC", "Column", "Kind", "expand_bands"]
