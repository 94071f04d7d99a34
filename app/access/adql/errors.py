"""What is wrong with a query."""

from __future__ import annotations

from app.errors import UserError


class QueryError(UserError):
    """A query that cannot be answered as it was put."""

    code = "ADQL"
