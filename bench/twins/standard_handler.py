"""A7 as plain Python: one order, enriched and stored once."""
import datetime
import json
import os
import sqlite3
import time
from decimal import Decimal

database = sqlite3.connect(os.environ.get("SQLITE_PATH", "/tmp/twin.db"))
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = NORMAL")
database.execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, "
                 "amount_cents INTEGER NOT NULL, currency TEXT NOT NULL, item_count INTEGER NOT NULL, customer_name TEXT NOT NULL, "
                 "customer_email TEXT NOT NULL, customer_status TEXT NOT NULL, priority TEXT NOT NULL, received_at TEXT NOT NULL)")
PRIORITY = os.environ.get("PRIORITY_LEVEL", "STANDARD")


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


def answer(status, body):
    return {"statusCode": status, "body": json.dumps(body)}


def handler(event, context):
    start = time.perf_counter()
    try:
        order = enrich(event.get("order", event), context.aws_request_id)
    except (ValueError, KeyError) as error:
        return answer(400, {"success": False, "error": str(error)})
    find = "SELECT id, user_id, amount_cents FROM orders WHERE request_id = ?"
    row = database.execute(find, (order["request_id"],)).fetchone()
    duplicate = row is not None
    if not duplicate:
        with database:
            row = database.execute(f"INSERT INTO orders ({', '.join(order)}) VALUES ({', '.join('?' * len(order))}) "
                                   "ON CONFLICT (request_id) DO NOTHING RETURNING id", tuple(order.values())).fetchone()
        duplicate = row is None  # another process was faster
        if duplicate:
            row = database.execute(find, (order["request_id"],)).fetchone()
    if duplicate and row[1:] != (order["user_id"], order["amount_cents"]):
        return answer(409, {"success": False, "error": f"request id '{order['request_id']}' was used for another request"})
    shown = {key: order[key] for key in ("request_id", "user_id", "currency", "item_count", "priority", "received_at")}
    shown.update(order_id=row[0], amount=order["amount_cents"] / 100, status="stored",
                 customer={"name": order["customer_name"], "email": order["customer_email"], "validation_status": order["customer_status"]})
    return answer(200, {"success": True, "order": shown, "duplicate": duplicate, "priority_level": PRIORITY,
                        "processing_time": time.perf_counter() - start, "remaining_time_ms": context.get_remaining_time_in_millis()})
