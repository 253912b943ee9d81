#!/bin/sh
# Makes a small Debian 12 base image as an OCI layout, without a registry: make-base.sh [DIRECTORY]   (default: ./debian)
#
# Packages come from MIRROR (default: the one that this machine's apt uses). MMDEBSTRAP_MODE is mmdebstrap's --mode: root, unshare, fakechroot…
# Certificate authorities that were added to this machine go along, for networks that need them.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
layout=${1:-debian}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Release: bookworm' | head -n 1)}
mirror=${mirror:-http://deb.debian.org/debian}

# As debian:12-slim: no documentation but licences, no translations.
mmdebstrap --quiet --skip=output/dev --mode="${MMDEBSTRAP_MODE:-auto}" --variant=minbase --format=tar \
  --aptopt='Acquire::Languages "none"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='rm -f "$1/etc/hostname" "$1/etc/resolv.conf"' \
  bookworm "$work/debian.tar" "$mirror"

mkdir "$work/ca-certificates"
cp /usr/local/share/ca-certificates/*.crt "$work/ca-certificates/" 2>/dev/null || true
cp "$here/Dockerfile" "$here/docker-clean" "$here/policy-rc.d" "$work/"

${TSBUILD:-tsbuild} -o "type=oci,dest=$layout,tar=false,name=debian:12-slim" "$work"
