// SPDX-License-Identifier: Apache-2.0
// Lines of text hash lists, for the formats that are made of them. A line is a view into a buffer of bounded size,
// valid until the next one; LF and CRLF end it.
// One reader belongs to one thread.
#pragma once

#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "engine/known/list_format.h"
#include "engine/known/list_values.h"

namespace triage {

class LineReader {
  public:
    static constexpr std::size_t longest_line = 1 << 20;  // bytes, without its end

    explicit LineReader(std::istream& list);
    bool next();                                      // false: there is no further line
    std::uint64_t number() const { return number_; }  // 1-based
    std::string_view text() const { return text_; }
    // Why the line cannot be read whatever the format; empty when it can. `text` is empty when it is too long.
    std::string_view fault() const { return fault_; }

  private:
    bool fill();
    bool skip_rest_of_line();
    void take(std::size_t length, std::size_t end_length);

    std::istream& list_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0, end_ = 0;  // what is read and not yet given out
    bool is_at_end_ = false;
    std::uint64_t number_ = 0;
    std::string_view text_, fault_;
};

// Calls `f(number, text)` for each readable line of the list and rejects the others.
template <class F>
void each_line(std::istream& list, const ImportSink& sink, F&& f) {
    LineReader lines(list);
    while (lines.next())
        if (lines.fault().empty()) f(lines.number(), lines.text());
        else sink.reject({lines.number(), std::string(lines.fault())});
}

// True when a complete line in the head of a list satisfies `is_wanted`. The last line of a full head may be cut.
bool has_line(std::string_view head, bool (*is_wanted)(std::string_view line));

}  // namespace triage
