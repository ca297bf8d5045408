// SPDX-License-Identifier: Apache-2.0
// What a person at the evidence sees of a scan under way: a few lines that are drawn over themselves on a terminal, or
// now and then one plain line. The text is a pure function of a snapshot; every name in it is escaped. No colour, no
// bell, no second screen of the terminal: what was above stays there.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "cli/snapshot.h"

namespace triage {

struct ScreenSize {
    std::size_t columns = 80, rows = 24;
    friend bool operator==(const ScreenSize&, const ScreenSize&) = default;
};
ScreenSize size_of_terminal(int fd);  // the usual one where the terminal does not say

// At most `columns` wide and `rows` many.
std::vector<std::string> screen_lines(const Snapshot& snapshot, ScreenSize size);

// The same in one line, for files and simple terminals.
std::string plain_line(const Snapshot& snapshot);

// "a few seconds", "about 40 s", "about 3 min", "about 2 h 10 min": never more exact than it is known, and rounded up.
std::string about(double seconds);
std::string exactly(double seconds);  // "0.4 s", "12 s", "1 min 12 s", "1 h 02 min"

// Draws lines over those it drew before. One thread.
class Frame {
  public:
    explicit Frame(std::FILE* out) : out_(out) {}
    void draw(const std::vector<std::string>& lines, ScreenSize size);
    void clear(ScreenSize size) { draw({}, size); }

  private:
    std::FILE* out_;
    std::vector<std::size_t> drawn_;  // columns of each line
};

}  // namespace triage
