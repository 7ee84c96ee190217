#include "ovf.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <locale>
#include <locale.h>
#include <map>
#include <optional>
#include <sstream>
#include <stdlib.h>

namespace ovf {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "OVF 2.0 is little-endian, and nothing here swaps bytes");

constexpr std::string_view blanks = " \t\r\v\f";
constexpr std::array<const char *, 3> axes{"x", "y", "z"};

template <class T> constexpr auto binary_block = "Data Binary 8";
template <> constexpr auto binary_block<float> = "Data Binary 4";
// The first number of a binary block: it betrays a wrong byte order and a mangled file.
template <class T> constexpr T check_value = 123456789012345.0;
template <> constexpr float check_value<float> = 1234567.0F;

std::string_view trim(std::string_view text) {
    const auto first = text.find_first_not_of(blanks);
    return first == text.npos ? std::string_view{} : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Case and blanks mean nothing in keywords: "XNodes" and "x nodes" are the same.
std::string squeeze(std::string_view text) {
    std::string squeezed;
    for (const char c : text) {
        if (blanks.find(c) == blanks.npos) {
            squeezed += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
    }
    return squeezed;
}

std::string quote(std::string_view text) {
    constexpr std::size_t longest = 60;
    std::string quoted(text.substr(0, longest));
    std::replace_if(quoted.begin(), quoted.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text.empty() ? "nothing" : '"' + quoted + (text.size() > longest ? "...\"" : "\"");
}

// Takes the next word off the front of `text`; an empty one when there is none left.
std::string_view next_word(std::string_view &text) {
    text = trim(text);
    const auto word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    return word;
}

std::optional<double> to_number(std::string_view word) {
    // Plain strtod obeys the thread's locale, which may want a decimal comma.
    static const locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
    const std::string text(word); // of which the zero in the end matters
    char *end = nullptr;
    errno = 0;
    const double number = strtod_l(text.c_str(), &end, plain);
    const bool overflow = errno == ERANGE && std::isinf(number);
    const bool whole = !text.empty() && end == text.c_str() + text.size();
    return whole && !overflow ? std::optional(number) : std::nullopt;
}

// A Tcl list: words, or groups of words in braces or double quotes. Empty when a group does not end.
std::vector<std::string> to_list(std::string_view text) {
    std::vector<std::string> items;
    for (text = trim(text); !text.empty(); text = trim(text)) {
        if (text.front() != '{' && text.front() != '"') {
            items.emplace_back(next_word(text));
            continue;
        }
        const auto end = text.find(text.front() == '{' ? '}' : '"', 1);
        if (end == text.npos) {
            return {};
        }
        items.emplace_back(text.substr(1, end - 1));
        text.remove_prefix(end + 1);
    }
    return items;
}

[[noreturn]] void fail(std::size_t line, const std::string &expected, const std::string &got) {
    throw Error("line " + std::to_string(line) + ": expected " + expected + ", got " + got);
}

void require(bool good, std::size_t line, const std::string &expected, const std::string &got) {
    if (!good) {
        fail(line, expected, got);
    }
}

class Reader {
  public:
    explicit Reader(std::string_view content) : rest_(content) {}

    std::size_t line() const { return line_; }
    std::size_t remaining() const { return rest_.size(); }

    // The next line that says something, without its comment; empty at the end of the file.
    std::string_view next_line() {
        while (!rest_.empty()) {
            ++line_;
            const auto line = rest_.substr(0, rest_.find('\n'));
            rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
            if (const auto text = trim(line.substr(0, line.find("##"))); !text.empty() && text != "#") {
                return text;
            }
        }
        return {};
    }

    std::string_view next_record(const std::string &expected) {
        const auto text = next_line();
        require(!text.empty() && text.front() == '#', line_, expected, quote(text));
        return trim(text.substr(1));
    }

    void expect(const std::string &record) {
        const auto found = next_record(quote("# " + record));
        require(squeeze(found) == squeeze(record), line_, quote("# " + record), quote(found));
    }

    template <class T> void take(T *numbers, std::size_t count) {
        const auto bytes = rest_.substr(0, count * sizeof(T));
        std::memcpy(numbers, bytes.data(), bytes.size());
        line_ += static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n'));
        rest_.remove_prefix(bytes.size());
    }

  private:
    std::string_view rest_;
    std::size_t line_ = 0;
};

// The records of a header by keyword. Each is taken once; what is left in the end is unknown.
class HeaderRecords {
  public:
    std::vector<std::string> description;

    explicit HeaderRecords(Reader &reader) {
        for (;;) {
            const auto record = reader.next_record("a header record or \"# End: Header\"");
            end_ = reader.line();
            if (squeeze(record) == "end:header") {
                return;
            }
            const auto colon = std::min(record.find(':'), record.size());
            const auto keyword = squeeze(record.substr(0, colon));
            const auto value = trim(record.substr(std::min(colon + 1, record.size())));
            if (keyword == "desc") {
                description.emplace_back(value);
            } else {
                const bool first = records_.emplace(keyword, std::pair(end_, value)).second;
                require(first, end_, "one record " + quote(keyword), "a second one");
            }
        }
    }

    std::pair<std::size_t, std::string_view> take(const std::string &keyword) {
        const auto node = records_.extract(keyword);
        require(!node.empty(), end_, "a record " + quote(keyword) + " in the header", "none");
        return node.mapped();
    }

    double number(const std::string &keyword) {
        const auto [line, text] = take(keyword);
        const auto number = to_number(text);
        require(number && std::isfinite(*number), line, "a finite number for " + quote(keyword), quote(text));
        return *number;
    }

    std::size_t count(const std::string &keyword) {
        const auto [line, text] = take(keyword);
        const auto number = to_number(text);
        const bool whole = number && *number >= 1 && *number <= 1e15 && *number == std::floor(*number);
        require(whole, line, "a whole number from 1 to 1e15 for " + quote(keyword), quote(text));
        return static_cast<std::size_t>(*number);
    }

    std::vector<std::string> list(const std::string &keyword, std::size_t valuedim, bool one_for_all) {
        const auto [line, text] = take(keyword);
        auto items = to_list(text);
        if (one_for_all && items.size() == 1) {
            items.resize(valuedim, std::string(items.front()));
        }
        require(items.size() == valuedim, line, std::to_string(valuedim) + " items for " + quote(keyword), quote(text));
        return items;
    }

    void expect_none_left() const {
        if (!records_.empty()) {
            fail(records_.begin()->second.first, "a record of OVF 2.0", quote(records_.begin()->first));
        }
    }

  private:
    std::map<std::string, std::pair<std::size_t, std::string_view>> records_;
    std::size_t end_ = 0;
};

Header parse_header(Reader &reader) {
    HeaderRecords records(reader);
    Header header;
    const auto [line, mesh] = records.take("meshtype");
    require(squeeze(mesh) == "rectangular", line, "\"meshtype: rectangular\"", quote(mesh));
    header.title = records.take("title").second;
    header.description = std::move(records.description);
    header.meshunit = records.take("meshunit").second;
    const auto valuedim = records.count("valuedim");
    header.valuelabels = records.list("valuelabels", valuedim, false);
    header.valueunits = records.list("valueunits", valuedim, true);
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const std::string axis = axes[i];
        header.nodes[i] = records.count(axis + "nodes");
        header.base[i] = records.number(axis + "base");
        header.stepsize[i] = records.number(axis + "stepsize");
        records.number(axis + "min"); // the bounding box follows from the three above
        records.number(axis + "max");
    }
    records.expect_none_left();
    return header;
}

// The number of values, or any that is too large for memory.
std::size_t count_values(const Header &header) {
    auto count = header.valuelabels.size();
    for (const auto nodes : header.nodes) {
        count = __builtin_mul_overflow(count, nodes, &count) ? std::string_view::npos : count;
    }
    return count;
}

std::vector<double> parse_text(Reader &reader, std::size_t count) {
    const auto expected = std::to_string(count) + " values";
    std::vector<double> values;
    values.reserve(std::min(count, reader.remaining() / 2 + 1)); // a header may promise more than there is
    while (values.size() < count) {
        auto text = reader.next_line();
        if (text.empty() || text.front() == '#') {
            fail(reader.line(), expected, quote(text) + " after " + std::to_string(values.size()));
        }
        for (auto word = next_word(text); !word.empty(); word = next_word(text)) {
            const auto value = to_number(word);
            if (!value) {
                fail(reader.line(), "a number that fits a double", quote(word));
            }
            if (values.size() == count) {
                fail(reader.line(), expected, "one more: " + quote(word));
            }
            values.push_back(*value);
        }
    }
    return values;
}

template <class T> std::vector<T> parse_binary(Reader &reader, std::size_t count) {
    const auto size = " values of " + std::to_string(sizeof(T)) + " bytes each";
    require(reader.remaining() / sizeof(T) > count, reader.line(), "a check value and " + std::to_string(count) + size,
            std::to_string(reader.remaining()) + " bytes");
    T check{};
    reader.take(&check, 1);
    require(check == check_value<T>, reader.line(), "the check value " + std::to_string(check_value<T>),
            std::to_string(check));
    std::vector<T> values(count);
    reader.take(values.data(), count);
    return values;
}

void put(std::ostream &out, const std::string &keyword, const std::string &value) {
    if (value.find_first_of("\r\n") != value.npos || value.find("##") != value.npos) {
        throw Error("expected one line without \"##\" for " + quote(keyword) + ", got " + quote(value));
    }
    out << "# " << keyword << ": " << value << '\n';
}

void put(std::ostream &out, const std::string &keyword, double number) {
    if (!std::isfinite(number)) {
        throw Error("expected a finite number for " + quote(keyword) + ", got " + std::to_string(number));
    }
    out << "# " << keyword << ": " << number << '\n';
}

void put(std::ostream &out, const std::string &keyword, const std::vector<std::string> &items) {
    std::string list;
    for (const auto &item : items) {
        if (item.find_first_of("{}\"") != item.npos) {
            throw Error("expected no braces and no quotes in " + quote(keyword) + ", got " + quote(item));
        }
        const bool word = !item.empty() && item.find_first_of(blanks) == item.npos;
        list += (list.empty() ? "" : " ") + (word ? item : "{" + item + "}");
    }
    put(out, keyword, list);
}

void put_header(std::ostream &out, const Header &header) {
    put(out, "Title", header.title);
    for (const auto &line : header.description) {
        put(out, "Desc", line);
    }
    put(out, "meshtype", std::string("rectangular"));
    put(out, "meshunit", header.meshunit);
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const std::string axis = axes[i];
        const double step = header.stepsize[i];
        const double edge = header.base[i] - step / 2;
        put(out, axis + "nodes", std::to_string(header.nodes[i]));
        put(out, axis + "base", header.base[i]);
        put(out, axis + "stepsize", step);
        put(out, axis + "min", edge);
        put(out, axis + "max", edge + static_cast<double>(header.nodes[i]) * step);
    }
    put(out, "valuedim", std::to_string(header.valuelabels.size()));
    put(out, "valuelabels", header.valuelabels);
    put(out, "valueunits", header.valueunits);
}

template <class T> void put_binary(std::ostream &out, const T *values, std::size_t count) {
    out.write(reinterpret_cast<const char *>(&check_value<T>), sizeof(T));
    out.write(reinterpret_cast<const char *>(values), static_cast<std::streamsize>(count * sizeof(T)));
    out << '\n';
}

template <class T> void put_text(std::ostream &out, const T *values, std::size_t count, std::size_t valuedim) {
    for (std::size_t i = 0; i < count; ++i) {
        out << values[i] << ((i + 1) % valuedim == 0 ? '\n' : ' ');
    }
}

} // namespace

