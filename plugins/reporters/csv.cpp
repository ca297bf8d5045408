// SPDX-License-Identifier: Apache-2.0
// The `csv` report for sheets: entries.csv (unless an option says no), findings.csv and problems.csv, by RFC 4180. The
// bytes of a name that a cell cannot show as they are stand beside it.
#include "engine/report/csv.h"

#include <fmt/format.h>

#include <optional>

#include "engine/base/text.h"
#include "engine/case/private_file.h"
#include "engine/report/redact.h"
#include "engine/report/reporter.h"

namespace triage {
namespace {

using Cells = std::vector<std::string>;

constexpr std::string_view entry_columns =
    "exhibit,evidence,volume,fs,path,address,stream,kind,state,placement,size,modified,accessed,changed,created,type,"
    "type_by_libmagic,status,reason,missing_bytes,md5,sha1,sha256,raw_name";
constexpr std::string_view finding_columns = ",extents,severity,rules,matches";
constexpr std::string_view problem_columns =
    "exhibit,evidence,volume,path,address,what,detail,first_sector,sectors,raw_path";

std::string number(std::uint64_t value) { return fmt::format("{}", value); }
template <class T>
std::string number_or_nothing(const std::optional<T>& value) {
    return value ? number(*value) : "";
}

std::string raw_name_of(const Entry& entry) {
    if (!changes_in_csv(entry.path) && !changes_in_csv(entry.stream)) return {};
    return to_base64(as_bytes(entry.stream.empty() ? entry.path : entry.path + ":" + entry.stream));
}

std::string algorithms_in_words(AlgorithmSet algorithms) {
    Cells words;
    for (const Algorithm algorithm : all_algorithms)
        if (algorithms.has(algorithm)) words.emplace_back(to_string(algorithm));
    return fmt::format("{}", fmt::join(words, "+"));
}

class CsvReporter : public Reporter {
  public:
    void begin(const ReportContext& context, const std::string& folder) override {
        context_ = &context;
        if (context.options.csv.entries) entries_.emplace(start(folder + "/entries.csv", std::string(entry_columns)));
        findings_.emplace(start(folder + "/findings.csv", fmt::format("{}{}", entry_columns, finding_columns)));
        problems_.emplace(start(folder + "/problems.csv", std::string(problem_columns)));
    }
    void append_entry(std::string& out, const EntryRecord& record) const override {
        if (entries_) append(out, cells_of(record));
    }
    void entries(std::string_view text) override {
        if (entries_) entries_->write(text);
    }
    void finding(const EntryRecord& record) override {
        Cells cells = cells_of(record);
        cells.push_back(extents_of(record));
        cells.emplace_back(to_string(record.finding ? record.finding->severity : Severity::info));
        cells.push_back(record.finding ? fmt::format("{}", fmt::join(record.finding->rules, " ")) : "");
        cells.push_back(matches_of(record));
        write(*findings_, std::move(cells));
    }
    void problem(const ProblemRecord& record) override {
        const EvidenceRecord& evidence = context_->evidence(record.evidence);
        const Problem& p = record.problem;
        write(*problems_, {evidence.exhibit, evidence.name, record.volume ? context_->volume(*record.volume).name : "",
                           p.path, number_or_nothing(p.address), std::string(to_string(p.kind)), p.detail,
                           number_or_nothing(p.first_sector), number_or_nothing(p.sectors),
                           changes_in_csv(p.path) ? to_base64(as_bytes(p.path)) : ""});
    }
    void end() override {
        if (entries_) entries_->sync();
        findings_->sync();
        problems_->sync();
    }

  private:
    bool is_copy() const { return context_->options.redact.any(); }

    PrivateFile start(const std::string& path, const std::string& columns) const {
        PrivateFile file = PrivateFile::create(path);
        file.write(columns + (is_copy() ? ",disclosure_copy_without\r\n" : "\r\n"));
        return file;
    }
    void append(std::string& out, Cells cells) const {
        if (is_copy()) cells.push_back(fmt::format("{}", fmt::join(words_of(context_->options.redact), " ")));
        out += csv_line(cells);
    }
    void write(PrivateFile& file, Cells cells) {
        std::string line;
        append(line, std::move(cells));
        file.write(line);
    }

    Cells cells_of(const EntryRecord& record) const {
        const Entry& e = record.entry;
        const Examined& x = record.examined;
        const VolumeRecord& volume = context_->volume(record.volume);
        const EvidenceRecord& evidence = context_->evidence(volume.evidence);
        return {evidence.exhibit,
                evidence.name,
                volume.name,
                volume.fs,
                e.path,
                number(e.address),
                e.stream,
                std::string(to_string(e.kind)),
                std::string(to_string(e.state)),
                std::string(e.placement == Placement::recorded ? "" : to_string(e.placement)),
                number(e.size),
                format_time(e.times.modified, volume.modified),
                format_time(e.times.accessed, volume.accessed),
                format_time(e.times.changed, volume.changed),
                format_time(e.times.created, volume.created),
                x.type,
                x.libmagic_type,
                std::string(to_string(x.status)),
                std::string(x.reason == Reason::none ? "" : to_string(x.reason)),
                number(x.missing_bytes),
                hex_of(x.digests, Algorithm::md5),
                hex_of(x.digests, Algorithm::sha1),
                hex_of(x.digests, Algorithm::sha256),
                raw_name_of(e)};
    }

    // "4096+512 9216+100": offsets on the media and lengths, in bytes; holes left out.
    static std::string extents_of(const EntryRecord& record) {
        Cells pieces;
        for (const Extent& extent : record.extents)
            if (extent.media_offset != Extent::hole)
                pieces.push_back(fmt::format("{}+{}", extent.media_offset, extent.length));
        return fmt::format("{}", fmt::join(pieces, " "));
    }

    std::string matches_of(const EntryRecord& record) const {
        Cells pieces;
        for (const Match& match : record.examined.matches) {
            std::string words = match.set < context_->lists.size() ? context_->lists[match.set].identity.name : "?";
            words += fmt::format(" record {}", match.record);
            if (!match.category.empty()) words += " category " + match.category;
            if (!match.label.empty()) words += " label " + match.label;
            words += " agrees " + algorithms_in_words(match.agrees);
            if (!match.differs.empty()) words += " differs " + algorithms_in_words(match.differs);
            pieces.push_back(std::move(words));
        }
        return fmt::format("{}", fmt::join(pieces, "; "));
    }

    const ReportContext* context_ = nullptr;
    std::optional<PrivateFile> entries_, findings_, problems_;
};

}  // namespace

const ReporterKind& csv_reporter() {
    static const ReporterKind kind{"csv", "tables for sheets (RFC 4180): entries, findings, problems",
                                   [] { return std::unique_ptr<Reporter>(new CsvReporter); }};
    return kind;
}

}  // namespace triage
