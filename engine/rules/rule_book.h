// SPDX-License-Identifier: Apache-2.0
// The rules of a run, compiled: what is decided of an entry before its content is read, and what is said of it
// afterwards. Immutable; any thread.
#pragma once

#include "engine/rules/facts.h"
#include "engine/rules/rule.h"

namespace triage {

class RuleBook {
  public:
    // Throws Error (usage) when the patterns need too much memory together.
    RuleBook(const Rules& rules, std::vector<SetFacts> sets, Timestamp started);
    ~RuleBook();
    RuleBook(const RuleBook&) = delete;
    RuleBook& operator=(const RuleBook&) = delete;

    struct BeforeReading {
        std::uint32_t priority = Rule::usual_priority;
        bool is_skipped = false, wants_entropy = false;
        bool wants_libmagic = false;  // a rule of severity is open, and asks for a type that only libmagic tells
        AlgorithmSet hash;            // empty: those of the configuration
    };
    BeforeReading before_reading(const Entry& entry, const EntryPlace& place) const;

    // Whether some rule with a severity is open by the metadata, and may hold by the type, whatever else of the content
    // is not known.
    bool is_decided_by_type(const Entry& entry, const EntryPlace& place) const;

    // A finding when at least one rule with a severity holds, or a notable match is named by none.
    std::optional<Finding> judge(const Entry& entry, const EntryPlace& place, const Examined& examined) const;

    bool asks_for(std::string_view condition) const;  // of any rule
    // The rule's number of findings after which the scan stops; 0 when it does not.
    std::uint64_t stops_after(std::string_view rule) const;
    bool may_stop() const { return may_stop_; }
    bool asks_libmagic() const { return !libmagic_.empty(); }

  private:
    struct Node;
    struct Compiled;
    Node compile(const Expression& expression);
    void prepare(const Condition& condition, Prepared& prepared);
    bool has_notable_match(const Examined& examined) const;
    static Truth decide(const Node& node, Facts& facts);
    struct Prospect {
        bool may_hold = false, may_fail = false;
    };
    static Prospect prospect_by_type(const Node& node, Facts& facts);

    const Rules rules_;
    RuleContext context_;
    std::vector<Compiled> before_, entropy_, typed_, libmagic_, judging_;  // which have a say when
    bool may_stop_ = false;
};

}  // namespace triage
