"""Whether the emulator's control plane does what its OpenAPI document says: schemathesis, all checks on."""

import os
import pathlib
import re
import subprocess
import sys
import urllib.request
from importlib.metadata import version

url = os.environ["LP_EMULATOR_CONTROL"].rstrip("/")


def reset():
    urllib.request.urlopen(urllib.request.Request(f"{url}/reset", method="POST")).close()


reset()
command = [
    str(pathlib.Path(sys.executable).with_name("schemathesis")),
    "run",
    f"{url}/openapi.json",
    "--checks=all",
    "--mode=all",
    f"--max-examples={os.environ.get('EXAMPLES', '50')}",
    # It never ends; the emulator's own tests look at it.
    "--exclude-path=/events",
    "--request-timeout=20",
    "--no-color",
    *sys.argv[1:],
]
try:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
finally:
    reset()
if ran.returncode != 0:
    sys.exit(f"{' '.join(command)}\n{ran.stdout}{ran.stderr}")
print("client schemathesis", version("schemathesis"))
for summary in re.findall(r"(\d+ generated, \d+ passed[^\n]*|Tested: \d+)", ran.stdout):
    print("seen", summary)
