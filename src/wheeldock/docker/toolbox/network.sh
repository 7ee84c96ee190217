# shellcheck shell=sh
# Sourced by each step that fetches something, by any shell.
# What a name server is asked or answers can get lost. glibc asks it twice, five seconds apart; so
# it asks five times, two seconds apart, and gives up no sooner.
export RES_OPTIONS="timeout:2 attempts:5 ${RES_OPTIONS-}"
# Behind a proxy that inspects TLS its certificate is in the machine's CA bundle. The stage `seed`
# has put that where this looks. Without one, the image's own bundle serves.
while read -r address name _; do
    [ "${name}" = ca-bundle.wheeldock ] && [ "${address}" != 0.0.0.0 ] || continue
    bundle=/run/wheeldock/${address}
    if [ ! -s "${bundle}" ]; then
        echo "wheeldock-seeds: missing: the CA bundle" >&2
        exit 1
    fi
    for variable in PIP_CERT SSL_CERT_FILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE GIT_SSL_CAINFO CARGO_HTTP_CAINFO NODE_EXTRA_CA_CERTS; do
        export "${variable}=${bundle}"
    done
done < /etc/hosts
