"""Verification in Python: PyJWT, configured as its documentation advises. The protocol is that of player/src/lib.rs."""

import os
import sys
import time

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key

FOLDER = os.environ["BENCH_FOLDER"]


def read(name):
    with open(os.path.join(FOLDER, name), encoding="ascii") as file:
        return file.read()


token = read("token")
key = load_pem_public_key(read("key.pem").encode())
required = {"require": ["exp", "iss", "aud"]}

for line in sys.stdin:
    name, count = line.split()
    if name != "PyJWT":
        print(f"error: no subject is called {name}", flush=True)
        continue
    started = time.thread_time_ns()
    for _ in range(int(count)):
        jwt.decode(token, key, algorithms=["RS256"], audience="12345678", issuer="Sentinel", options=required)
    print(time.thread_time_ns() - started, flush=True)
