# shellcheck shell=sh
# What the machine has for the engine's cache mounts, in /seeds, goes there.

# What is old was for other inputs, or comes again when a step asks for it. Other builds add and
# remove files meanwhile, at which find complains.
find /run/wheeldock -type f -mtime +30 -exec rm -f {} + 2> /dev/null || true

# The name is the address by which steps ask for it: one bundle does not replace another.
for seed in /seeds/by-address/*; do
    if [ -s "${seed}" ]; then
        # Other builds may do the same at the moment.
        fresh=$(mktemp /run/wheeldock/new.XXXXXX)
        cp "${seed}" "${fresh}"
        mv "${fresh}" "/run/wheeldock/${seed##*/}"
    fi
done

# One that is damaged gives what can be had of it, and is not asked for again.
cache=/root/.cache/wheeldock
if [ -s /seeds/compiler-cache.tar ] && [ ! -e "${cache}/ccache" ]; then
    tar -C "${cache}" -xf /seeds/compiler-cache.tar || true
fi
if [ -d "${cache}" ]; then
    mkdir -p "${cache}/ccache"
fi
