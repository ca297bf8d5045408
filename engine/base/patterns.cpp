// SPDX-License-Identifier: Apache-2.0
#include "engine/base/patterns.h"

#include <re2/re2.h>
#include <re2/set.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace triage {
namespace {

// Bytes. All patterns of a set are compiled twice: together, and each by itself for the texts that the first form would
// need too much memory for.
constexpr std::int64_t most_memory_of_one = 1 << 20, most_memory_together = 32 << 20, most_memory_apart = 32 << 20;
constexpr std::int64_t least_memory_of_one = 16 << 10;
constexpr std::size_t longest_pattern = 4096;

// A name may hold a newline: `.` stands for it too.
RE2::Options options_with(std::int64_t memory) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);
    options.set_never_capture(true);
    options.set_max_mem(memory);
    return options;
}

// `[!a-z]` at the front of `glob` as a class of characters; empty when it is never closed.
std::string class_of(std::string_view& glob) {
    const std::size_t close = glob.find(']', glob.starts_with("[!") ? 3 : 2);
    if (close == std::string_view::npos) return {};
    std::string_view inside = glob.substr(1, close - 1);
    glob.remove_prefix(close + 1);
    std::string result = "[";
    // Not of these, and no other part of the path.
    if (inside.starts_with('!')) result += "^/", inside.remove_prefix(1);
    for (const char c : inside) {
        if (c == '\\' || c == '[' || c == ']' || c == '^' || c == '&' || c == '~') result += '\\';
        result += c;
    }
    return result + "]";
}

}  // namespace

std::optional<std::string> flaw_of_regex(std::string_view regex) {
    if (regex.size() > longest_pattern) return "longer than 4096 bytes";
    const RE2 compiled(re2::StringPiece(regex.data(), regex.size()), options_with(most_memory_of_one));
    if (compiled.ok()) return {};
    return compiled.error();
}

std::string glob_as_regex(std::string_view glob) {
    std::string regex = glob.starts_with('/') ? "(?i)\\A" : "(?i)\\A(?:.*/)?";
    while (!glob.empty()) {
        if (glob.starts_with("**/")) {
            regex += "(?:.*/)?", glob.remove_prefix(3);
        } else if (glob.starts_with("**")) {
            regex += ".*", glob.remove_prefix(2);
        } else if (glob[0] == '*' || glob[0] == '?') {
            regex += glob[0] == '*' ? "[^/]*" : "[^/]", glob.remove_prefix(1);
        } else if (std::string_view rest = glob; glob[0] == '[' && !class_of(rest).empty()) {
            regex += class_of(glob);
        } else {
            if (glob[0] == '\\' && glob.size() > 1) glob.remove_prefix(1);
            const std::size_t end = std::max<std::size_t>(1, std::min(glob.find_first_of("*?[\\", 1), glob.size()));
            regex += RE2::QuoteMeta(re2::StringPiece(glob.data(), end));
            glob.remove_prefix(end);
        }
    }
    return regex + "\\z";
}

struct PatternSet::Impl {
    RE2::Set set{options_with(most_memory_together), RE2::UNANCHORED};
    std::vector<std::string> patterns;
    std::vector<std::unique_ptr<RE2>> single;  // where all at once need more memory than they may
};

namespace {

// The pattern with no more memory than it needs, which is added to `memory`.
std::unique_ptr<RE2> compile_one(const std::string& regex, std::int64_t& memory) {
    for (std::int64_t most = least_memory_of_one;; most *= 4) {
        auto one = std::make_unique<RE2>(regex, options_with(most));
        if (!one->ok() && most < most_memory_of_one) continue;
        memory += most;
        return one;
    }
}

}  // namespace

PatternSet::PatternSet() : impl_(std::make_unique<Impl>()) {}
PatternSet::~PatternSet() = default;
PatternSet::PatternSet(PatternSet&&) noexcept = default;
PatternSet& PatternSet::operator=(PatternSet&&) noexcept = default;

int PatternSet::add(const std::string& regex) {
    const auto earlier = std::find(impl_->patterns.begin(), impl_->patterns.end(), regex);
    if (earlier != impl_->patterns.end()) return static_cast<int>(earlier - impl_->patterns.begin());
    std::string why;
    if (impl_->set.Add(regex, &why) < 0) throw Error("the pattern " + to_json_string(regex), why);
    impl_->patterns.push_back(regex);
    return static_cast<int>(impl_->patterns.size()) - 1;
}

void PatternSet::compile() {
    const auto require = [](bool fits) {
        if (!fits)
            throw Error("the patterns of the rules", "need more than 64 MiB together", "use fewer or shorter ones");
    };
    require(impl_->set.Compile());
    std::int64_t memory = 0;
    for (const std::string& regex : impl_->patterns) {
        impl_->single.push_back(compile_one(regex, memory));
        require(memory <= most_memory_apart);
    }
}

bool PatternSet::is_empty() const { return impl_->patterns.empty(); }

void PatternSet::match(std::string_view text, std::vector<int>& found) const {
    found.clear();
    if (is_empty()) return;
    if (!is_valid_utf8(text)) {
        const std::string valid = to_valid_utf8(text);
        return match(valid, found);
    }
    const re2::StringPiece piece(text.data(), text.size());
    RE2::Set::ErrorInfo error{};
    if (impl_->set.Match(piece, &found, &error) || error.kind == RE2::Set::kNoError) return;
    found.clear();
    for (std::size_t i = 0; i < impl_->single.size(); ++i)
        if (RE2::PartialMatch(piece, *impl_->single[i])) found.push_back(static_cast<int>(i));
}

}  // namespace triage
