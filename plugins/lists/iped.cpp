// SPDX-License-Identifier: Apache-2.0
// Hash database of IPED (SQLite), after what its HashDBTool creates and writes: HASHES (digests as blobs), PROPERTIES
// (names) and HASHES_PROPERTIES (values; several are sorted and joined by `|`). A hash that is in several sets becomes
// a record a set. Properties that came with a set carry its prefix (vicCategory, caidMediaSize, nsrlProductName): the
// number of a record is its set's category, or the status where the set has none.
#include <fmt/format.h>

#include <map>

#include "engine/known/database_list.h"
#include "engine/known/list_values.h"

namespace triage {
namespace {

constexpr std::size_t most_records = 64;  // of one hash
constexpr std::size_t most_properties = 1024;

bool is_iped(const DatabaseList& list) {
    return list.has("HASHES", "HASH_ID,MD5,SHA1,SHA256") && list.has("PROPERTIES", "PROPERTY_ID,PROPERTY_NAME") &&
           list.has("HASHES_PROPERTIES", "HASH_ID,PROPERTY_ID,VALUE");
}

using Properties = std::map<std::string, std::string>;  // lower-case name → values joined by `|`

std::string_view value_of(const Properties& properties, const std::string& name) {
    const auto found = properties.find(name);
    return found == properties.end() ? std::string_view() : std::string_view(found->second);
}

// The values that are joined; one empty value when there is none.
std::vector<std::string_view> values_of(const Properties& properties, const std::string& name) {
    std::string_view joined = value_of(properties, name);
    std::vector<std::string_view> values;
    while (!joined.empty() && values.size() <= most_records) {
        const std::size_t length = std::min(joined.find('|'), joined.size());
        if (const auto value = trimmed(joined.substr(0, length)); !value.empty()) values.push_back(value);
        joined.remove_prefix(std::min(length + 1, joined.size()));
    }
    if (values.empty()) values.emplace_back();
    return values;
}

// The prefix that HashDBTool puts before the properties of a set; empty for sets that came as CSV.
std::string prefix_of(std::string_view set) {
    constexpr std::pair<std::string_view, std::string_view> known[] = {
        {"projectvic", "vic"}, {"caid", "caid"}, {"icse", "icse"}, {"nsrl", "nsrl"}};
    for (const auto& [name, prefix] : known)
        if (lower(set) == name) return std::string(prefix);
    return {};
}

bool is_true(std::string_view value) {
    const std::string word = lower(value);
    return word == "true" || word == "1" || word == "yes";
}

void put_label(const Properties& properties, const std::string& prefix, KnownRecord& record) {
    for (const std::string_view name : {"productname", "seriesname", "series", "filename"}) {
        record.label = value_of(properties, prefix + std::string(name));
        if (record.label.empty()) continue;
        if (name.starts_with("series")) record.flags.add(RecordFlag::series);
        return;
    }
}

// A set's own flags, size and label. Says what is wrong, or nothing.
std::string put_details(const Properties& properties, const std::string& prefix, KnownRecord& record) {
    constexpr std::pair<const char*, RecordFlag> flags[] = {{"isdistributed", RecordFlag::distributed},
                                                            {"victimidentified", RecordFlag::victim_identified},
                                                            {"offenderidentified", RecordFlag::offender_identified},
                                                            {"isprecategorized", RecordFlag::precategorised}};
    for (const auto& [name, flag] : flags)
        if (is_true(value_of(properties, prefix + name))) record.flags.add(flag);
    put_label(properties, prefix, record);
    const auto size = trimmed(value_of(properties, prefix + "mediasize"));
    if (size.empty()) return {};
    record.size = parse_list_size(size);
    return record.size ? "" : "the size is no number of bytes";
}

Result<std::vector<KnownRecord>> records_of(const KnownRecord& hash, const Properties& properties) {
    std::vector<KnownRecord> records;
    for (const std::string_view set : values_of(properties, "set")) {
        const std::string prefix = prefix_of(set);
        const std::string own = prefix + "category";
        const bool has_own = !value_of(properties, own).empty();
        KnownRecord record = hash;
        auto why = put_details(properties, prefix, record);
        if (!why.empty()) return Failure{std::move(why)};
        for (const std::string_view number : values_of(properties, has_own ? own : "status")) {
            record.category = {std::string(set), std::string(number)};
            records.push_back(record);
            if (records.size() > most_records) return Failure{"in more than 64 sets or categories"};
        }
    }
    return records;
}

Result<KnownRecord> parse_hash(std::uint64_t id, const Statement& values) {
    KnownRecord record;
    record.position = id;
    int column = 0;
    for (const Algorithm algorithm : all_algorithms) {
        auto why = put_digest(algorithm, values, ++column, record.digests);
        if (!why.empty()) return Failure{std::move(why)};
    }
    if (record.digests.algorithms().empty()) return Failure{"no digest"};
    return record;
}

class PropertyReader {
  public:
    PropertyReader(const DatabaseList& list, const ImportSink& sink)
        : rows_(list.search("HASHES_PROPERTIES", "PROPERTY_ID,VALUE", "HASH_ID")) {
        list.each_row("PROPERTIES", "PROPERTY_ID,PROPERTY_NAME", sink, [&](std::uint64_t id, const Statement& values) {
            if (names_.size() == most_properties) return sink.reject({id, "more than 1024 properties"});
            names_[values.integer(0)] = lower(values.text(1).substr(0, 256));
        });
    }
    Result<Properties> of(std::int64_t hash) {
        Properties properties;
        try {
            rows_.reset();
            rows_.bind(hash);
            for (std::size_t i = 0; rows_.step(); ++i) {
                if (i == most_properties) return Failure{"more than 1024 properties"};
                const auto name = names_.find(rows_.integer(0));
                if (name == names_.end()) return Failure{"a property that has no name"};
                if (name->second != "photodna") properties[name->second] = rows_.text(1);
            }
        } catch (const SqliteError& e) {
            return Failure{e.is_too_long() ? "a property is longer than 1 MiB" : "its properties are damaged"};
        }
        return properties;
    }

  private:
    Statement rows_;
    std::map<std::int64_t, std::string> names_;
};

class Iped : public ListFormat {
  public:
    std::string_view name() const override { return "iped"; }
    std::string_view describes() const override { return "IPED hash database (SQLite)"; }
    std::string_view counts() const override { return "row"; }
    bool recognises(ListSource& source) const override { return is_database_list(source, is_iped); }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        const DatabaseList list = open_database_list(source, is_iped, sink);
        PropertyReader reader(list, sink);
        list.each_row("HASHES", "HASH_ID,MD5,SHA1,SHA256", sink, [&](std::uint64_t id, const Statement& values) {
            const auto hash = parse_hash(id, values);
            if (!hash) return sink.reject({id, hash.why()});
            const auto properties = reader.of(values.integer(0));
            if (!properties) return sink.reject({id, properties.why()});
            auto records = records_of(*hash, *properties);
            if (!records) return sink.reject({id, records.why()});
            for (KnownRecord& record : *records) sink.record(std::move(record));
        });
    }
};

}  // namespace

const ListFormat& iped_list() {
    static const Iped format;
    return format;
}

}  // namespace triage