Field parse(std::string_view content) {
    Reader reader(content);
    for (const auto *record : {"OOMMF OVF 2.0", "Segment count: 1", "Begin: Segment", "Begin: Header"}) {
        reader.expect(record);
    }
    Field field{parse_header(reader), {}};
    const auto count = count_values(field.header);
    const std::string expected = "\"# Begin: Data Text\", \"Data Binary 4\" or \"Data Binary 8\"";
    const auto begin = reader.next_record(expected);
    std::string block = "Data Text";
    if (squeeze(begin) == "begin:datatext") {
        field.values = parse_text(reader, count);
    } else if (squeeze(begin) == "begin:databinary4") {
        block = binary_block<float>;
        field.values = parse_binary<float>(reader, count);
    } else if (squeeze(begin) == "begin:databinary8") {
        block = binary_block<double>;
        field.values = parse_binary<double>(reader, count);
    } else {
        fail(reader.line(), expected, quote(begin));
    }
    reader.expect("End: " + block);
    reader.expect("End: Segment");
    const auto more = reader.next_line();
    require(more.empty(), reader.line(), "the end of the file", quote(more));
    return field;
}

template <class T> std::string format(const Header &header, const T *values, bool binary) {
    const std::string block = binary ? binary_block<T> : "Data Text";
    std::ostringstream out;
    out.imbue(std::locale::classic());
    out.precision(std::numeric_limits<double>::max_digits10);
    out << "# OOMMF OVF 2.0\n# Segment count: 1\n# Begin: Segment\n# Begin: Header\n";
    put_header(out, header);
    out << "# End: Header\n# Begin: " << block << '\n';
    if (binary) {
        put_binary(out, values, count_values(header));
    } else {
        put_text(out, values, count_values(header), header.valuelabels.size());
    }
    out << "# End: " << block << "\n# End: Segment\n";
    return out.str();
}

template std::string format(const Header &, const float *, bool);
template std::string format(const Header &, const double *, bool);

} // namespace ovf
