"""What the bootstraps of all managed runtimes do."""

import pytest

LATEST = {"python": "AWS_Lambda_python3.13", "node": "AWS_Lambda_nodejs22.x"}
ECHO = {
    "python": "def handler(event, context):\n    return event\n",
    "node": "exports.handler = async (event) => event;\n",
}


@pytest.fixture(params=["python", "node"])
def echo(request):
    return request.getfixturevalue(request.param)(ECHO[request.param], AWS_EXECUTION_ENV=LATEST[request.param])


def test_unicode_goes_both_ways(echo):
    event = {"grüße": "日本語 🎉 \u0000 \u2028", "list": [1, 1.5, None, True]}
    call = echo.invoke(event)
    assert call.json == event
    assert "日本語 🎉".encode() in call.body


def test_six_megabytes_both_ways(echo):
    event = "x" * (6 * 1024 * 1024 - 2)
    assert echo.result(event) == event
    assert echo.result("small") == "small"


def test_one_connection_for_many_invocations(echo):
    for n in range(300):
        assert echo.result(n, request_id=f"id-{n}") == n
    assert echo.api.connections == 1


@pytest.mark.parametrize("status", [400, 413, 500])
def test_a_refused_answer_is_not_the_end(echo, status):
    echo.api.status = status
    assert echo.result(1) == 1
    assert echo.result(2) == 2


def test_an_event_that_is_not_json(echo):
    document = echo.error(raw=b'{"a":').json
    assert document["errorType"] in ("Runtime.UnmarshalError", "SyntaxError")
    assert echo.result(3) == 3


def test_ends_when_the_runtime_api_is_gone(echo):
    assert echo.result(1) == 1
    echo.api.server.shutdown()
    echo.api.server.server_close()
    echo.api.events.put(None)
    assert echo.exit_status() == 1
    assert (echo.out, echo.err) == ("", "")
