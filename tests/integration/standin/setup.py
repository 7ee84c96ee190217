from setuptools import Extension, setup

setup(
    name="ceiling",
    version="1.0",
    ext_modules=[
        Extension(
            "ceiling",
            ["ceiling.cpp"],
            language="c++",
            extra_compile_args=["-std=c++17", "-O2", "-flto"],
            extra_link_args=["-flto"],
        )
    ],
)
