#!/bin/sh
# sshd and rsync, which `vade publish` is tested against: those that are there, else Debian's. Elsewhere their tests are skipped.
set -eu
[ -x /usr/sbin/sshd ] && command -v rsync >/dev/null && exit 0
root=
[ "$(id -u)" = 0 ] || root="sudo -n"
if command -v apt-get >/dev/null && $root apt-get update -qq &&
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssh-server rsync >/dev/null; then
    exit 0
fi
echo "sshd and rsync cannot be installed here: their tests are skipped" >&2
