"""The column registry: every column of the source tables, described once.

Tables, SQL comments, the records of the reduction, column lists in SQL, exports, bulk text and docs come from here.
"""

from app.columns.column import Column, Kind, Producer, expand_bands
from app.columns.extended_source import EXTENDED_SOURCE
from app.columns.minor_planet import PUBLISHED_MATCH
from app.columns.point_source import POINT_SOURCE
from app.columns.property_map import PUBLISHED_MAP
from app.columns.published import PUBLISHED_ATLAS, PUBLISHED_PSC, PUBLISHED_STAMP, PUBLISHED_XSC
from app.columns.scan_information import PUBLISHED_IMAGE, PUBLISHED_SCAN

__all__ = [
    "EXTENDED_SOURCE",
    "POINT_SOURCE",
    "PUBLISHED_ATLAS",
    "PUBLISHED_IMAGE",
    "PUBLISHED_MAP",
    "PUBLISHED_MATCH",
    "PUBLISHED_PSC",
    "PUBLISHED_SCAN",
    "PUBLISHED_STAMP",
    "PUBLISHED_XSC",
    "Column",
    "Kind",
    "Producer",
    "expand_bands",
]
