"""What the checks of Python clients share: the settings, and whether a token is genuine by PyJWT."""

import os
import ssl
from importlib.metadata import version
from pathlib import Path

import jwt
import requests

ACCOUNT = os.environ["LP_ACCOUNT_ID"]
CLIENT_ID = os.environ["LP_CLIENT_ID"]
CLIENT_SECRET = Path(os.environ["LP_CLIENT_SECRET_FILE"]).read_text().strip()
DOMAIN_API = os.environ["LP_DOMAIN_API"]


def host(service: str) -> str:
    """Where a service lives: what the Domain API says."""
    url = f"{DOMAIN_API}/api/account/{ACCOUNT}/service/{service}/baseURI.json"
    reply = requests.get(url, params={"version": "1.0"}, timeout=10)
    reply.raise_for_status()
    return reply.json()["baseURI"]


SENTINEL = host("sentinel")
V1 = f"https://{SENTINEL}/sentinel/api/account/{ACCOUNT}/app/token?v=1.0"
V2 = f"https://{SENTINEL}/sentinel/api/v2/account/{ACCOUNT}/app/token"
KEYS = f"https://{SENTINEL}/sentinel/well-known/jwks"


def verify_v2(token: str) -> dict:
    """The claims of a V2 token, verified with Sentinel's key set. The connection is as strict as Python 3.13's."""
    context = ssl.create_default_context(cafile=os.environ["LP_CA_FILE"])
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    keys = jwt.PyJWKClient(KEYS, ssl_context=context)
    return _verify(token, keys.get_signing_key_from_jwt(token).key)


def verify_v1(token: str) -> dict:
    """The claims of a V1 token, verified with the static key."""
    return _verify(token, Path(os.environ["LP_V1_KEYS"]).read_text())


def _verify(token: str, key) -> dict:
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=ACCOUNT, issuer="Sentinel")
    assert claims["azp"] == CLIENT_ID
    return claims


def client(*names: str) -> None:
    print("client", ", ".join(f"{name} {version(name)}" for name in names))


def needed(what: str) -> None:
    print("needed", what)


def sent(variant: str) -> None:
    print("sent", variant)


def seen(what: str) -> None:
    print("seen", what)
