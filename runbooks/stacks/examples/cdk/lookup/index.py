"""Tells that it is there, and which table it would ask."""
import os


def handler(event, context):
    return {"healthy": True, "table": os.environ["TABLE"]}
