// SPDX-License-Identifier: Apache-2.0
// The conditions of rules as one table: name, what must be known before it can be decided, the form of its value, how
// it is decided, what it means. Parsing, checking, writing, the JSON Schema and the documentation read its rows.
// Values; immutable; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/time.h"
#include "engine/known/known_record.h"

namespace triage {

// What a rule knows of an entry when a condition can be decided.
enum class Needs : std::uint8_t {
    metadata,  // what the listing says: also before the content is read
    content,   // the bytes were read: type, entropy, matches
};

// A condition that cannot be decided (a time that the file system lacks, the type of what was not read) is neither true
// nor false; a rule holds only where it certainly does.
enum class Truth : std::uint8_t { no, unknown, yes };

// The form of a condition's value; where it is a list, one of it must fit.
enum class ValueForm : std::uint8_t { words, globs, regexes, size, time, number, truth, match };

struct SizeRange {
    std::optional<std::uint64_t> least, most;  // bytes, both included
    friend bool operator==(const SizeRange&, const SizeRange&) = default;
};
struct NumberRange {
    std::optional<double> least, most;
    friend bool operator==(const NumberRange&, const NumberRange&) = default;
};
struct TimeRange {
    std::optional<Timestamp> after, before;               // included, excluded
    std::optional<std::uint64_t> newer_than, older_than;  // seconds before the scan's start
    friend bool operator==(const TimeRange&, const TimeRange&) = default;
};
// What one match must be like: all of it.
struct MatchTerms {
    std::optional<Polarity> polarity;
    std::vector<std::string> sets, labels;               // globs
    std::vector<std::string> categories, category_sets;  // as the list says
    std::optional<bool> alerts, size_agrees, differs;
    std::uint32_t digests = 0;  // at least so many algorithms agree
    friend bool operator==(const MatchTerms&, const MatchTerms&) = default;
};
using Value = std::variant<std::vector<std::string>, SizeRange, TimeRange, NumberRange, bool, MatchTerms>;

class Facts;
struct Prepared;

struct ConditionKind {
    std::string_view name;
    Needs needs;
    ValueForm form;
    std::vector<std::string_view> words;  // of ValueForm::words: all there are; empty: any
    std::string_view meaning;
    Truth (*holds)(const Value& value, const Prepared& prepared, Facts& facts);
};

const std::vector<ConditionKind>& condition_table();
const ConditionKind* find_condition(std::string_view name);

struct Condition {
    const ConditionKind* kind = nullptr;
    Value value;
    friend bool operator==(const Condition&, const Condition&) = default;
};

}  // namespace triage
