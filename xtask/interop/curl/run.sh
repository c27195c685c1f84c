#!/bin/sh
# curl, and all the ways to ask for a token that were ever seen (docs/LIVEPERSON.md §2).
#
# The secret comes to curl on standard input, never on its command line, which the process list shows.
set -eu

command -v curl >/dev/null || {
    echo "skipped curl is not installed"
    exit 77
}

fail() {
    echo "$*" >&2
    exit 1
}

# The value of a member, of JSON without blanks as the emulator writes it.
member() {
    sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

curl() {
    command curl --silent --show-error --fail-with-body --cacert "$LP_CA_FILE" "$@"
}

service() {
    curl "$LP_DOMAIN_API/api/account/$LP_ACCOUNT_ID/service/$1/baseURI.json?version=1.0" | member baseURI
}

sentinel=$(service sentinel)
functions=$(service faasGW)
secret=$(cat "$LP_CLIENT_SECRET_FILE")
credentials="client_id=$LP_CLIENT_ID&client_secret=$secret"
grant="grant_type=client_credentials"
v1="https://$sentinel/sentinel/api/account/$LP_ACCOUNT_ID/app/token"
v2="https://$sentinel/sentinel/api/v2/account/$LP_ACCOUNT_ID/app/token"

# ask VARIANT URL BODY: asks for a token, and spends it.
ask() {
    reply=$(printf 'url = "%s"\ndata = "%s"\n' "$2" "$3" | curl --config -) || fail "$1: $reply"
    token=$(printf '%s' "$reply" | member access_token)
    answer=$(printf 'header = "Authorization: Bearer %s"\n' "$token" | curl --config - \
        --json '{"timestamp":0,"headers":[],"payload":"hello"}' \
        "https://$functions/api/account/$LP_ACCOUNT_ID/lambdas/7b0e4c2f-8a6d-4d0c-9a53-0d6a5d2f4f11/invoke?v=1") ||
        fail "$1: the token is not taken: $answer"
    case $answer in
    *'"result":"hello"'*) echo "sent $1" ;;
    *) fail "$1: the function answers $answer" ;;
    esac
}

ask v1 "$v1?v=1.0" "$credentials&$grant"
ask v2 "$v2" "$credentials&$grant"
ask delegated "$v2?state=consumer-1" "$credentials&$grant"
ask legacy-v2 "$v1?v=2.0" "$credentials&$grant&scope="
ask v2-path-v2 "$v2?v=2.0" "$credentials&$grant"
ask split "$v1?v=1.0&$grant" "$credentials"
ask query "$v1?v=1.0&$credentials&$grant" ""
ask no-version "$v1" "$credentials&$grant"

# The other way to present a token: alone.
printf 'header = "Authorization: %s"\n' "$token" | curl --config - --request POST \
    "https://$functions/api/account/$LP_ACCOUNT_ID/messaging/consumer/conversation" >/dev/null ||
    fail "the bare token is not taken"
curl "https://$sentinel/sentinel/well-known/jwks" | grep -q '"kty":"RSA"' || fail "there is no key set"

# A wrong secret is refused, with the error of RFC 6749 §5.2.
status=$(printf 'url = "%s"\ndata = "%s"\n' "$v2" "client_id=$LP_CLIENT_ID&client_secret=wrong&$grant" |
    command curl --silent --cacert "$LP_CA_FILE" --config - --output /dev/null --write-out '%{http_code}')
[ "$status" = 400 ] || fail "a wrong secret gets $status"

echo "client $(command curl --version | sed -n '1s/\(curl [^ ]*\).*/\1/p')"
echo "needed --cacert ca.pem"
