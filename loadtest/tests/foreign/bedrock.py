"""Asks a simulated model with boto3, which shares no code with the simulator, and compares what comes back."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

LITE, MICRO = "amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0"
PROFILE = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0"
PASSAGES = '<passage number="1">We sell bread.</passage><passage number="2">The shop opens at nine.</passage>'
GUARDRAIL = {"guardrailIdentifier": "gr1", "guardrailVersion": "1", "trace": "enabled"}


def client(address: str):
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="example",
        config=Config(retries={"max_attempts": 2, "mode": "standard"}),
    )


def user(text: str) -> list:
    return [{"role": "user", "content": [{"text": text}]}]


def collect(answer: dict) -> tuple:
    """Returns the kinds of the events, the text, and the events by kind; botocore checks both checksums of each frame."""
    kinds, text, events = [], "", {}
    for event in answer["stream"]:
        [(kind, value)] = event.items()
        kinds.append(kind)
        events[kind] = value
        text += value.get("delta", {}).get("text", "")
    return kinds, text, events


def stream(bedrock) -> None:
    # The first call is throttled by the scenario: botocore has to know the error to try again.
    answer = bedrock.converse_stream(modelId=PROFILE, messages=user(PASSAGES + "When does the shop open?"))
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1, answer["ResponseMetadata"]
    assert answer["ResponseMetadata"]["RequestId"], answer["ResponseMetadata"]
    kinds, text, events = collect(answer)
    assert text == "The shop opens at nine. [2]", text
    assert kinds[0] == "messageStart" and kinds[-3:] == ["contentBlockStop", "messageStop", "metadata"], kinds
    assert events["messageStart"]["role"] == "assistant", events
    assert events["messageStop"]["stopReason"] == "end_turn", events
    usage = events["metadata"]["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] > 0, usage
    assert "latencyMs" in events["metadata"]["metrics"], events


def fail(bedrock) -> None:
    answer = bedrock.converse_stream(modelId=MICRO, messages=user("Hi"))
    try:
        collect(answer)
    except EventStreamError as error:
        assert error.response["Error"]["Code"] == "modelStreamErrorException", error.response
        assert error.response["Error"]["Message"] == "the model lost its thread", error.response
    else:
        raise AssertionError("the exception in the stream was not seen")
    for model, messages, part in [
        ("amazon.nova-mega-v1:0", user("Hi"), "model identifier is invalid"),
        (LITE, [{"role": "assistant", "content": [{"text": "Hi"}]}], "must start with a user message"),
    ]:
        try:
            bedrock.converse(modelId=model, messages=messages)
        except bedrock.exceptions.ValidationException as error:
            assert part in error.response["Error"]["Message"], error.response
        else:
            raise AssertionError(f"{model}: {messages} was answered")


def at_once(bedrock) -> None:
    answer = bedrock.converse(
        modelId=LITE,
        system=[{"text": "Answer from the passages."}],
        messages=user(PASSAGES + "Who is your accountant?"),
        inferenceConfig={"maxTokens": 100, "temperature": 0.5, "topP": 0.9, "stopSequences": ["\n\n"]},
    )
    assert answer["output"]["message"]["content"] == [{"text": "I do not know."}], answer
    assert answer["stopReason"] == "end_turn", answer


def guard(bedrock) -> None:
    blocked = bedrock.converse(modelId=MICRO, messages=user("Can I sue my landlord?"), guardrailConfig=GUARDRAIL)
    assert blocked["output"]["message"]["content"] == [{"text": "NO INPUT"}], blocked
    topics = blocked["trace"]["guardrail"]["inputAssessment"]["gr1"]["topicPolicy"]["topics"]
    assert topics == [{"name": "Law", "type": "DENY", "action": "BLOCKED", "detected": True}], topics
    _, text, events = collect(bedrock.converse_stream(modelId=MICRO, messages=user("Hi"), guardrailConfig=GUARDRAIL))
    assert text == "NO OUTPUT", text
    assert events["messageStop"]["stopReason"] == "guardrail_intervened", events
    outputs = events["metadata"]["trace"]["guardrail"]["outputAssessments"]["gr1"]
    assert outputs[0]["wordPolicy"]["customWords"][0]["match"] == "rival", outputs
    content = [{"text": {"text": "Write to ada@example.com."}}]
    verdict = bedrock.apply_guardrail(
        guardrailIdentifier="gr1", guardrailVersion="1", source="OUTPUT", content=content
    )
    assert verdict["action"] == "GUARDRAIL_INTERVENED", verdict
    assert verdict["outputs"] == [{"text": "Write to {EMAIL}."}], verdict
    assert verdict["usage"]["sensitiveInformationPolicyUnits"] == 1, verdict
    try:
        bedrock.apply_guardrail(guardrailIdentifier="gr9", guardrailVersion="1", source="INPUT", content=content)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "ResourceNotFoundException", error.response
    else:
        raise AssertionError("a guardrail that does not exist was applied")


def embed(bedrock) -> None:
    def vector(text: str, **more) -> list:
        body = json.dumps({"inputText": text, **more})
        answer = bedrock.invoke_model(modelId="amazon.titan-embed-text-v2:0", body=body, contentType="application/json")
        read = json.loads(answer["body"].read())
        assert answer["contentType"] == "application/json" and read["inputTextTokenCount"] > 0, answer
        assert read["embeddingsByType"]["float"] == read["embedding"], read.keys()
        return read["embedding"]

    def near(one: list, other: list) -> float:
        return sum(a * b for a, b in zip(one, other, strict=True))

    asked = vector("When does the shop open?", dimensions=256)
    assert len(asked) == 256 and len(vector("Hi")) == 1024
    assert abs(near(asked, asked) - 1) < 1e-4
    assert near(asked, vector("The shop does open at nine.", dimensions=256)) > 0.5
    try:
        vector("")
    except bedrock.exceptions.ValidationException as error:
        assert "Malformed input request" in error.response["Error"]["Message"], error.response
    else:
        raise AssertionError("an empty text was embedded")


if __name__ == "__main__":
    found = client(sys.argv[1])
    for name, part in {
        "a stream": stream,
        "failures": fail,
        "an answer at once": at_once,
        "guardrails": guard,
        "embeddings": embed,
    }.items():
        part(found)
        print(f"boto3: {name}, passed")
