# SPDX-License-Identifier: Apache-2.0
# Copyright the Sceptic authors
"""What stands in the database in the end, read past Sceptic."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from postgres import PrivatePostgres


@dataclass
class Certificate:
    transaction: str
    issuer: str
    serial: str
    der: str


@dataclass
class Transaction:
    id: str
    state: str
    profile: str
    transaction_id: str


@dataclass
class Challenge:
    id: str
    profile: str
    used_at: str
    transaction: str
    approval: str


@dataclass
class Approval:
    id: str
    state: str
    profile: str
    transaction_id: str
    issued: str


@dataclass
class Contents:
    """The rows that the proof is about; what is NULL is empty."""

    certificates: list[Certificate] = field(default_factory=list)
    transactions: list[Transaction] = field(default_factory=list)
    challenges: list[Challenge] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)


def contents(source: PrivatePostgres | Path) -> Contents:
    """Reads the rows from a PostgreSQL, or from an SQLite file."""

    def hexadecimal(column: str) -> str:
        return f"lower(hex({column}))" if isinstance(source, Path) else f"encode({column}, 'hex')"

    def rows(statement: str) -> list[list[str]]:
        if isinstance(source, PrivatePostgres):
            return source.query(statement)
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as connection:
            return [["" if value is None else str(value) for value in row] for row in connection.execute(statement)]

    serial, der = hexadecimal("serial_number"), hexadecimal("der")
    return Contents(
        [
            Certificate(*row)
            for row in rows(f"SELECT transaction_id, issuer_id, {serial}, {der} FROM certificate")
        ],
        [
            Transaction(*row)
            for row in rows("SELECT id, state, profile, transaction_id FROM enrollment_transaction")
        ],
        [
            Challenge(*row)
            for row in rows("SELECT id, profile, used_at, used_by_transaction, used_by_approval FROM challenge")
        ],
        [
            Approval(*row)
            for row in rows("SELECT id, state, profile, transaction_id, issued_transaction FROM approval")
        ],
    )
