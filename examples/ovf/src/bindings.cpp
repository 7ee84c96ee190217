#include "ovf.hpp"

#include <memory>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace py = pybind11;

namespace {

// Labels in an encoding of old shall not keep anyone from the numbers.
py::str to_str(const std::string &text) {
    const auto size = static_cast<py::ssize_t>(text.size());
    return py::reinterpret_steal<py::str>(PyUnicode_DecodeUTF8(text.data(), size, "replace"));
}

py::tuple to_strs(const std::vector<std::string> &texts) {
    py::list strs;
    for (const auto &text : texts) {
        strs.append(to_str(text));
    }
    return strs;
}

// The array owns the vector: nothing is copied.
template <class T> py::array to_array(std::vector<T> &&values, const ovf::Header &header) {
    auto owner = std::make_unique<std::vector<T>>(std::move(values));
    const py::capsule guard(owner.get(), [](void *vector) { delete static_cast<std::vector<T> *>(vector); });
    const auto *data = owner.release()->data();
    const auto &[x, y, z] = header.nodes;
    return py::array_t<T>({z, y, x, header.valuelabels.size()}, data, guard);
}

py::dict parse(const py::bytes &content) {
    const std::string_view text = content;
    auto field = [&] {
        const py::gil_scoped_release unlocked;
        return ovf::parse(text);
    }();
    const auto &header = field.header;
    const auto data = std::visit([&](auto &values) { return to_array(std::move(values), header); }, field.values);
    return py::dict(py::arg("data") = data, py::arg("title") = to_str(header.title),
                    py::arg("description") = to_strs(header.description),
                    py::arg("meshunit") = to_str(header.meshunit), py::arg("base") = py::tuple(py::cast(header.base)),
                    py::arg("stepsize") = py::tuple(py::cast(header.stepsize)),
                    py::arg("valuelabels") = to_strs(header.valuelabels),
                    py::arg("valueunits") = to_strs(header.valueunits));
}

// The C++ aggregate from the keyword arguments, which are the fields of a Python `Field`.
ovf::Header to_header(const py::array &data, const py::kwargs &field) {
    const auto nodes = [&](int axis) { return static_cast<std::size_t>(data.shape(axis)); };
    if (data.ndim() != 4 || data.size() == 0) {
        throw ovf::Error("expected data of shape (z, y, x, value), none of them 0");
    }
    ovf::Header header{field["title"].cast<std::string>(),
                       field["description"].cast<std::vector<std::string>>(),
                       field["meshunit"].cast<std::string>(),
                       {nodes(2), nodes(1), nodes(0)},
                       field["base"].cast<std::array<double, 3>>(),
                       field["stepsize"].cast<std::array<double, 3>>(),
                       field["valuelabels"].cast<std::vector<std::string>>(),
                       field["valueunits"].cast<std::vector<std::string>>()};
    if (header.valuelabels.size() != nodes(3) || header.valueunits.size() != nodes(3)) {
        throw ovf::Error("expected a label and a unit for each component of a value: " + std::to_string(nodes(3)));
    }
    return header;
}

template <class T>
py::bytes format(const py::array_t<T, py::array::c_style> &data, bool binary, const py::kwargs &field) {
    const auto header = to_header(data, field);
    const auto *values = data.data();
    const auto text = [&] {
        const py::gil_scoped_release unlocked;
        return ovf::format(header, values, binary);
    }();
    return text;
}

} // namespace

// No state of its own, hence no GIL. Sub-interpreters wait for NumPy, which refuses them.
PYBIND11_MODULE(_core, module, py::mod_gil_not_used()) {
    module.def("parse", &parse, py::arg("content"));
    module.def("format", &format<float>, py::arg("data").noconvert(), py::arg("binary"));
    module.def("format", &format<double>, py::arg("data").noconvert(), py::arg("binary"));
}
