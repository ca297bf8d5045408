// SPDX-License-Identifier: Apache-2.0
// HashKeeper (NDIC): name.hsh has one row for each file, name.hke beside it one for each hash set, both CSV with a
// header that names the columns. Layout: the end of NIST's nsrlext.pl (2003), which writes both. The category is the
// hash set: its name, where the .hke is there, and its number. The set's "notable_flag" is not used: whoever imports
// says what a match means.
#include <unordered_map>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/known/csv.h"
#include "engine/known/list_values.h"

namespace triage {
namespace {

constexpr std::size_t most_sets_text = 64 << 20;  // bytes of memory

enum Column : std::size_t { hash, set_id, file_name, file_size };

Result<csv::Places> find_file_columns(const std::vector<std::string_view>& header) {
    auto places = csv::find_columns(header, {"hash", "hashsetid", "filename", "filesize"});
    if (!places) return places;
    for (const Column column : {hash, set_id, file_name})
        if (!(*places)[column]) return Failure{"no header of a HashKeeper list"};
    return places;
}

struct HashSets {
    std::unordered_map<std::string, ListSays> by_id;

    const ListSays* find(const std::string& id) const {
        const auto found = by_id.find(id);
        return found == by_id.end() ? nullptr : &found->second;
    }
};

// `sink` hears of rows that cannot be read; they are no rows of the list, so their position is 0.
class SetReader {
  public:
    SetReader(std::istream& list, const ImportSink& sink) : reader_(list, ','), sink_(sink) {}
    HashSets read() {
        HashSets sets;
        while (reader_.next()) {
            if (reader_.fault().empty() && reader_.is_blank()) continue;
            const std::string_view why = !reader_.fault().empty() ? reader_.fault() : take(sets);
            if (why.empty()) continue;
            sink_.reject({0, fmt::format(".hke, line {}: {}", reader_.line(), why)});
            if (places_.empty() || text_ > most_sets_text) break;
        }
        return sets;
    }

  private:
    std::string_view take(HashSets& sets) {
        const auto& fields = reader_.fields();
        if (places_.empty()) {
            auto places = csv::find_columns(fields, {"hashsetid", "name", "version"});
            if (!places || !(*places)[0] || !(*places)[1]) return "no header; reading of hash sets ended here";
            places_ = std::move(*places);
            columns_ = fields.size();
            return {};
        }
        if (fields.size() != columns_) return "not as many fields as the header has";
        const std::string id(trimmed(fields[*places_[0]]));
        if (id.empty()) return "no number of the hash set";
        ListSays says{std::string(trimmed(fields[*places_[1]])), {}};
        if (places_[2]) says.version = trimmed(fields[*places_[2]]);
        text_ += id.size() + says.name.size() + says.version.size() + 256;  // the map's own needs among them
        if (text_ > most_sets_text) return "more hash sets than fit; reading of hash sets ended here";
        return sets.by_id.emplace(id, std::move(says)).second ? "" : "the number of a hash set stands twice";
    }

    csv::Reader reader_;
    const ImportSink& sink_;
    csv::Places places_;
    std::size_t columns_ = 0, text_ = 0;
};

HashSets read_sets(ListSource& source, const ImportSink& sink) {
    const std::string_view name = source.name();
    const std::string stem(name.substr(0, name.find_last_of('.')));
    for (const std::string& sibling : {stem + ".hke", std::string(name) + ".hke"})
        if (const auto list = source.sibling(sibling)) return SetReader(*list, sink).read();
    return {};
}

class Rows {
  public:
    Rows(const HashSets& sets, const ImportSink& sink) : sets_(sets), sink_(sink) {}
    void take(std::uint64_t line, const std::vector<std::string_view>& fields) {
        if (places_.empty()) {
            auto header = find_file_columns(fields);
            if (!header) return sink_.reject({line, header.why()});
            places_ = std::move(*header);
            columns_ = fields.size();
            return;
        }
        if (fields.size() != columns_) return sink_.reject({line, "not as many fields as the header has"});
        auto record = parse(fields);
        if (!record) return sink_.reject({line, record.why()});
        record->position = line;
        sink_.record(std::move(*record));
    }

  private:
    Result<KnownRecord> parse(const std::vector<std::string_view>& fields) const {
        KnownRecord record;
        const auto field = [&](Column column) {
            return places_[column] ? fields[*places_[column]] : std::string_view{};
        };
        auto why = csv::put_digest(field(hash), Algorithm::md5, record);
        if (why.empty()) why = csv::put_size(field(file_size), record);
        if (why.empty() && record.digests.algorithms().empty()) why = "no digest";
        if (!why.empty()) return Failure{std::move(why)};
        record.label = field(file_name);
        record.category.number = trimmed(field(set_id));
        if (const ListSays* set = sets_.find(record.category.number)) record.category.set = set->name;
        return record;
    }

    const HashSets& sets_;
    const ImportSink& sink_;
    csv::Places places_;
    std::size_t columns_ = 0;
};

class HashKeeper : public ListFormat {
  public:
    std::string_view name() const override { return "hashkeeper"; }
    std::string_view describes() const override { return "HashKeeper (.hsh, with its .hke)"; }
    bool recognises(ListSource& source) const override {
        const auto first = csv::first_record(source.head(), ',');
        if (!first) return false;
        return static_cast<bool>(find_file_columns({first->begin(), first->end()}));
    }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        const HashSets sets = read_sets(source, sink);
        if (sets.by_id.size() == 1) sink.says(sets.by_id.begin()->second);
        Rows rows(sets, sink);
        csv::Reader reader(source.stream(), ',');
        csv::each_record(reader, sink, [&](std::uint64_t line, const auto& fields) { rows.take(line, fields); });
    }
};

}  // namespace

const ListFormat& hashkeeper_list() {
    static const HashKeeper format;
    return format;
}

}  // namespace triage
