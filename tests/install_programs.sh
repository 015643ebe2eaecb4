#!/bin/sh
# Programs that tests need: those that are there, else Debian's. Without Asciidoctor, sshd, rsync, Firefox
# or WebKit their tests are skipped, and a run says so; where there is no Chromium after this, the Makefile fetches Playwright's own.
set -eu
missing=
command -v asciidoctor >/dev/null || missing="$missing asciidoctor"
command -v rsync >/dev/null || missing="$missing rsync"
[ -x /usr/sbin/sshd ] || missing="$missing openssh-server"
root="sudo -n"
if [ "$(id -u)" = 0 ]; then
    root=
    [ -x /usr/bin/chromium ] || missing="$missing chromium" # Ubuntu's is a snap: on its runners nobody is root
    [ -x /usr/bin/chromium-headless-shell ] || missing="$missing chromium-headless-shell"
    [ -x /usr/bin/firefox-esr ] || missing="$missing firefox-esr"
    [ -x /usr/bin/WebKitWebDriver ] || missing="$missing webkit2gtk-driver"
    command -v xvfb-run >/dev/null || missing="$missing xvfb xauth"
fi
[ -n "$missing" ] || exit 0
if command -v apt-get >/dev/null && $root apt-get update -qq; then
    for package in $missing; do
        recommended=--no-install-recommends
        [ "$package" != chromium ] || recommended=--install-recommends # fonts among them
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $recommended "$package" >/dev/null ||
            echo "$package cannot be installed here" >&2
    done
else
    echo "cannot be installed here:$missing" >&2
fi
