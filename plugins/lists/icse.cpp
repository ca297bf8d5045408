// SPDX-License-Identifier: Apache-2.0
// Hash sets exported from Interpol's ICSE database: semicolon-separated, the header names the columns. Interpol
// publishes no description; the columns and their values are those that the maintainers of IPED saw in an export of
// 2022 (github.com/sepinf-inc/IPED, issue 1136) and that its importer accepts: MD5, SHA1, Image ID, Is distributed,
// Victim identified, Offender identified (Y or N), Series name, Baseline (Yes or No), among others that are ignored
// here.
//
// The category is "baseline" or "not baseline": the list has no other. Other values of a flag reject the row.
#include "engine/base/error.h"
#include "engine/known/csv.h"
#include "engine/known/list_values.h"

namespace triage {
namespace {

enum Column : std::size_t { md5, sha1, image_id, distributed, victim, offender, series, baseline };

Result<csv::Places> find_icse_columns(const std::vector<std::string_view>& header) {
    auto places = csv::find_columns(header, {"md5", "sha1", "imageid", "isdistributed", "victimidentified",
                                             "offenderidentified", "seriesname", "baseline"});
    if (!places) return places;
    for (const Column column : {image_id, baseline})
        if (!(*places)[column]) return Failure{"no header of an ICSE list"};
    if (!(*places)[md5] && !(*places)[sha1]) return Failure{"no header of an ICSE list"};
    return places;
}

enum class Answer : std::uint8_t { none, yes, no, neither };

Answer answer_of(std::string_view text) {
    if (csv::is_null(trimmed(text))) return Answer::none;
    const std::string word = csv::comparable(text);
    for (const std::string_view yes : {"y", "yes", "true", "1"})
        if (word == yes) return Answer::yes;
    for (const std::string_view no : {"n", "no", "false", "0"})
        if (word == no) return Answer::no;
    return Answer::neither;
}

class Row {
  public:
    Row(const std::vector<std::string_view>& fields, const csv::Places& places) : fields_(fields), places_(places) {}
    std::string_view operator[](Column column) const {
        return places_[column] ? fields_[*places_[column]] : std::string_view{};
    }

  private:
    const std::vector<std::string_view>& fields_;
    const csv::Places& places_;
};

std::string put_flags(const Row& row, KnownRecord& record) {
    constexpr std::pair<Column, RecordFlag> flags[] = {{distributed, RecordFlag::distributed},
                                                       {victim, RecordFlag::victim_identified},
                                                       {offender, RecordFlag::offender_identified}};
    for (const auto& [column, flag] : flags) {
        const Answer answer = answer_of(row[column]);
        if (answer == Answer::neither) return "a flag is neither yes nor no";
        if (answer == Answer::yes) record.flags.add(flag);
    }
    const Answer answer = answer_of(row[baseline]);
    if (answer == Answer::neither) return "Baseline is neither yes nor no";
    record.category = {"ICSE", answer == Answer::yes ? "baseline" : answer == Answer::no ? "not baseline" : ""};
    return {};
}

Result<KnownRecord> parse_record(const Row& row) {
    KnownRecord record;
    auto why = csv::put_digest(row[md5], Algorithm::md5, record);
    if (why.empty()) why = csv::put_digest(row[sha1], Algorithm::sha1, record);
    if (why.empty()) why = put_flags(row, record);
    if (why.empty() && record.digests.algorithms().empty()) why = "no digest";
    if (!why.empty()) return Failure{std::move(why)};
    record.label = trimmed(row[series]);
    if (!record.label.empty()) record.flags.add(RecordFlag::series);
    return record;
}

class Icse : public ListFormat {
  public:
    std::string_view name() const override { return "icse"; }
    std::string_view describes() const override { return "Interpol ICSE hash set (CSV)"; }
    bool recognises(ListSource& source) const override { return separator_of(source.head()) != '\0'; }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        const char separator = separator_of(source.head());
        csv::Reader reader(source.stream(), separator != '\0' ? separator : ';');
        csv::Places places;
        std::size_t columns = 0;
        csv::each_record(reader, sink, [&](std::uint64_t line, const std::vector<std::string_view>& fields) {
            if (places.empty()) {
                auto header = find_icse_columns(fields);
                if (!header) return sink.reject({line, header.why()});
                places = std::move(*header);
                columns = fields.size();
                return;
            }
            if (fields.size() != columns) return sink.reject({line, "not as many fields as the header has"});
            auto record = parse_record(Row(fields, places));
            if (!record) return sink.reject({line, record.why()});
            record->position = line;
            sink.record(std::move(*record));
        });
    }

  private:
    // A semicolon; a comma or tab where somebody saved the list anew. NUL: no list of this kind.
    static char separator_of(std::string_view head) {
        for (const char separator : {';', ',', '\t'}) {
            const auto first = csv::first_record(head, separator);
            if (first && find_icse_columns({first->begin(), first->end()})) return separator;
        }
        return '\0';
    }
};

}  // namespace

const ListFormat& icse_list() {
    static const Icse format;
    return format;
}

}  // namespace triage
