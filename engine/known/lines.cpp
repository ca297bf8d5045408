// SPDX-License-Identifier: Apache-2.0
#include "engine/known/lines.h"

#include <algorithm>
#include <cstring>

namespace triage {
namespace {

constexpr std::size_t first_buffer = 64 << 10;  // grows with the longest line, to at most 2 MiB
constexpr std::size_t full_head = 60 << 10;     // a head at least this long may end within a line

}  // namespace

LineReader::LineReader(std::istream& list) : list_(list), buffer_(first_buffer) {}

// Reads on behind what is there; false at the end of the list.
bool LineReader::fill() {
    if (is_at_end_) return false;
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
    list_.read(buffer_.data() + end_, static_cast<std::streamsize>(buffer_.size() - end_));
    end_ += static_cast<std::size_t>(list_.gcount());
    is_at_end_ = !list_;
    return list_.gcount() > 0;
}

bool LineReader::next() {
    text_ = fault_ = {};
    std::size_t searched = 0;
    for (;;) {
        const char* start = buffer_.data() + begin_;
        const auto* newline = static_cast<const char*>(std::memchr(start + searched, '\n', end_ - begin_ - searched));
        if (newline != nullptr) {
            take(static_cast<std::size_t>(newline - start), 1);
            return true;
        }
        searched = end_ - begin_;
        if (searched > longest_line + 1) return skip_rest_of_line();
        if (fill()) continue;
        if (begin_ == end_) return false;
        take(end_ - begin_, 0);
        return true;
    }
}

// The line is longer than the limit and not yet at its end: nothing of it is kept.
bool LineReader::skip_rest_of_line() {
    ++number_;
    fault_ = "longer than 1 MiB";
    do {
        const char* start = buffer_.data() + begin_;
        const auto* newline = static_cast<const char*>(std::memchr(start, '\n', end_ - begin_));
        if (newline != nullptr) {
            begin_ += static_cast<std::size_t>(newline - start) + 1;
            return true;
        }
        begin_ = end_;
    } while (fill());
    return true;
}

void LineReader::take(std::size_t length, std::size_t end_length) {
    ++number_;
    text_ = {buffer_.data() + begin_, length};
    begin_ += length + end_length;
    if (text_.ends_with('\r')) text_.remove_suffix(1);
    if (text_.size() > longest_line) {
        fault_ = "longer than 1 MiB";
        text_ = {};
    } else if (text_.find('\0') != std::string_view::npos) {
        fault_ = "holds a NUL byte";
    }
}

bool has_line(std::string_view head, bool (*is_wanted)(std::string_view line)) {
    if (head.size() >= full_head) head = head.substr(0, head.find_last_of('\n') + 1);
    while (!head.empty()) {
        const std::size_t length = std::min(head.find('\n'), head.size());
        std::string_view line = head.substr(0, length);
        head.remove_prefix(std::min(length + 1, head.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.find('\0') == std::string_view::npos && is_wanted(line)) return true;
    }
    return false;
}

}  // namespace triage
