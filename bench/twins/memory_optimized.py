"""A2 as plain Python: records cleaned in batches, memory looked at with resource."""
import json
import resource
import time


def memory_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def clean(record):
    name = (record.get("name") or "").strip().title()
    email = (record.get("email") or "").strip().lower()
    age, score = record.get("age"), record.get("score")
    status = "invalid_name" if not name else "valid" if "@" in email else "invalid_email"
    return {"id": record.get("id"), "processed_at": time.time(), "validation_status": status,
            "data": {"name": name, "email": email, "age": int(float(age)) if age not in (None, "") else None, "score": float(score or 0)}}


def handler(event, context):
    if event["action"] == "process_large_dataset":
        data, size = event["data"], event.get("batch_size", 1000)
        results = []
        for start in range(0, len(data), size):
            for record in data[start:start + size]:
                try:
                    results.append(clean(record))
                except Exception as error:  # noqa: BLE001: a bad record is skipped
                    print("skipped", error)
        body = {"processed_records": len(data), "total_records": len(data), "results_count": len(results),
                "memory_report": {"peak_memory_mb": memory_mb()}}
    elif event["action"] == "memory_test":
        block = bytearray(event["test_size_mb"] * 1024 * 1024)
        for i in range(0, len(block), 4096):
            block[i] = 1
        body = {"test_size_mb": event["test_size_mb"], "memory_report": {"peak_memory_mb": memory_mb()}}
    else:
        return {"statusCode": 400, "body": json.dumps({"error": "Unknown action"})}
    return {"statusCode": 200, "body": json.dumps(body)}
