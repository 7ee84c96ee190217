# One wheel, installed and tested in a clean container: an image as it is, in which nothing was built.
#
# The context is what a test command may name of the project; an empty folder for one that names
# nothing. Named contexts:
#   toolbox  the folder `toolbox` beside this file
#   wheel    a folder with the wheel
#   sources  a folder with the files that `test-sources` names, which may be empty
#
# BuildKit keeps the outcome by all of these, the image and the arguments: the same wheel is not
# tested in the same way again. A test that fails leaves nothing. What the machine has reaches a
# step as in the Dockerfile beside this one.

# BASE_IMAGE the image that has pip, of the same libc and architecture: where the installer comes from
ARG BASE_IMAGE
# IMAGE the image to test in
ARG IMAGE=${BASE_IMAGE}

# kit the toolbox
FROM toolbox AS kit

# distribution a root file system as an image: the context has it as rootfs.tar
FROM scratch AS distribution
ADD rootfs.tar /
CMD ["/bin/bash"]

# look what an image has: its Pythons, by their build identifiers, and its C library
FROM ${IMAGE} AS look
USER 0
RUN --network=none \
    --mount=type=bind,from=kit,source=trial,target=/toolbox/trial \
    mkdir -p /out/look && \
    for python in /usr/local/bin/python3* /usr/bin/python3* /opt/python/*/bin/python; do \
        case ${python} in *[0-9nt]) "${python}" -I /toolbox/trial/look.py 2> /dev/null || true;; esac; \
    done > /out/look/pythons

# pythons that alone
FROM scratch AS pythons
COPY --from=look /out/look/ /

# installer uv, which needs no Python of the image
FROM ${BASE_IMAGE} AS installer
USER 0
# TOOLS_INTERPRETER the interpreter that fetches it, a folder below /opt/python
ARG TOOLS_INTERPRETER
RUN --mount=type=bind,from=kit,source=network.sh,target=/toolbox/network.sh \
    --mount=type=bind,from=kit,source=uv.txt,target=/toolbox/uv.txt \
    --mount=type=cache,id=wheeldock-seeds,target=/run/wheeldock,readonly \
    mkdir -p /out/installer; \
    if uv=$(command -v uv); then cp -L "${uv}" /out/installer/uv; exit; fi; \
    . /toolbox/network.sh && \
    "/opt/python/${TOOLS_INTERPRETER}/bin/python" -m pip install --no-cache-dir --disable-pip-version-check \
        --root-user-action=ignore --target /tmp/uv -r /toolbox/uv.txt && \
    mv /tmp/uv/bin/uv /out/installer/uv && rm -rf /tmp/uv

# test a fresh environment with the wheel, and its tests: the outcome in /out/outcome
FROM ${IMAGE} AS test
USER 0
# TREE where the context goes
ARG TREE=/project
# TRIAL what to do, a JSON object
ARG TRIAL
# PYTHON the interpreter's path
ARG PYTHON
# INTERPRETER its folder below /opt/python, which the official images can install, or ""
ARG INTERPRETER=
# AGAIN what no build had before, to test again what was tested
ARG AGAIN=
RUN --mount=type=bind,target=${TREE},rw \
    --mount=type=bind,from=wheel,target=/wheel \
    --mount=type=bind,from=sources,target=/sources \
    --mount=type=bind,from=installer,source=/out/installer,target=/installer \
    --mount=type=bind,from=kit,source=network.sh,target=/toolbox/network.sh \
    --mount=type=bind,from=kit,source=trial,target=/toolbox/trial \
    --mount=type=cache,id=wheeldock-uv,target=/root/.cache/uv \
    --mount=type=cache,id=wheeldock-seeds,target=/run/wheeldock,readonly \
    # (secret mounts of environment-pass)
    . /toolbox/network.sh; \
    [ -x "${PYTHON}" ] || manylinux-interpreters ensure "${INTERPRETER}" || \
        { echo "wheeldock: the image has no ${PYTHON}, and could not install it"; exit 51; }; \
    exec "${PYTHON}" /toolbox/trial/test_wheel.py

# outcome that alone
FROM scratch AS outcome
COPY --from=test /out/outcome/ /
