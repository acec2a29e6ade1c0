"""A6 as plain Python: one payment, authorised once."""
import json
import os
import sqlite3
import time
from decimal import Decimal

database = sqlite3.connect(os.environ.get("SQLITE_PATH", "/tmp/twin.db"))
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = NORMAL")
database.execute("CREATE TABLE IF NOT EXISTS payments (id INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, "
                 "amount_cents INTEGER NOT NULL, currency TEXT NOT NULL, status TEXT NOT NULL)")
PRIORITY = os.environ.get("PRIORITY_LEVEL", "CRITICAL")


def cents_of(value):
    amount = Decimal(str(value))
    if not 0 < amount < 10**9 or amount != amount.quantize(Decimal("0.01")):
        raise ValueError("'amount' must be above 0 and below 1000000000, with at most two decimals")
    return int(amount * 100)


def answer(status, body):
    return {"statusCode": status, "body": json.dumps(body)}


def handler(event, context):
    start = time.perf_counter()
    try:
        for name in ("request_id", "user_id"):
            if not isinstance(event.get(name), str) or not 0 < len(event[name]) <= 128:
                raise ValueError(f"'{name}' must be a text of 1 to 128 bytes")
        cents, currency = cents_of(event["amount"]), event.get("currency", "USD").upper()
    except ValueError as error:
        return answer(400, {"success": False, "error": str(error)})
    wanted = (event["user_id"], cents, currency)
    find = "SELECT id, user_id, amount_cents, currency FROM payments WHERE request_id = ?"
    row = database.execute(find, (event["request_id"],)).fetchone()
    duplicate = row is not None
    if not duplicate:
        with database:
            row = database.execute("INSERT INTO payments (request_id, user_id, amount_cents, currency, status) VALUES (?, ?, ?, ?, 'authorized') "
                                   "ON CONFLICT (request_id) DO NOTHING RETURNING id", (event["request_id"], *wanted)).fetchone()
        duplicate = row is None  # another process was faster
        if duplicate:
            row = database.execute(find, (event["request_id"],)).fetchone()
    if duplicate and row[1:] != wanted:
        return answer(409, {"success": False, "error": f"request id '{event['request_id']}' was used for another request"})
    return answer(200, {"success": True, "request_id": event["request_id"], "authorization_id": row[0], "status": "authorized", "amount": cents / 100,
                        "currency": currency, "duplicate": duplicate, "priority_level": PRIORITY, "processing_time": time.perf_counter() - start,
                        "remaining_time_ms": context.get_remaining_time_in_millis()})
