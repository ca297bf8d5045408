// SPDX-License-Identifier: Apache-2.0
// The only adaptor of RE2: many regular expressions matched against one text in one pass, in time linear in the text
// whatever the patterns are, with a cap on memory. Globs become regular expressions here. A name that is not UTF-8 is
// compared with U+FFFD in place of each bad byte. A PatternSet that was compiled is immutable: any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace triage {

// Why this is no regular expression that can be used, in RE2's words; nothing when it can.
std::optional<std::string> flaw_of_regex(std::string_view regex);

// `*` and `?` stand for what is not '/', `**` also for that, [abc], [a-z] and [!a-z] for one of, or not of, these; `\`
// takes the next character as it is. The whole text must fit; case is ignored. One that does not begin with '/' may
// begin after any '/'.
std::string glob_as_regex(std::string_view glob);

class PatternSet {
  public:
    PatternSet();
    ~PatternSet();
    PatternSet(PatternSet&&) noexcept;
    PatternSet& operator=(PatternSet&&) noexcept;

    // The number of the pattern, which `flaw_of_regex` accepts. The same pattern again has the same number.
    int add(const std::string& regex);
    // After the last `add`. Throws Error (usage) when all together need more memory than the cap.
    void compile();
    bool is_empty() const;
    // The numbers of the patterns that are found anywhere in the text, in no order.
    void match(std::string_view text, std::vector<int>& found) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace triage
