from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheeldock.tags import Architecture, Libc, Policy

VERSIONS = st.integers(min_value=0, max_value=99)


@given(st.builds(Policy, st.sampled_from(Libc), VERSIONS, VERSIONS))
def test_a_policy_is_read_back_from_its_name(policy: Policy) -> None:
    assert Policy.parse(policy.name) == policy


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("manylinux1", "manylinux_2_5"),
        ("manylinux2010", "manylinux_2_12"),
        ("manylinux2014", "manylinux_2_17"),
    ],
)
def test_a_legacy_alias_is_the_policy_of_pep_600(alias: str, name: str) -> None:
    assert Policy.parse(alias).name == name


@given(st.text())
def test_what_is_no_policy_is_refused_and_named(text: str) -> None:
    name = f"x{text}"
    with pytest.raises(ValueError, match="is no policy") as caught:
        Policy.parse(name)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("name", ["manylinux_2_28_x86_64", "manylinux_2", "manylinux_2_28\n", ""])
def test_a_near_miss_is_no_policy(name: str) -> None:
    with pytest.raises(ValueError, match="is no policy"):
        Policy.parse(name)


def test_policies_of_one_libc_are_ordered_by_its_version() -> None:
    assert Policy.parse("manylinux_2_5") < Policy.parse("manylinux_2_28")


def test_a_platform_tag_is_a_policy_with_an_architecture() -> None:
    policy = Policy.parse("musllinux_1_2")
    assert policy.platform_tag(Architecture.AARCH64) == "musllinux_1_2_aarch64"
    assert Policy.of_tag("musllinux_1_2_aarch64", Architecture.AARCH64) == policy


@pytest.mark.parametrize("tag", ["manylinux_2_17", "manylinux_2_17_ppc64le", "linux_ppc64", "any"])
def test_a_platform_tag_is_for_one_architecture(tag: str) -> None:
    with pytest.raises(ValueError, match="is no policy"):
        Policy.of_tag(tag, "ppc64")


@pytest.mark.parametrize(
    ("tag", "covered"),
    [
        ("manylinux_2_28_x86_64", True),
        ("manylinux_2_5_x86_64", True),
        ("manylinux2014_x86_64", True),
        ("manylinux_2_31_x86_64", False),
        ("manylinux_2_17_i686", False),
        ("musllinux_1_2_x86_64", False),
        ("linux_x86_64", False),
        ("any", False),
    ],
)
def test_a_policy_covers_what_asks_for_no_more(tag: str, *, covered: bool) -> None:
    policy = Policy.parse("manylinux_2_28")
    assert policy.covers(tag, Architecture.X86_64) is covered


@pytest.mark.parametrize(
    ("architecture", "platform"),
    [
        (Architecture.X86_64, "linux/amd64"),
        (Architecture.I686, "linux/386"),
        (Architecture.AARCH64, "linux/arm64"),
        (Architecture.PPC64LE, "linux/ppc64le"),
        (Architecture.S390X, "linux/s390x"),
        (Architecture.ARMV7L, "linux/arm/v7"),
        (Architecture.RISCV64, "linux/riscv64"),
    ],
)
def test_docker_has_its_own_names_for_architectures(
    architecture: Architecture, platform: str
) -> None:
    assert architecture.oci_platform == platform
