#!/bin/sh
# Looks for what the tests need. What is missing is installed where this is a
# Debian machine and we are root; else it is named, and the tests don't start.
set -eu

missing=
packages=
need() { # command, what for, Debian package
	if ! command -v "$1" >/dev/null 2>&1 && [ ! -x "${4:-/nonexistent}" ]; then
		missing="$missing\n  $1 ($2; Debian package $3)"
		packages="$packages $3"
	fi
}

check() {
	missing=
	packages=
	need git "the source" git
	need setpriv "PostgreSQL refuses root" util-linux
	need chromium "the browser tests" chromium
	need sipp "telephone tests: an independent caller" sip-tester
	need baresip "telephone tests: an independent telephone" baresip
	need mosquitto "somebody else's MQTT broker" mosquitto /usr/sbin/mosquitto
	need mosquitto_pub "an independent MQTT client" mosquitto-clients
	# shellcheck disable=SC2144 # one version is enough
	if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 && ! command -v initdb >/dev/null 2>&1; then
		missing="$missing\n  initdb (a real PostgreSQL server; Debian package postgresql)"
		packages="$packages postgresql"
	fi
	if ! fc-list :lang=zh 2>/dev/null | grep -q .; then
		missing="$missing\n  a Chinese font (pages in the browser tests; Debian packages fontconfig, fonts-noto-cjk)"
		packages="$packages fontconfig fonts-noto-cjk"
	fi
}

for tool in go node npm; do
	if ! command -v $tool >/dev/null 2>&1; then
		echo "needs: $tool is missing; install Go 1.26 and Node 20" >&2
		exit 1
	fi
done
check
if [ -n "$packages" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "needs: installing$packages"
	apt-get update -qq
	# shellcheck disable=SC2086 # a list of words
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
	check
fi
if [ -n "$missing" ]; then
	printf 'needs: missing:%b\n' "$missing" >&2
	exit 1
fi
