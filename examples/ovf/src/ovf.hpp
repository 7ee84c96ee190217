// OVF 2.0 vector fields on rectangular meshes: text to values and back, without Python and without files.
// The format is that of the OOMMF user's guide, sections "The OVF 1.0 format" and "The OVF 2.0 format".
#pragma once

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ovf {

// What a segment header says. Lengths are in units of `meshunit`; triples are in the order x, y, z.
struct Header {
    std::string title;
    std::vector<std::string> description;
    std::string meshunit;
    std::array<std::size_t, 3> nodes{};
    std::array<double, 3> base{};
    std::array<double, 3> stepsize{};
    std::vector<std::string> valuelabels; // one for each component of a value: its size is the valuedim
    std::vector<std::string> valueunits;  // as many
};

// All components of the first node, then of its neighbour in x; z changes last.
// Data Binary 4 gives floats, Data Binary 8 and Data Text give doubles.
using Values = std::variant<std::vector<float>, std::vector<double>>;

struct Field {
    Header header;
    Values values;
};

// Says in which line what was expected and what was found, in printable ASCII.
struct Error : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

// Throws Error for anything but one complete segment with a rectangular mesh.
Field parse(std::string_view content);

// Throws Error for a header that parse() would not give back. T is float or double.
template <class T> std::string format(const Header &header, const T *values, bool binary);

} // namespace ovf
