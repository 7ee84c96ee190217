# shellcheck shell=sh
# What the machine has for the engine's cache mounts, in /seeds, goes there.

# The name is the address by which steps ask for it: one bundle does not replace another.
for seed in /seeds/by-address/*; do
    if [ -s "${seed}" ]; then
        address=${seed##*/}
        cp "${seed}" "/run/wheeldock/${address}.new"
        mv "/run/wheeldock/${address}.new" "/run/wheeldock/${address}"
    fi
done

# One that is damaged gives what can be had of it, and is not asked for again.
cache=/root/.cache/wheeldock
if [ -s /seeds/compiler-cache.tar ] && [ ! -e "${cache}/ccache" ]; then
    tar -C "${cache}" -xf /seeds/compiler-cache.tar || true
fi
mkdir -p "${cache}/ccache"
