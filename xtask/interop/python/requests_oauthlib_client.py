"""requests-oauthlib: V1, V2, delegated, and a call with the token; verified by PyJWT."""

from oauthlib.oauth2 import BackendApplicationClient, InvalidClientError
from requests_oauthlib import OAuth2Session

from settings import (ACCOUNT, CLIENT_ID, CLIENT_SECRET, SENTINEL, V1, V2, client, host, needed, seen, sent, verify_v1,
                      verify_v2)


def fetch(url: str, secret: str = CLIENT_SECRET) -> tuple[OAuth2Session, dict]:
    session = OAuth2Session(client=BackendApplicationClient(client_id=CLIENT_ID))
    return session, session.fetch_token(url, client_secret=secret, include_client_id=True)


session, token = fetch(V2)
verify_v2(token["access_token"])
sent("v2")
seen(f"V2, expires_in \"3600\": expires_in is {token['expires_in']!r}, expires_at is {type(token['expires_at']).__name__}")

url = f"https://{host('faasGW')}/api/account/{ACCOUNT}/lambdas/7b0e4c2f-8a6d-4d0c-9a53-0d6a5d2f4f11/invoke?v=1"
answer = session.post(url, json={"timestamp": 0, "headers": [], "payload": {"greeting": "Grüße"}})
assert answer.json()["result"] == {"greeting": "Grüße"}, answer.text

_, token = fetch(f"{V2}?state=consumer-1")
assert verify_v2(token["access_token"])["https://liveperson.com/consumer_id"] == "consumer-1"
sent("delegated")

_, token = fetch(f"{V2}?v=2.0")
verify_v2(token["access_token"])
sent("v2-path-v2")

session, token = fetch(V1)
verify_v1(token["access_token"])
sent("v1")
assert "expires_at" not in token
seen("V1, no expires_in: there is no expires_at, and the session never takes it for expired")

try:
    fetch(V2, "wrong")
    raise AssertionError("a wrong secret was taken")
except InvalidClientError:
    seen("a wrong secret: InvalidClientError")

client("requests-oauthlib", "oauthlib", "PyJWT")
needed("REQUESTS_CA_BUNDLE; include_client_id=True, so that the credentials go in the body")
