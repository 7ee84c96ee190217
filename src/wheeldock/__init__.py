"""Wheels that PyPI accepts and strangers can install, built in Docker with Buildx."""

__all__ = ["__version__", "ns"]

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # `wheeldock.ns` is for other people's tasks.py; a plain import must not pay for Invoke.
    if name == "ns":
        from wheeldock.tasks import ns  # noqa: PLC0415

        return ns
    message = f"module 'wheeldock' has no attribute {name!r}"
    raise AttributeError(message)
