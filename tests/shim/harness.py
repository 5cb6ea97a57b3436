"""Starts one sandbox server for the tests, and makes clients for accounts that no other test uses."""

import atexit
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError

PACKAGE_PARENT = Path(__file__).resolve().parents[2] / "src" / "sandbox"
START_SECONDS = 60
STOP_SECONDS = 30

# Its loader keeps the service models, which are slow to read.
SESSION = botocore.session.Session()


class Server:
    """A server in a folder of its own, with the settings that `src/sandbox/server.rs` gives."""

    def __init__(self, folder, **settings):
        self.settings = settings
        self.folder = Path(folder)
        self.calls = self.folder / "calls.jsonl"
        self.token = f"token-{random.random()}"
        self.process = None

    def start(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{port}"
        settings = {
            "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0",
            "CLOUDTRAIL_RECORDING": "1", "PERSIST_STATE": "1", "STATE_DIR": str(self.folder / "data"),
            "S3_PERSIST": "1", "S3_DATA_DIR": str(self.folder / "s3"), "TMPDIR": str(self.folder),
            "PYTHONDONTWRITEBYTECODE": "1", "RUNBOOK_SANDBOX_TOKEN": self.token,
            "RUNBOOK_SANDBOX_CALL_LOG": str(self.calls), "PATH": os.environ.get("PATH", ""), **self.settings,
        }
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "shim"], cwd=PACKAGE_PARENT, env=settings,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                if self.identity()["token"] == self.token:
                    return self
            except OSError:
                time.sleep(0.05)
            if self.process.poll() is not None:
                break
        raise RuntimeError((self.folder / "server.log").read_text())

    def identity(self):
        with urllib.request.urlopen(f"{self.endpoint}/_runbook/identity", timeout=5) as answer:
            return json.load(answer)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(STOP_SECONDS)

    def client(self, service, account, region="us-east-1", credentials=None):
        keys = credentials or {"AccessKeyId": account, "SecretAccessKey": "test", "SessionToken": None}
        return SESSION.create_client(
            service, region_name=region, endpoint_url=self.endpoint, aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"],
            config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}))


def account():
    return "".join(random.choice("123456789") for _ in range(12))


SHARED = {}


def shared():
    """One server for all tests of a run: it starts with the first and stops with the interpreter."""
    if "server" not in SHARED:
        SHARED["folder"] = tempfile.TemporaryDirectory(prefix="runbook-shim-", ignore_cleanup_errors=True)
        SHARED["server"] = Server(SHARED["folder"].name).start()
        atexit.register(close)
    return SHARED["server"]


def close():
    SHARED.pop("server").stop()
    SHARED.pop("folder").cleanup()


class Case(unittest.TestCase):
    """Each test has an account of its own, so tests share the server and nothing else."""

    def setUp(self):
        self.account = account()
        self.server = shared()

    def client(self, service, **options):
        return self.server.client(service, self.account, **options)

    def refused(self, code, call, *args, **kwargs):
        """The call fails with this error code; returns its message."""
        with self.assertRaises(ClientError) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        return caught.exception.response["Error"]["Message"]

    def key(self, **options):
        return self.client("kms").create_key(**options)["KeyMetadata"]["Arn"]

    def key_for_logs(self):
        return self.key(Policy=logs_policy(self.account))


def logs_policy(owner, region="us-east-1"):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{owner}:root"}, "Action": "kms:*", "Resource": "*"},
        {"Effect": "Allow", "Principal": {"Service": f"logs.{region}.amazonaws.com"}, "Resource": "*",
         "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]}]})
