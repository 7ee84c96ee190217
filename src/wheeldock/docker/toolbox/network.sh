# shellcheck shell=bash
# Sourced by each step that fetches something.
# Behind a proxy that inspects TLS its certificate is in the machine's CA bundle, which comes in
# as a secret: it is in no layer and in no cache key. Without one, the image's own bundle serves.
if [ -s /run/secrets/ca ]; then
    for variable in PIP_CERT SSL_CERT_FILE REQUESTS_CA_BUNDLE CURL_CA_BUNDLE GIT_SSL_CAINFO CARGO_HTTP_CAINFO NODE_EXTRA_CA_CERTS; do
        export "${variable}=/run/secrets/ca"
    done
fi
