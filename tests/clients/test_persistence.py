"""What survives a kill, and databases that are refused."""

import datetime
import sqlite3

import pytest
from harness import Kiln, zip_of

PY = {"index.py": "def handler(event, context):\n    return context.function_version\n"}


def test_everything_survives_kill_9(own_kiln):
    kiln = own_kiln()
    api = kiln.client("lambda")
    kiln.create("f", PY, Environment={"Variables": {"AB": "c"}}, Tags={"t": "1"})
    api.publish_version(FunctionName="f")
    api.create_alias(FunctionName="f", Name="prod", FunctionVersion="1")
    api.add_permission(FunctionName="f", StatementId="s", Action="lambda:InvokeFunction", Principal="*")
    before = api.get_function(FunctionName="f")["Configuration"]
    kiln.kill()
    again = own_kiln()
    api = again.client("lambda")
    assert api.get_function(FunctionName="f")["Configuration"] == before
    assert again.invoke("f:prod")["Body"] == "1"
    assert again.invoke("f")["Body"] == "$LATEST"
    assert api.list_tags(Resource=before["FunctionArn"])["Tags"] == {"t": "1"}
    assert '"Sid":"s"' in api.get_policy(FunctionName="f")["Policy"].replace(" ", "")
    api.update_function_configuration(FunctionName="f", Description="x")
    assert api.publish_version(FunctionName="f")["Version"] == "2"


def test_metrics_that_were_put_survive_kill_9(own_kiln):
    kiln = own_kiln()
    now = datetime.datetime.now(datetime.timezone.utc)
    kiln.client("cloudwatch").put_metric_data(Namespace="N", MetricData=[{"MetricName": "m", "Value": 3, "Timestamp": now}])
    kiln.kill()
    cloudwatch = own_kiln().client("cloudwatch")
    assert [metric["MetricName"] for metric in cloudwatch.list_metrics(Namespace="N")["Metrics"]] == ["m"]
    around = {"StartTime": now - datetime.timedelta(minutes=2), "EndTime": now + datetime.timedelta(minutes=2), "Period": 60}
    (point,) = cloudwatch.get_metric_statistics(Namespace="N", MetricName="m", Statistics=["Sum"], **around)["Datapoints"]
    assert point["Sum"] == 3


@pytest.mark.parametrize("damage", ["garbage", "newer", "foreign"])
def test_a_database_that_is_not_ours_is_refused_and_left_alone(tmp_path, damage):
    kiln = Kiln(data_dir=tmp_path / "data")
    kiln.create("f", PY)
    kiln.stop()
    path = next((tmp_path / "data").glob("*.db"))
    if damage == "garbage":
        path.write_bytes(b"not a database at all" * 1000)
    else:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version = 9999" if damage == "newer" else "PRAGMA application_id = 12345")
        db.close()
    content = path.read_bytes()
    with pytest.raises(AssertionError) as error:
        Kiln(data_dir=tmp_path / "data")
    assert str(path) in str(error.value)
    assert path.read_bytes() == content


def test_a_data_folder_has_one_engine(own_kiln, tmp_path):
    own_kiln()
    with pytest.raises(AssertionError) as error:
        Kiln(data_dir=tmp_path / "data")
    assert "data" in str(error.value) and "process" in str(error.value).lower() or "pid" in str(error.value).lower()
