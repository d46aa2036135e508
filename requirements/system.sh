#!/bin/sh
# What the tests use beyond Python: a browser, an IMAP server, and the languages of the samples for shops. Installed
# where that can be done without asking (root on Debian), else the tests that need them are skipped and this says which.
set -eu

missing=""
command -v chromium >/dev/null || missing="$missing chromium"
[ -x /usr/sbin/dovecot ] || missing="$missing dovecot-imapd"
command -v php >/dev/null || missing="$missing php-cli"
command -v ruby >/dev/null || missing="$missing ruby"
command -v go >/dev/null || missing="$missing golang-go"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && grep -qx 'ID=debian' /etc/os-release 2>/dev/null; then
    echo "Installing$missing"
    # The tests start their own server on the loopback interface: the installed one must not start by itself.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086
    if apt-get update -qq && apt-get install -qq --no-install-recommends $missing >/dev/null; then exit 0; fi
    echo "apt-get could not install$missing." >&2
fi
echo "Missing:$missing. Skipped without them: the browser tests (chromium), the IMAP tests (dovecot-imapd), the samples" \
    "for shops in PHP, Ruby and Go (php-cli, ruby, golang-go)." >&2
