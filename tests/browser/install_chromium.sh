#!/bin/sh
# A real Chromium for the browser tests: the one that is there, else Debian's, else Playwright's own.
set -eu
playwright=$1
if [ -x /usr/bin/chromium ]; then
    exit 0
elif command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] && apt-get update -qq; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null && exit 0
fi
exec "$playwright" install --with-deps chromium
