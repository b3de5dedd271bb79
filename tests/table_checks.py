"""Reading tables in tests."""

from __future__ import annotations


def only(tables):
    """The one table that a maker gives."""
    (table,) = tables
    return table


def cell(table, method, key):
    """One cell by method and column."""
    return table.column(key)[table.column("method").index(method)]


def row(table, method):
    """A method's whole row."""
    return table.rows[table.column("method").index(method)]
