"""Reads a simulated document with boto3, which shares no code with the simulator, and compares what comes back."""

import sys

import boto3
import botocore.model
from botocore.config import Config

# botocore prefers CBOR where a service speaks it; the product's client and the simulator speak AWS JSON 1.1.
botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = ("json",)

PICTURE = b"\x89PNG\r\n\x1a\n"


def client(address: str):
    return boto3.client(
        "textract",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="example",
        config=Config(retries={"max_attempts": 2, "mode": "standard"}),
    )


def texts(blocks: list, kind: str) -> list:
    return [block["Text"] for block in blocks if block["BlockType"] == kind]


def read_at_once(textract) -> None:
    # The first call is throttled by the scenario: botocore has to know the error to try again.
    answer = textract.analyze_document(Document={"Bytes": PICTURE}, FeatureTypes=["LAYOUT", "TABLES", "FORMS"])
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1, answer["ResponseMetadata"]
    blocks = answer["Blocks"]
    assert texts(blocks, "LINE") == ["Lunch menu", "Dish", "Price", "Soup", "4", "Phone 0316"], texts(blocks, "LINE")
    by_id = {block["Id"]: block for block in blocks}
    cells = [block for block in blocks if block["BlockType"] == "CELL"]
    assert [(cell["RowIndex"], cell["ColumnIndex"]) for cell in cells] == [(1, 1), (1, 2), (2, 1), (2, 2)]
    words = [by_id[i]["Text"] for cell in cells for r in cell["Relationships"] for i in r["Ids"]]
    assert words == ["Dish", "Price", "Soup", "4"], words
    keys = [block for block in blocks if "KEY" in block.get("EntityTypes", [])]
    related = {r["Type"]: [by_id[i] for i in r["Ids"]] for r in keys[0]["Relationships"]}
    assert [block["Text"] for block in related["CHILD"]] == ["Phone"], related
    assert related["VALUE"][0]["EntityTypes"] == ["VALUE"], related


def read_as_job(textract) -> None:
    location = {"S3Object": {"Bucket": "docs", "Name": "menu.pdf"}}
    job = textract.start_document_text_detection(DocumentLocation=location, ClientRequestToken="one")["JobId"]
    states, lines, token = [], [], None
    while not states or states[-1] == "IN_PROGRESS" or token:
        more = {"NextToken": token} if token else {}
        part = textract.get_document_text_detection(JobId=job, **more)
        states.append(part["JobStatus"])
        lines += texts(part.get("Blocks", []), "LINE")
        token = part.get("NextToken")
    assert states[0] == "IN_PROGRESS" and states.count("SUCCEEDED") > 1, states
    assert len(lines) == 6 and lines[0] == "Lunch menu", lines
    other = {"S3Object": {"Bucket": "docs", "Name": "other.pdf"}}
    try:
        textract.start_document_text_detection(DocumentLocation=other, ClientRequestToken="one")
    except textract.exceptions.IdempotentParameterMismatchException:
        pass
    else:
        raise AssertionError("a token was used for two documents")
    try:
        textract.get_document_analysis(JobId=job)
    except textract.exceptions.InvalidJobIdException:
        pass
    else:
        raise AssertionError("a job was asked for under another name")


if __name__ == "__main__":
    found = client(sys.argv[1])
    read_at_once(found)
    print("boto3: a picture, passed")
    read_as_job(found)
    print("boto3: a job, passed")
