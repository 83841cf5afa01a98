"""Holds calls of the AWS command line against AWS's own models: does the operation exist, and each of its options? One call a line on
standard input, one fault a line on standard output. Commands that the command line adds itself (`s3 sync`, `logs tail`) are passed over."""

import re
import sys

import botocore.session
from botocore import xform_name

OF_THE_COMMAND_LINE = {"--query", "--output", "--region", "--max-items", "--no-paginate", "--profile", "--paths"}
ADDED = {("s3", "sync"), ("ecr", "get-login-password"), ("logs", "tail"), ("configure", "sso"), ("sso", "login"), ("configure", "")}
SESSION = botocore.session.get_session()


def kebab(name):
    return xform_name(name, "-")


def fault(call):
    """Returns what is wrong with a call, or nothing."""
    words = re.sub(r"'[^']*'|\"[^\"]*\"", "VALUE", call).split()
    service, operation = words[1], (words[2] if len(words) > 2 else "")
    if (service, operation) in ADDED:
        return None
    # The command line's own names for the operations of S3.
    service = service.replace("s3api", "s3")
    if service not in SESSION.get_available_services():
        return f"{call}: there is no {service}"
    model = SESSION.get_service_model(service)
    if operation == "wait":
        waiters = {kebab(name) for name in SESSION.get_waiter_model(service).waiter_names}
        waits = SESSION.get_waiter_model(service)
        if words[3] not in waiters:
            return f"{call}: there is no waiter {words[3]}"
        name = next(name for name in waits.waiter_names if kebab(name) == words[3])
        members = model.operation_model(waits.get_waiter(name).operation).input_shape.members
    else:
        found = [name for name in model.operation_names if kebab(name) == operation]
        if not found:
            return f"{call}: {service} has no {operation}"
        shape = model.operation_model(found[0]).input_shape
        members = shape.members if shape else {}
    known = {f"--{kebab(name)}" for name in members} | OF_THE_COMMAND_LINE
    known |= {option.replace("--", "--no-", 1) for option in known}
    strange = [word for word in words if re.fullmatch(r"--[a-z][a-z-]+", word) and word not in known]
    return f"{call}: {operation} has no {' '.join(strange)}" if strange else None


faults = [fault(line.strip()) for line in sys.stdin if line.startswith("aws ")]
for told in filter(None, faults):
    print(told)
print(len(faults), "calls", file=sys.stderr)
