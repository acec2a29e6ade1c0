"""A5 as plain Python: statistics of records without a data frame library."""
import json
import statistics


def handler(event, context):
    action = event.get("action", "data_analysis")
    if action != "data_analysis":
        return {"statusCode": 400, "body": json.dumps({"success": False, "error": f"Unknown action: {action}"})}
    records = event["records"]
    columns = {}
    for record in records:
        for key, value in record.items():
            columns.setdefault(key, []).append(value)
    numeric, categorical = {}, {}
    for key, values in columns.items():
        if all(isinstance(value, (int, float)) for value in values):
            numeric[key] = {"count": len(values), "mean": statistics.fmean(values), "std": statistics.stdev(values) if len(values) > 1 else None,
                            "min": min(values), "max": max(values)}
        else:
            counts = {}
            for value in values:
                counts[value] = counts.get(value, 0) + 1
            most = max(counts.values())
            categorical[key] = {"count": len(values), "unique_count": len(counts),
                                "most_frequent": min(value for value, count in counts.items() if count == most)}
    analysis = {"row_count": len(records), "column_count": len(columns), "numeric_summary": numeric, "categorical_summary": categorical}
    return {"statusCode": 200, "body": json.dumps({"result": {"success": True, "analysis": analysis}})}
