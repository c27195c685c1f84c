#!/bin/sh
# docs/Containerfile, without a container engine: what it copies into an empty root, what it starts there with process
# and network namespaces of its own, and curl that reaches it by the name that it advertises.
set -eu

skip() {
    echo "skipped $*"
    exit 77
}

fail() {
    echo "$*" >&2
    exit 1
}

address=198.51.100.7 # For documentation (RFC 5737); it exists within the namespace alone.

# In the namespace: starts the emulator, asks it, ends it.
if [ "${1-}" = inside ]; then
    root=$2
    shift 2
    ip link set lo up
    ip address add "$address/32" dev lo
    unshare --pid --fork --kill-child --root="$root" "$@" >"$root.out" 2>&1 &
    keeper=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        grep -q "emulator ready" "$root.out" && break
        sleep 0.5
    done
    grep -q "emulator ready at https://liveperson (" "$root.out" || fail "it does not start: $(cat "$root.out")"

    # Another container has the volume at the same place, and a network that knows the name.
    set -a
    . "$root/lp/env"
    LP_CA_FILE=$root$LP_CA_FILE
    LP_CLIENT_SECRET_FILE=$root$LP_CLIENT_SECRET_FILE
    set +a
    mkdir -p "$root.curl"
    echo "resolve = liveperson:443:$address" >"$root.curl/.curlrc"
    CURL_HOME="$root.curl" sh ../curl/run.sh

    # What an engine stops a container with.
    kill -s TERM "$(cat "/proc/$keeper/task/$keeper/children")"
    wait "$keeper" || fail "it does not end well: $(cat "$root.out")"
    exit 0
fi

for tool in curl ip musl-gcc rustup unshare; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
target=$(uname -m)-unknown-linux-musl
rustup target list --installed | grep -q "^$target$" || skip "rustup target add $target was not done"
unshare --map-root-user --net --pid --fork true 2>/dev/null || skip "there are no namespaces to be had here"

recipe=$INTEROP_DOCS/Containerfile
(cd "$INTEROP_DOCS/.." && cargo build --quiet --locked --package lp-auth-cli --target "$target")
context=../../$target/debug

# The recipe, line by line.
root=$(mktemp -d)
trap 'rm -rf "$root" "$root.out" "$root.curl"' EXIT
words() {
    echo "$1" | sed 's/[^[]*\[//; s/\].*//; s/[",]/ /g'
}
while read -r instruction rest; do
    case $instruction in
    '' | '#'* | EXPOSE) ;;
    FROM) [ "$rest" = scratch ] || fail "the recipe begins with $rest" ;;
    COPY) cp "$context/${rest% *}" "$root${rest#* }" ;;
    VOLUME) mkdir "$root$rest" ;;
    ENTRYPOINT) entry=$(words "$rest") ;;
    CMD) arguments=$(words "$rest") ;;
    *) fail "the recipe has a new instruction: $instruction" ;;
    esac
done <"$recipe"

# shellcheck disable=SC2086
unshare --map-root-user --net sh "$0" inside "$root" $entry $arguments
echo "needed the binary alone, linked statically; --listen 0.0.0.0:443 --advertise liveperson"
echo "seen it starts in an empty root, is reached by name, and ends with exit code 0 at SIGTERM"
