"""A3 as plain Python: CPU work one after the other; the interpreter's lock leaves threads no gain."""
import json
import os
import time


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def is_prime(n):
    if n < 2:
        return False
    i = 2
    while i * i <= n:
        if n % i == 0:
            return False
        i += 1
    return True


def work(n):
    start = time.perf_counter()
    return {"input": n, "fibonacci": fibonacci(min(n, 35)), "is_prime": is_prime(n), "sum_of_squares": sum(i * i for i in range(n)),
            "processing_time": time.perf_counter() - start}


def handler(event, context):
    if event["action"] != "cpu_intensive_batch":
        return {"statusCode": 400, "body": json.dumps({"error": "Unknown action"})}
    start = time.perf_counter()
    results = [work(n) for n in event["numbers"]]
    return {"statusCode": 200, "body": json.dumps({"results": results, "processing_time": time.perf_counter() - start,
                                                   "data_size": len(results), "workers_used": 1,
                                                   "cpu_count": os.cpu_count(), "processing_mode": "sequential"})}
