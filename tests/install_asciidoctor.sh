#!/bin/sh
# Asciidoctor, which reads `.adoc`: the one that is there, else Debian's. Elsewhere its tests are skipped, and a run says so.
set -eu
command -v asciidoctor >/dev/null && exit 0
root=
[ "$(id -u)" = 0 ] || root="sudo -n"
if command -v apt-get >/dev/null && $root apt-get update -qq &&
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends asciidoctor >/dev/null; then
    exit 0
fi
echo "Asciidoctor cannot be installed here: its tests are skipped (brew or gem install asciidoctor)" >&2
