"""Creates optimized_cold_start on a running Kiln and shows its three actions, cold and warm, as a table.

Times are taken here, from request to response over one kept-alive connection; the REPORT columns are what the engine
logged for the cold call. Used by ./run. Standard library only. Exits 1 when an action fails.
"""
import argparse
import base64
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.parse

NAME = "optimized_cold_start"
WARM_CALLS = 21
PASSED_ON = ("DATABASE_URL", "DB_HOST", "DB_NAME", "DB_USER", "DB_PASSWORD", "REDIS_HOST", "REDIS_PORT")
EVENTS = (
    ("validate_user", {"data": {"name": "Ada", "email": "ada@example.com", "phone": "+15551234567"}}),
    ("process_order", {"data": {"user_id": 42, "amount": 99.5}}),
    ("fetch_data", {"key": "user:1"}),
)


class Failure(Exception):
    """What went wrong, for the user."""


def invoke(connection, event):
    """Returns (milliseconds, payload text, REPORT line); Failure unless the function answered."""
    body = json.dumps(event)
    started = time.perf_counter()
    connection.request("POST", f"/2015-03-31/functions/{NAME}/invocations", body,
                       {"X-Amz-Log-Type": "Tail", "Content-Type": "application/json"})
    response = connection.getresponse()
    payload = response.read().decode()
    elapsed = (time.perf_counter() - started) * 1000
    if response.status != 200 or response.getheader("X-Amz-Function-Error"):
        raise Failure(f"{event['action']} answered {response.status}: {payload}")
    tail = base64.b64decode(response.getheader("X-Amz-Log-Result") or "").decode(errors="replace")
    report = next((line for line in tail.splitlines() if line.startswith("REPORT ")), "")
    return elapsed, payload, report


def reported(report, field):
    found = re.search(rf"\t{re.escape(field)}: ([0-9.]+ \w+)", report)
    return found.group(1) if found else "-"


def result_of(payload):
    """The function's own result, without its metadata, short."""
    document = json.loads(payload)
    body = json.loads(document["body"]) if isinstance(document.get("body"), str) else document
    if document.get("statusCode", 200) >= 400:
        raise Failure(f"the function answered {document['statusCode']}: {document['body']}")
    result = body.get("result", body) if isinstance(body, dict) else body
    text = json.dumps(result)
    return text if len(text) <= 72 else text[:69] + "..."


def fresh_environment(arguments):
    """Creates the function, or updates it, which ends its warm environments."""
    command = [arguments.kiln, "create", NAME, arguments.package, "--update", "--endpoint", arguments.endpoint,
               "--memory", "1024", "--timeout", "30", "--json"]
    for name in PASSED_ON:
        if os.environ.get(name):
            command += ["--env", f"{name}={os.environ[name]}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(done.stderr.strip() or f"kiln create ended with {done.returncode}")


def print_table(titles, rows):
    widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(len(titles))]
    for row in [titles, *rows]:
        cells = [cell.ljust(width) if i in (0, len(titles) - 1) else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kiln", required=True)
    parser.add_argument("--endpoint", required=True)
    parser.add_argument("--package", required=True)
    arguments = parser.parse_args()
    url = urllib.parse.urlsplit(arguments.endpoint)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=60)
    rows = []
    reports = ("", "")
    try:
        for action, event in EVENTS:
            event = {"action": action, **event}
            fresh_environment(arguments)
            cold_ms, payload, cold_report = invoke(connection, event)
            warm = [invoke(connection, event) for _ in range(WARM_CALLS)]
            warm_ms = statistics.median(call[0] for call in warm)
            reports = (cold_report, warm[-1][2])
            rows.append([action, f"{cold_ms:.2f}", f"{warm_ms:.2f}", reported(cold_report, "Init Duration"),
                         reported(cold_report, "Duration"), reported(warm[-1][2], "Duration"),
                         reported(cold_report, "Max Memory Used"), result_of(payload)])
    except (Failure, OSError, ValueError, http.client.HTTPException) as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 1
    print()
    print_table(["ACTION", "COLD MS", "WARM MS", "INIT DURATION", "COLD DURATION", "WARM DURATION", "MAX MEMORY",
                 "RESULT"], rows)
    print(f"\nCOLD MS and WARM MS (median of {WARM_CALLS}) are measured by the client; the others are from the log:")
    for report in reports:
        print(f"  {report.strip()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
