"""Starts of the command and of LivePerson's JavaScript client, against an emulator on loopback, over TLS.

The protocol is that of player/src/lib.rs; the answers are nanoseconds by the clock on the wall, or kilobytes.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time

COMMAND = os.environ["BENCH_COMMAND"]
HERE = os.path.dirname(os.path.abspath(__file__))


def variables(folder):
    """What the emulator's file `env` says to a shell."""
    text = subprocess.check_output(["sh", "-c", f". '{folder}/env'; set"], env={}, text=True)
    return dict(re.findall(r"^(LP_\w+)='(.*)'$", text, re.MULTILINE))


def run(arguments, environment):
    """How long a process takes from its start to its end, and how much memory it needs at most."""
    started = time.monotonic_ns()
    process = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    token, complaint = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    took = time.monotonic_ns() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 or token.count(".") != 2:
        raise RuntimeError(f"no token: {complaint.strip()}")
    return took, usage.ru_maxrss


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
            measured = [run(*subjects[name.removesuffix("-kilobytes")]) for _ in range(int(count))]
            place = 1 if name.endswith("-kilobytes") else 0
            print(sum(times[place] for times in measured), flush=True)
        except (KeyError, RuntimeError) as error:
            print(f"error: {error}".replace("\n", " "), flush=True)
    emulator.send_signal(signal.SIGTERM)
    emulator.wait()


with tempfile.TemporaryDirectory() as folder:
    main(folder)
