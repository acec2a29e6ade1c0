"""SNS with boto3: topics, subscribers of every kind, filters, refusals."""

import json

import pytest
from botocore.exceptions import ClientError

from doubles import Receiver, Subscriber
from harness import Kiln, code_of, message_of, wait_for

PRINTING = "import json\ndef handler(event, context):\n    print('GOT ' + json.dumps(event))\n"


def got(kiln, name):
    try:
        events = kiln.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="GOT")["events"]
    except ClientError:
        return []
    return [json.loads(event["message"].split("GOT ", 1)[1]) for event in events]


@pytest.fixture
def topic(kiln, name):
    sns = kiln.client("sns")
    arn = sns.create_topic(Name=name)["TopicArn"]
    yield arn
    sns.delete_topic(TopicArn=arn)


def test_a_function_gets_the_messages_that_its_filter_lets_through(kiln, name, topic):
    sns = kiln.client("sns")
    kiln.create(name, {"index.py": PRINTING})
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    subscription = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn, Attributes={"FilterPolicy": '{"colour": ["red", {"prefix": "dark"}]}'})["SubscriptionArn"]
    assert subscription.startswith(topic + ":")
    sent = {}
    for colour in ("blue", "red", "darkgreen"):
        sent[colour] = sns.publish(TopicArn=topic, Subject="s", Message=colour, MessageAttributes={"colour": {"DataType": "String", "StringValue": colour}})["MessageId"]
    records = [event["Records"][0] for event in wait_for(lambda: len(got(kiln, name)) == 2 and got(kiln, name))]
    assert {r["Sns"]["Message"]: r["Sns"]["MessageId"] for r in records} == {c: sent[c] for c in ("red", "darkgreen")}
    assert all((r["EventSource"], r["EventVersion"], r["EventSubscriptionArn"]) == ("aws:sns", "1.0", subscription) for r in records)
    assert records[0]["Sns"]["TopicArn"] == topic and records[0]["Sns"]["Subject"] == "s"
    assert records[0]["Sns"]["MessageAttributes"]["colour"]["Type"] == "String"
    sns.unsubscribe(SubscriptionArn=subscription)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_a_message_reaches_an_http_subscriber_only_after_it_confirmed(kiln, topic):
    sns = kiln.client("sns")
    receiver = Receiver()
    pending = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=receiver.url + "/hook", Attributes={"RawMessageDelivery": "true"})["SubscriptionArn"]
    assert pending == "pending confirmation"
    _, path, headers, body = receiver.next()
    assert path == "/hook" and headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    sns.publish(TopicArn=topic, Message="before")
    token = json.loads(body)["Token"]
    with pytest.raises(ClientError) as error:
        sns.confirm_subscription(TopicArn=topic, Token="0" * len(token))
    assert message_of(error) == "Invalid parameter: Token"
    # The address that was sent, with the topic of another Region in it: the token is known, the topic is wrong.
    elsewhere = json.loads(body)["SubscribeURL"].split(":%d/" % kiln.port)[1].replace(":us-east-1:", ":eu-west-1:")
    assert elsewhere.count("eu-west-1") == 1 and b"Invalid parameter: Topic<" in kiln.http("GET", "/" + elsewhere)[2]
    confirmed = sns.confirm_subscription(TopicArn=topic, Token=token)["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="after")
    _, _, headers, body = receiver.next()
    assert body == b"after" and headers["x-amz-sns-rawdelivery"] == "true" and headers["x-amz-sns-subscription-arn"] == confirmed
    attributes = sns.get_subscription_attributes(SubscriptionArn=confirmed)["Attributes"]
    assert attributes["PendingConfirmation"] == "false" and attributes["RawMessageDelivery"] == "true"
    receiver.close()


def test_a_function_url_is_a_subscriber(kiln, name, topic):
    """Its name is below localhost, which this machine's resolver may not know."""
    functions, sns = kiln.client("lambda"), kiln.client("sns")
    kiln.create(name, {"index.py": "import json\ndef handler(event, context):\n    print('GOT ' + json.dumps(json.loads(event['body'])))\n"})
    url = functions.create_function_url_config(FunctionName=name, AuthType="NONE")["FunctionUrl"]
    assert ".localhost:" in url
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=url)
    wait_for(lambda: got(kiln, name))
    sns.confirm_subscription(TopicArn=topic, Token=got(kiln, name)[0]["Token"])
    sns.publish(TopicArn=topic, Message="hello")
    wait_for(lambda: len(got(kiln, name)) == 2)
    assert got(kiln, name)[1]["Message"] == "hello"


