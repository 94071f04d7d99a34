"""The tables of a service with a release named `first`, without a database."""

from __future__ import annotations

from app.access.adql.tables import Relation, Tables, upload
from app.columns.observation_core import OBSCORE
from app.columns.public_table import PublicColumn, PublicTable
from app.columns.public_tables import FP_PSC, PSC, SCAN
from app.columns.tap_tables import TAP_TABLES


def relation(name: str, place: str, table: PublicTable, release: str = "") -> Relation:
    return Relation(name, tuple(place.split(".")), {c.name: c for c in table.columns}, release)


TABLES = Tables(
    [
        relation("fp_psc", "catalogue.psc_first", FP_PSC, "first"),
        relation("catalogue.psc_current", "catalogue.psc_first", PSC, "first"),
        relation("catalogue.scan", "catalogue.scan", SCAN),
        relation("ivoa.obscore", "ivoa.obscore", OBSCORE),
        *(relation(table.product, table.product, table) for table in TAP_TABLES),
        upload("mine", [PublicColumn("RA", "double", "", unit="deg"), PublicColumn("dec", "double", "")]),
    ]
)
