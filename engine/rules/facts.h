// SPDX-License-Identifier: Apache-2.0
// What conditions are decided by: an entry, where it lies, what became of its content, and what all rules share. What
// several conditions ask for (the extension, the patterns that a path fits) is found once an entry. Lives as long as
// one decision; one thread.
#pragma once

#include <array>
#include <unordered_map>

#include "engine/base/patterns.h"
#include "engine/examine/examined.h"
#include "engine/rules/condition.h"

namespace triage {

// Which texts patterns are matched against.
enum class PatternText : std::uint8_t { path, name, stream, volume, set, label };

// What a rule needs to know of a loaded set, in the order of the sets.
struct SetFacts {
    std::string name;
    Polarity polarity = Polarity::notable;
};

// Where an entry lies, and how its file system stores times.
struct EntryPlace {
    std::string_view volume, fs;
    TimeForm modified{}, accessed{}, changed{}, created{};
};

// What a condition's value becomes when the rules are compiled.
struct Prepared {
    std::vector<int> patterns, labels;  // numbers in their set; `labels` of a match
    std::vector<bool> extensions;       // by number of the extension
    std::vector<std::string> others;    // types that only libmagic tells
};

// Shared by all rules of a run.
struct RuleContext {
    std::vector<SetFacts> sets;
    Timestamp started;  // of the scan, as its case records it
    std::array<PatternSet, 6> patterns;
    std::unordered_map<std::string, std::size_t> extensions;  // that conditions name → number
};

class Facts {
  public:
    Facts(const RuleContext& context, const Entry& entry, const EntryPlace& place, const Examined* examined)
        : context_(context), entry_(entry), place_(place), examined_(examined) {}

    const RuleContext& context() const { return context_; }
    const Entry& entry() const { return entry_; }
    const EntryPlace& place() const { return place_; }
    // Null where the content was not read whole, or not yet.
    const Examined* content() const { return examined_ && examined_->status == Status::hashed ? examined_ : nullptr; }
    // Null where it is not examined yet.
    const Examined* examined() const { return examined_; }
    // Null where not even its first bytes were read.
    const std::string* type() const {
        return examined_ && (examined_->is_typed || content()) ? &examined_->type : nullptr;
    }
    const std::string& extension();
    std::optional<std::size_t> extension_number();
    bool fits(PatternText text, const std::vector<int>& patterns);  // of path, name, stream and volume

  private:
    std::string_view text_of(PatternText text) const;

    const RuleContext& context_;
    const Entry& entry_;
    const EntryPlace place_;
    const Examined* examined_;
    std::optional<std::string> extension_;
    std::array<std::optional<std::vector<int>>, 4> found_;
};

}  // namespace triage
