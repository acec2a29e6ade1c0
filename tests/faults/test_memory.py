"""Memory that large requests took for a moment goes back to the machine, and the next ones need no more."""

import json
import threading
import urllib.parse

import pytest
from harness import wait_for
from test_hostile_functions import resident

MIB = 1 << 20


def templates():
    """Wide, deep, and many: what a reader builds up of them is far larger than they are."""
    many = {"Resources": {f"R{n}": {"Type": "AWS::SNS::Topic", "Properties": {}} for n in range(8_000)}}
    wide = {"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Fn::Join": ["", ["x"] * 90_000]}}}}}
    deep = "x"
    for _ in range(48):
        deep = {"Fn::Join": ["", [deep, "y" * 5000]]}
    return [json.dumps(many), json.dumps(wide), json.dumps({"Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": deep}}}})]


@pytest.mark.parametrize("io", ["epoll", "auto"])
def test_large_templates_leave_no_memory_behind(own_kiln, io):
    kiln = own_kiln(args=["--speed", "60", "--io", io])  # a metric minute is a second
    signed = lambda service: {"Authorization": f"AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/{service}/aws4_request"}
    assert kiln.http("PUT", "/templates", None, signed("s3"))[0] == 200
    texts = templates()
    for number, text in enumerate(texts):
        assert kiln.http("PUT", f"/templates/{number}", text.encode(), signed("s3"))[0] == 200

    def ask():
        for number in range(len(texts)):
            for action in ("ValidateTemplate", "GetTemplateSummary", "CreateStack"):
                more = {"StackName": "s"} if action == "CreateStack" else {}
                body = urllib.parse.urlencode({"Action": action, "Version": "2010-05-15", "TemplateURL": f"{kiln.url}/templates/{number}", **more})
                assert kiln.http("POST", "/", body, {"Content-Type": "application/x-www-form-urlencoded", **signed("cloudformation")})[0] in (200, 400)

    def round():
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    before = resident(kiln.engine)
    for _ in range(3):
        round()
        wait_for(lambda: resident(kiln.engine) < before + 32 * MIB, 20, f"less than {before // MIB + 32} MiB")
