"""Authlib: V1, V2, delegated; verified by Authlib's own JOSE library, joserfc."""

import os
from pathlib import Path

import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from settings import ACCOUNT, CLIENT_ID, CLIENT_SECRET, KEYS, V1, V2, client, needed, seen, sent

REGISTRY = jwt.JWTClaimsRegistry(
    iss={"essential": True, "value": "Sentinel"},
    aud={"essential": True, "value": ACCOUNT},
    azp={"essential": True, "value": CLIENT_ID},
    exp={"essential": True},
)


def fetch(url: str) -> tuple[OAuth2Session, dict]:
    session = OAuth2Session(CLIENT_ID, CLIENT_SECRET, token_endpoint_auth_method="client_secret_post")
    return session, session.fetch_token(url, grant_type="client_credentials")


def verify(token: dict, key) -> dict:
    decoded = jwt.decode(token["access_token"], key, algorithms=["RS256"])
    REGISTRY.validate(decoded.claims)
    return decoded.claims


v2_keys = KeySet.import_key_set(requests.get(KEYS, timeout=10).json())
v1_key = RSAKey.import_key(Path(os.environ["LP_V1_KEYS"]).read_text())

_, token = fetch(V2)
verify(token, v2_keys)
sent("v2")
assert token.is_expired(leeway=3610) and not token.is_expired(leeway=3590)
seen(f"V2, expires_in \"3600\": taken for a number, expires_at is {type(token['expires_at']).__name__}")

_, token = fetch(f"{V2}?state=consumer-1")
assert verify(token, v2_keys)["https://liveperson.com/consumer_id"] == "consumer-1"
sent("delegated")

session, token = fetch(V1)
verify(token, v1_key)
sent("v1")
seen(f"V1, no expires_in: is_expired() is {token.is_expired()}, so it is never asked for anew")

client("Authlib", "joserfc")
needed('REQUESTS_CA_BUNDLE; token_endpoint_auth_method="client_secret_post"')
