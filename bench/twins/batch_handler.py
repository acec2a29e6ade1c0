"""A8 as plain Python: a batch of orders, each enriched and stored by itself, with partial failures."""
import datetime
import json
import os
import sqlite3
import time
from decimal import Decimal

database = sqlite3.connect(os.environ.get("SQLITE_PATH", "/tmp/twin.db"), isolation_level=None)
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = NORMAL")
database.execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, "
                 "amount_cents INTEGER NOT NULL, currency TEXT NOT NULL, item_count INTEGER NOT NULL, customer_name TEXT NOT NULL, "
                 "customer_email TEXT NOT NULL, customer_status TEXT NOT NULL, priority TEXT NOT NULL, received_at TEXT NOT NULL)")
PRIORITY = os.environ.get("PRIORITY_LEVEL", "BATCH")
MAX_PROCESSING_TIME = int(os.environ.get("MAX_PROCESSING_TIME", "900"))
RESERVE_MS = 300


def cents_of(value):
    amount = Decimal(str(value))
    if not 0 < amount < 10**9 or amount != amount.quantize(Decimal("0.01")):
        raise ValueError("'amount' must be above 0 and below 1000000000, with at most two decimals")
    return int(amount * 100)


def enrich(order, request_id):
    items = order.get("items") or []
    total = sum(item["quantity"] * cents_of(item["price"]) for item in items)
    cents = cents_of(order["amount"]) if "amount" in order else total
    if items and cents != total:
        raise ValueError("'amount' and the items' sum differ")
    name, email = order.get("name", "").strip().title(), order.get("email", "").strip().lower()
    status = "" if not name + email else "invalid_name" if not name else "valid" if "@" in email else "invalid_email"
    return {"request_id": order.get("request_id", request_id), "user_id": str(order["user_id"]), "amount_cents": cents,
            "currency": order.get("currency", "USD").upper(), "item_count": sum(item["quantity"] for item in items),
            "customer_name": name, "customer_email": email, "customer_status": status, "priority": PRIORITY,
            "received_at": datetime.datetime.now(datetime.timezone.utc).isoformat()}


def store(order):
    find = "SELECT id, user_id, amount_cents FROM orders WHERE request_id = ?"
    row = database.execute(find, (order["request_id"],)).fetchone()
    if row is None:
        made = database.execute(f"INSERT INTO orders ({', '.join(order)}) VALUES ({', '.join('?' * len(order))}) "
                                "ON CONFLICT (request_id) DO NOTHING RETURNING id", tuple(order.values())).fetchone()
        row = None if made else database.execute(find, (order["request_id"],)).fetchone()  # another process was faster
    if row is not None and row[1:] != (order["user_id"], order["amount_cents"]):
        raise ValueError(f"request id '{order['request_id']}' was used for another request")


def handler(event, context):
    start = time.perf_counter()
    failed, left_undone = [], []
    for record in event["Records"]:
        if time.perf_counter() - start > MAX_PROCESSING_TIME or context.get_remaining_time_in_millis() <= RESERVE_MS:
            left_undone.append(record["messageId"])
            continue
        try:
            body = json.loads(record["body"])
            store(enrich(body.get("order", body), record["messageId"]))
        except (ValueError, KeyError, sqlite3.Error) as error:
            failed.append({"itemIdentifier": record["messageId"], "error": str(error)})
    failures = [one["itemIdentifier"] for one in failed] + left_undone
    body = {"success": True, "total_records": len(event["Records"]), "processed_records": len(event["Records"]) - len(failures),
            "failed": failed, "left_undone": left_undone, "priority_level": PRIORITY, "processing_time": time.perf_counter() - start,
            "remaining_time_ms": context.get_remaining_time_in_millis()}
    return {"statusCode": 200, "batchItemFailures": [{"itemIdentifier": one} for one in failures], "body": json.dumps(body)}
