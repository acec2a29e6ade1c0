"""A1 as plain Python: patterns and a SQLite database made at import, a dict as cache."""
import json
import re
import sqlite3
import time

EMAIL = re.compile(r"^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}$")
PHONE = re.compile(r"^\+?1?[0-9]{10,14}$")
CACHE = {}
CACHE_TTL = 300
database = sqlite3.connect("/tmp/twin.db")
database.execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, user_id TEXT, amount TEXT, status TEXT)")
database.execute("CREATE TABLE IF NOT EXISTS items (id TEXT PRIMARY KEY, value TEXT, timestamp TEXT)")
database.execute("INSERT OR REPLACE INTO items VALUES ('user:2', 'Grace', '2026-01-02T03:04:05.678Z')")
database.commit()
requests = 0


def validate_user(data):
    email = bool(EMAIL.match(data.get("email", "")))
    phone = bool(PHONE.match(data.get("phone", "")))
    present = bool(data.get("name")) and bool(data.get("email"))
    return {"email_valid": email, "phone_valid": phone, "required_fields_present": present, "overall_valid": email and phone and present}


def process_order(data):
    with database:
        row = database.execute("INSERT INTO orders (user_id, amount, status) VALUES (?, ?, 'pending') RETURNING id",
                               (str(data["user_id"]), str(data["amount"]))).fetchone()
    return {"order_id": row[0], "status": "created", "amount": data["amount"]}


def fetch_data(key):
    cached = CACHE.get(key)
    if cached and cached[0] > time.monotonic():
        return {"data": json.loads(cached[1]), "source": "cache", "cache_hit": True}
    row = database.execute("SELECT id, value, timestamp FROM items WHERE id = ?", (key,)).fetchone()
    data = dict(zip(("id", "value", "timestamp"), row)) if row else None
    CACHE[key] = (time.monotonic() + CACHE_TTL, json.dumps(data))
    return {"data": data, "source": "database", "cache_hit": False}


def handler(event, context):
    global requests
    requests += 1
    start = time.perf_counter()
    action = event.get("action")
    if action == "validate_user":
        result = validate_user(event["data"])
    elif action == "process_order":
        result = process_order(event["data"])
    elif action == "fetch_data":
        result = fetch_data(event["key"])
    else:
        result = {"error": f"Unknown action: {action}"}
    return {"statusCode": 200, "body": json.dumps({"success": True, "result": result, "metadata": {
        "cold_start": requests == 1, "request_count": requests, "processing_time_seconds": time.perf_counter() - start,
        "remaining_time_ms": context.get_remaining_time_in_millis()}})}
