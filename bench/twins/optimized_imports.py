"""A5 as plain Python: statistics of records without a data frame library."""
import json
import statistics


def handler(event, context):
    if event["action"] != "data_analysis":
        return {"statusCode": 400, "body": json.dumps({"error": "Unknown action"})}
    records = event["records"]
    columns = {}
    for record in records:
        for key, value in record.items():
            columns.setdefault(key, []).append(value)
    summary = {}
    for key, values in columns.items():
        if all(isinstance(value, (int, float)) for value in values):
            summary[key] = {"mean": statistics.fmean(values), "std": statistics.stdev(values) if len(values) > 1 else 0,
                            "min": min(values), "max": max(values)}
        else:
            counts = {}
            for value in values:
                counts[value] = counts.get(value, 0) + 1
            most = max(counts.values())
            summary[key] = {"unique_count": len(counts), "most_frequent": min(value for value, count in counts.items() if count == most)}
    return {"statusCode": 200, "body": json.dumps({"row_count": len(records), "column_count": len(columns), "summary": summary})}