def test_retries_a_dead_letter_queue_and_a_subscriber_that_never_answers(name):
    """The endpoint fails twice and takes the third attempt; another fails for ever; a third one says nothing."""
    import socket

    queue = Receiver(lambda *_: (200, {}, b"{}"))
    silent = socket.create_server(("127.0.0.1", 0))  # takes connections and never answers
    kiln = Kiln(args=["--speed", "600", "--forward", f"sqs={queue.url}"])
    tries = []

    def flaky(method, path, headers, body):
        if headers.get("x-amz-sns-message-type") == "SubscriptionConfirmation":
            return 200, {}, b""
        tries.append(path)
        return (500 if path == "/dead" or tries.count("/flaky") < 3 else 200), {}, b""

    receiver = Receiver(flaky)
    try:
        sns = kiln.client("sns")
        topic = sns.create_topic(Name=name)["TopicArn"]
        for path, attributes in [("/flaky", {}), ("/dead", {"RedrivePolicy": '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"}'})]:
            sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=receiver.url + path, Attributes=attributes)
            sns.confirm_subscription(TopicArn=topic, Token=json.loads(receiver.next()[3])["Token"])
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}/")
        sns.publish(TopicArn=topic, Message="m")
        seen = [receiver.next()[1] for _ in range(7)]
        assert seen.count("/flaky") == 3 and seen.count("/dead") == 4
        _, _, _, body = queue.next()
        dead = json.loads(json.loads(body)["MessageBody"])
        assert dead["Message"] == "m" and dead["Type"] == "Notification"
        wait_for(lambda: f"{receiver.url}/dead" in kiln.stderr() and "after 4 attempts: it answered 500" in kiln.stderr(), what="the line on it")
    finally:
        kiln.stop()
        for server in (queue, receiver, silent):
            server.close()


def test_email_is_written_to_the_log(own_kiln, name):
    kiln = own_kiln()
    sns = kiln.client("sns")
    topic = sns.create_topic(Name=name)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ops@example.com")
    line = wait_for(lambda: next((line for line in kiln.stderr().splitlines() if "e-mail to ops@example.com: to confirm" in line), None))
    status, _, _ = kiln.http("GET", line.split("open ", 1)[1].split(str(kiln.port), 1)[1])
    assert status == 200
    sns.publish(TopicArn=topic, Subject="Disk", Message="is full")
    wait_for(lambda: "e-mail to ops@example.com: Disk: is full" in kiln.stderr())


def test_topics_and_subscriptions_survive_a_kill(own_kiln, name):
    kiln = own_kiln()
    sns = kiln.client("sns")
    topic = sns.create_topic(Name=name, Attributes={"DisplayName": "d"}, Tags=[{"Key": "k", "Value": "v"}])["TopicArn"]
    subscriber = Subscriber()
    subscriber.subscribe(sns, topic)
    kiln.kill()
    again = own_kiln().client("sns")
    assert again.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"] == "d"
    assert again.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "k", "Value": "v"}]
    again.publish(TopicArn=topic, Message="still there")
    assert subscriber.message()[1]["Message"] == "still there"
    subscriber.close()


def test_a_batch(kiln, topic):
    sns = kiln.client("sns")
    subscriber = Subscriber()
    subscriber.subscribe(sns, topic)
    entries = [{"Id": str(i), "Message": f"m{i}"} for i in range(10)]
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [s["Id"] for s in answer["Successful"]] == [str(i) for i in range(10)] and not answer.get("Failed")
    ids = {s["MessageId"] for s in answer["Successful"]}
    received = [subscriber.message()[1] for _ in range(10)]
    assert {m["MessageId"] for m in received} == ids and {m["Message"] for m in received} == {f"m{i}" for i in range(10)}
    with pytest.raises(ClientError) as error:
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries + [{"Id": "x", "Message": "m"}])
    assert code_of(error).endswith("TooManyEntriesInBatchRequest")
    subscriber.close()


@pytest.mark.parametrize("call, code, text", [
    (lambda sns, topic: sns.publish(TopicArn=topic, Message="x" * 300_000), "InvalidParameter", "Invalid parameter: Message too long"),
    (lambda sns, topic: sns.publish(TopicArn=topic, Message=""), "InvalidParameter", "Invalid parameter: Empty message"),
    (lambda sns, topic: sns.publish(TopicArn=topic + "x", Message="m"), "NotFound", "Topic does not exist"),
    (lambda sns, topic: sns.publish(TopicArn="nope", Message="m"), "InvalidParameter", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"),
    (lambda sns, topic: sns.publish(TopicArn=topic, Message="m", MessageStructure="json"), "InvalidParameter", "Invalid parameter: Message Structure - JSON message body failed to parse"),
    (lambda sns, topic: sns.subscribe(TopicArn=topic, Protocol="pigeon", Endpoint="coo"), "InvalidParameter", "Invalid parameter: Amazon SNS does not support this protocol string: pigeon"),
    (lambda sns, topic: sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="http://q"), "InvalidParameter", "Invalid parameter: SQS endpoint ARN"),
    (lambda sns, topic: sns.create_topic(Name="a b"), "InvalidParameter", "Invalid parameter: Topic Name"),
    (lambda sns, topic: sns.set_topic_attributes(TopicArn=topic, AttributeName="Colour", AttributeValue="red"), "InvalidParameter", "Invalid parameter: AttributeName"),
])
def test_bad_calls_are_refused_with_snss_own_words(kiln, topic, call, code, text):
    sns = kiln.client("sns")
    with pytest.raises(ClientError) as error:
        call(sns, topic)
    assert (code_of(error), message_of(error)) == (code, text)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_parameters_may_be_in_the_address_of_a_post(kiln, topic):
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/sns/aws4_request, SignedHeaders=host, Signature=0"}
    status, headers, body = kiln.http("POST", f"/?Action=Publish&Version=2010-03-31&TopicArn={topic}&Message=hello", None, signed)
    assert (status, headers["Content-Type"]) == (200, "text/xml") and b"<PublishResponse" in body
