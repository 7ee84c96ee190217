#!/bin/bash
# Installs the Debian packages in /debs, but for those that the root file system has already.
set -euo pipefail

export DEBIAN_FRONTEND=noninteractive
declare -A installed
while read -r package; do
    installed[${package//:/%3a}]=1 # as a package's file name spells the colon of a version's epoch
done < <(dpkg-query --show --showformat '${Package}_${Version}_${Architecture}\n')

new=()
for deb in /debs/*.deb; do
    name=${deb##*/}
    if [[ -z ${installed[${name%.deb}]:-} ]]; then
        new+=("${deb}")
    fi
done
# apt-get would look into the mirror, and needs its index for that.
dpkg --install --refuse-downgrade "${new[@]}" >/tmp/log 2>&1 || { tail -n 20 /tmp/log >&2; exit 1; }
rm -f /tmp/log /var/log/*.log
