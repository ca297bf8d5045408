// SPDX-License-Identifier: Apache-2.0
#include "plugins/reporters/sqlite/rows.h"

#include <cassert>
#include <cstring>

namespace triage::sqlite_report {
namespace {

void append(std::string& out, std::uint64_t value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out.append(bytes, sizeof bytes);
}

}  // namespace

void RowWriter::integer(std::uint64_t value) {
    out_ += 'i';
    append(out_, value);
}

void RowWriter::put(char mark, std::string_view bytes) {
    out_ += mark;
    append(out_, bytes.size());
    out_ += bytes;
}

char RowReader::take() {
    assert(!rest_.empty());
    const char mark = rest_.front();
    rest_.remove_prefix(1);
    return mark;
}

std::uint64_t RowReader::number() {
    std::uint64_t value = 0;
    assert(rest_.size() >= sizeof value);
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
}

std::string_view RowReader::bytes() {
    const std::uint64_t size = number();
    assert(size <= rest_.size());
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
}

void RowReader::insert(Statement& into, std::uint64_t owner) {
    int index = 0;
    for (char mark = take(); mark != '.'; mark = take()) {
        ++index;
        if (mark == 'i') into.bind_at(index, number());
        else if (mark == 't') into.bind_at(index, bytes());
        else if (mark == 'b') into.bind_at(index, as_bytes(bytes()));
        else if (mark == 'o') into.bind_at(index, owner);
        else into.bind_at(index, std::nullopt);
    }
    into.run();
}

}  // namespace triage::sqlite_report
