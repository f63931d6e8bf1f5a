#!/bin/sh
# Builds a release into dist/: one static binary each for linux amd64, arm64
# and loong64, the systemd units, an SBOM and checksums. The same commit and
# tools give the same bytes.
#
#   scripts/release.sh [VERSION]     (default: git describe)
#
# The pages must have been built (make web, or npm ci && npm run build in web/):
# a release without pages would serve nobody.
set -eu
cd "$(dirname "$0")/.."

version=${1:-$(git describe --tags --always --dirty)}
made=$(TZ=UTC0 git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ)
case $version in
*[!A-Za-z0-9.+_-]* | '')
	echo "release: version '$version' can't be part of a file name" >&2
	exit 1
	;;
esac
for page in index.html console/index.html m/index.html; do
	if [ ! -s "web/dist/$page" ]; then
		echo "release: web/dist/$page is missing: build the pages first" >&2
		exit 1
	fi
done

rm -rf dist
mkdir dist
for arch in amd64 arm64 loong64; do
	out=dist/zugou-$version-linux-$arch
	echo "building $out"
	CGO_ENABLED=0 GOOS=linux GOARCH=$arch go build -trimpath -buildvcs=true -ldflags "-s -w -X main.version=$version" -o "$out" ./cmd/zugou
done
cp packaging/*.service packaging/*.timer packaging/*.sysusers packaging/zugou.json dist/
go run ./scripts/sbom -version "$version" -made "$made" -lock web/package-lock.json \
	"dist/zugou-$version-linux-amd64" "dist/zugou-$version-linux-arm64" "dist/zugou-$version-linux-loong64" \
	>"dist/zugou-$version.cdx.json"
(cd dist && sha256sum -- * >../SHA256SUMS.new && mv ../SHA256SUMS.new SHA256SUMS)
ls -l dist
