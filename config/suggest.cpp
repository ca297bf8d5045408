// SPDX-License-Identifier: Apache-2.0
#include "config/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace triage {
namespace {

// Levenshtein's distance, one row at a time.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row[b.size()];
}

// "depth" for "limits.depth": the folder of the key was forgotten.
bool is_last_part(std::string_view part, std::string_view word) {
    return word.size() > part.size() && word.ends_with(part) && word[word.size() - part.size() - 1] == '.';
}

}  // namespace

std::string suggestion(std::string_view mistyped, const std::vector<std::string>& words) {
    constexpr std::size_t longest = 64;  // nothing that long is near to a word
    std::size_t nearest = 1 + std::max<std::size_t>(2, mistyped.size() / 3);
    const std::string* best = nullptr;
    for (const std::string& word : words) {
        const std::size_t d = mistyped.size() > longest      ? longest
                              : is_last_part(mistyped, word) ? 1
                                                             : distance(mistyped, word);
        if (d >= nearest || d >= word.size()) continue;
        nearest = d;
        best = &word;
    }
    if (best != nullptr) return fmt::format("did you mean {}?", *best);
    return fmt::format("expected one of {}", fmt::join(words, ", "));
}

}  // namespace triage
