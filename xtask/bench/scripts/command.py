"""Starts of the command and of LivePerson's JavaScript client, against an emulator on loopback, over TLS.

The protocol is that of player/src/lib.rs; the answers are nanoseconds by the clock on the wall, kilobytes, or requests.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

COMMAND = os.environ["BENCH_COMMAND"]
HERE = os.path.dirname(os.path.abspath(__file__))


def variables(folder):
    """What the emulator's file `env` says to a shell."""
    text = subprocess.check_output(["sh", "-c", f". '{folder}/env'; set"], env={}, text=True)
    return dict(re.findall(r"^(LP_\w+)='(.*)'$", text, re.MULTILINE))


def run(arguments, environment):
    """How long a process takes from its start to its end, in nanoseconds."""
    started = time.monotonic_ns()
    process = start(arguments, environment)
    finish(process)
    return time.monotonic_ns() - started


def memory(arguments, environment):
    """The most that was resident, in kilobytes, as last seen before the end.

    What the system says of a process that has ended counts in what its parent held when it was started.
    """
    process = start(arguments, environment)
    most = 0
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status") as status:
                most = max(most, *map(int, re.findall(r"^VmHWM:\s+(\d+)", status.read(), re.MULTILINE)), 0)
        except OSError:
            pass
    finish(process)
    return most


def token_requests(askers, arguments, environment):
    """How many token requests the emulator gets from a process in which so many askers come at once."""
    def seen():
        with urllib.request.urlopen(environment["LP_EMULATOR_CONTROL"] + "/requests?limit=1") as reply:
            return json.load(reply)["counts"]["token"]

    before = seen()
    finish(start(arguments, {**environment, "BENCH_ASKERS": str(askers)}))
    return seen() - before


def start(arguments, environment):
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    token, complaint = process.communicate()
    if process.returncode != 0 or token.count(".") != 2:
        raise RuntimeError(f"no token: {complaint.strip()}")


def main(folder):
    emulator = subprocess.Popen([COMMAND, "emulator", "--dir", folder], stdout=subprocess.PIPE, text=True)
    emulator.stdout.readline()
    environment = {"PATH": os.environ["PATH"], **variables(folder)}
    node = {
        **environment,
        "BENCH_NODE": os.environ["BENCH_NODE"],
        "NODE_EXTRA_CA_CERTS": environment["LP_CA_FILE"],
    }
    command = [COMMAND, "token"]
    subjects = {
        "reqwest": (command + ["--transport", "reqwest"], environment),
        "isahc": (command + ["--transport", "isahc"], environment),
        "liveperson-functions-client": (["node", os.path.join(HERE, "functions-client.mjs")], node),
    }
    for line in sys.stdin:
        name, count = line.split()
        try:
            if name.endswith("-token-requests"):
                print(token_requests(count, *subjects[name.removesuffix("-token-requests")]), flush=True)
                continue
            measure = memory if name.endswith("-kilobytes") else run
            subject = subjects[name.removesuffix("-kilobytes")]
            print(sum(measure(*subject) for _ in range(int(count))), flush=True)
        except (KeyError, RuntimeError) as error:
            print(f"error: {error}".replace("\n", " "), flush=True)
    emulator.send_signal(signal.SIGTERM)
    emulator.wait()


with tempfile.TemporaryDirectory() as folder:
    main(folder)
