// SPDX-License-Identifier: Apache-2.0
// The `sqlite` report: report.sqlite, a database for questions, joinable with the one that tsk_loaddb makes. The rows
// of an entry are made on any thread and inserted on one. Everything happens in one transaction and in one order, so
// the same rows make the same file. The schema is in plugins/reporters/sqlite/schema.cpp.
#include <fmt/format.h>

#include <optional>
#include <unordered_map>

#include "engine/base/sqlite.h"
#include "engine/base/text.h"
#include "engine/case/private_file.h"
#include "engine/report/redact.h"
#include "engine/report/reporter.h"
#include "engine/report/summary.h"
#include "plugins/reporters/sqlite/rows.h"
#include "plugins/reporters/sqlite/schema.h"

namespace triage {
namespace {

using sqlite_report::RowReader;
using sqlite_report::RowWriter;

constexpr char entry_row = 'E', finding_row = 'F', extent_row = 'X', match_row = 'M';  // see RowWriter::begin

// Hostile text as a reader can show it. Where it is changed, the backslash is escaped too: the bytes can be had back.
std::string shown(std::string_view bytes) {
    return needs_raw_name(bytes) ? escape_for_terminal(bytes) : std::string(bytes);
}
std::optional<std::string> shown_or_null(std::string_view bytes) {
    if (bytes.empty()) return {};
    return shown(bytes);
}
std::optional<ByteView> raw_or_null(std::string_view bytes) {
    if (!needs_raw_name(bytes)) return {};
    return as_bytes(bytes);
}

std::string in_words(AlgorithmSet algorithms) {
    std::vector<std::string_view> words;
    for (const Algorithm algorithm : all_algorithms)
        if (algorithms.has(algorithm)) words.push_back(to_string(algorithm));
    return fmt::format("{}", fmt::join(words, " "));
}

std::string in_words(RecordFlags flags) {
    std::vector<std::string_view> words;
    for (const auto& [flag, word] : record_flag_words)
        if (flags.has(flag)) words.push_back(word);
    return fmt::format("{}", fmt::join(words, " "));
}

void text_or_null(RowWriter& row, std::string_view text) { text.empty() ? row.null() : row.text(text); }

// The name's text, and its bytes where the text is escaped: in two columns, which need not be neighbours.
void name_or_null(RowWriter& row, std::string_view name) {
    if (name.empty()) row.null();
    else if (needs_raw_name(name)) row.text(escape_for_terminal(name));
    else row.text(name);
}
void raw_name_or_null(RowWriter& row, std::string_view name) { needs_raw_name(name) ? row.blob(name) : row.null(); }

void digest_or_null(RowWriter& row, const std::optional<Digest>& digest) {
    digest ? row.text(digest->hex()) : row.null();
}

void seconds_or_null(RowWriter& row, const std::optional<Timestamp>& time) {
    time ? row.integer(static_cast<std::uint64_t>(time->seconds)) : row.null();
}

void append_times(RowWriter& row, const Times& times, const VolumeRecord& volume) {
    text_or_null(row, format_time(times.modified, volume.modified));
    text_or_null(row, format_time(times.accessed, volume.accessed));
    text_or_null(row, format_time(times.changed, volume.changed));
    text_or_null(row, format_time(times.created, volume.created));
    for (const auto* time : {&times.modified, &times.accessed, &times.changed, &times.created})
        seconds_or_null(row, *time);
}

void append_entry_row(RowWriter& row, const EntryRecord& record, std::uint64_t volume_id, const VolumeRecord& volume) {
    const Entry& entry = record.entry;
    const Examined& examined = record.examined;
    row.begin(entry_row);
    row.null();  // SQLite numbers them
    row.integer(volume_id);
    row.integer(entry.address);
    entry.attribute == 0 ? row.null() : row.integer(entry.attribute >> 16);
    entry.attribute == 0 ? row.null() : row.integer(entry.attribute & 0xFFFF);
    name_or_null(row, entry.path);
    name_or_null(row, entry.stream);
    row.text(to_string(entry.kind));
    row.text(to_string(entry.state));
    text_or_null(row, entry.placement == Placement::recorded ? "" : to_string(entry.placement));
    row.integer(entry.size);
    append_times(row, entry.times, volume);
    text_or_null(row, examined.type);
    row.text(to_string(examined.status));
    text_or_null(row, examined.reason == Reason::none ? "" : to_string(examined.reason));
    row.integer(examined.missing_bytes);
    for (const Algorithm algorithm : {Algorithm::md5, Algorithm::sha1, Algorithm::sha256})
        digest_or_null(row, examined.digests.get(algorithm));
    raw_name_or_null(row, entry.path);
    raw_name_or_null(row, entry.stream);
    row.end();
}

void append_finding_rows(RowWriter& row, const EntryRecord& record) {
    if (!record.finding) return;
    row.begin(finding_row);
    row.owner();
    row.text(to_string(record.finding->severity));
    row.text(fmt::format("{}", fmt::join(record.finding->rules, " ")));
    row.end();
    for (std::size_t i = 0; i < record.extents.size(); ++i) {
        const Extent& extent = record.extents[i];
        row.begin(extent_row);
        row.owner();
        row.integer(i);
        extent.media_offset == Extent::hole ? row.null() : row.integer(extent.media_offset);
        row.integer(extent.length);
        row.end();
    }
}

void append_match_row(RowWriter& row, const Match& match, std::size_t position, std::size_t lists) {
    row.begin(match_row);
    row.owner();
    row.integer(position);
    match.set < lists ? row.integer(std::uint64_t{match.set} + 1) : row.null();
    row.integer(match.record);
    name_or_null(row, match.category);
    name_or_null(row, match.category_set);
    name_or_null(row, match.label);
    text_or_null(row, in_words(match.flags));
    row.text(in_words(match.agrees));
    text_or_null(row, in_words(match.differs));
    match.size_agrees ? row.integer(*match.size_agrees ? 1 : 0) : row.null();
    match.source > 0 ? row.integer(match.source) : row.null();
    raw_name_or_null(row, match.label);
    row.end();
}

std::string values(int count) {
    std::string marks = "VALUES (?";
    for (int i = 1; i < count; ++i) marks += ",?";
    return marks + ")";
}

// The file being written. No journal: what is not finished is a report that failed. The cache is small; SQLite sorts
// beside the file, in the case.
class Writer {
  public:
    Writer(const std::string& path, const std::string& folder) : database_(path, Database::Mode::read_write) {
        Database::set_temp_folder(folder);
        database_.execute(
            "PRAGMA page_size = 4096; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF;"
            "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384; PRAGMA temp_store = FILE;"
            "PRAGMA foreign_keys = OFF; BEGIN EXCLUSIVE");
        database_.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}",
                                      sqlite_report::application_id, sqlite_report::version));
        database_.execute(sqlite_report::tables);
        entry_ = database_.prepare("INSERT INTO entry " + values(28));
        finding_ = database_.prepare("INSERT INTO finding " + values(3));
        extent_ = database_.prepare("INSERT INTO extent " + values(4));
        match_ = database_.prepare("INSERT INTO match " + values(13));
    }

    template <class... Values>
    void insert(std::string_view table, const Values&... row) {
        database_.prepare(fmt::format("INSERT INTO {} {}", table, values(sizeof...(row)))).run(row...);
    }
    void insert_rows(std::string_view bytes) {
        for (RowReader rows(bytes); !rows.is_at_end();) {
            const char table = rows.begin();
            if (table == entry_row) ++entries_;
            rows.insert(statement_of(table), entries_);
        }
    }
    void finish() {
        database_.execute(sqlite_report::views_and_indexes);
        database_.execute("COMMIT");
    }

  private:
    Statement& statement_of(char table) {
        return table == entry_row ? entry_ : table == finding_row ? finding_ : table == extent_row ? extent_ : match_;
    }

    Database database_;
    Statement entry_, finding_, extent_, match_;
    std::uint64_t entries_ = 0;  // so many are inserted: SQLite numbers them so
};

class SqliteReporter : public Reporter {
  public:
    bool wants_whole_entries() const override { return true; }

    void begin(const ReportContext& context, const std::string& folder) override {
        context_ = &context;
        for (std::size_t i = 0; i < context.volumes.size(); ++i) volume_ids_[context.volumes[i].id] = i + 1;
        const std::string path = folder + "/report.sqlite";
        PrivateFile::create(path);  // SQLite would follow a link, and take what is there
        writer_.emplace(path, folder);
        insert_report();
        insert_run();
        insert_case_info();
        for (const std::string& sentence : context.incompleteness) insert_remark("incomplete", sentence);
        for (const std::string& sentence : cautions(context)) insert_remark("caution", sentence);
        for (const ListRecord& list : context.lists) insert_list(list.identity);
        for (const RuleRecord& rule : context.rules)
            writer_->insert("rule", std::nullopt, rule.name, to_string(rule.severity),
                            fmt::format("{}", fmt::join(rule.tags, " ")), rule.text);
    }

    void evidence(const EvidenceRecord& record) override {
        insert_evidence(record);
        const std::uint64_t id = record.id + std::uint64_t{1};
        for (std::size_t i = 0; i < record.segments.size(); ++i) {
            const Segment& segment = record.segments[i];
            writer_->insert("segment", id, i, shown(segment.path.substr(segment.path.rfind('/') + 1)), segment.size);
        }
        insert_digests(id, "stored", record.digests);
        insert_digests(id, "computed", record.check.computed);
        for (std::size_t i = 0; i < record.header.size(); ++i)
            writer_->insert("acquisition", id, i, shown(record.header[i].name), shown(record.header[i].value));
        for (const UnopenedCount& count : context_->unopened_counts)
            if (count.evidence == record.id)
                writer_->insert("not_looked_into", id, count.what, count.entries, count.bytes);
    }

    void volume(const VolumeRecord& record) override {
        writer_->insert("volume", volume_ids_.at(record.id), record.evidence + std::uint64_t{1}, record.name,
                        to_string(record.state), record.start, record.length, shown_or_null(record.fs),
                        shown_or_null(record.label), shown_or_null(record.description), record.counts.directories,
                        record.counts.links, record.counts.others, shown_or_null(record.detail));
    }

    void append_entry(std::string& out, const EntryRecord& record) const override {
        RowWriter row(out);
        append_entry_row(row, record, volume_ids_.at(record.volume), context_->volume(record.volume));
        append_finding_rows(row, record);
        const std::vector<Match>& matches = record.examined.matches;
        for (std::size_t i = 0; i < matches.size(); ++i) append_match_row(row, matches[i], i, context_->lists.size());
    }
    void entries(std::string_view rows) override { writer_->insert_rows(rows); }

    void problem(const ProblemRecord& record) override {
        const Problem& problem = record.problem;
        std::optional<std::uint64_t> volume_id;
        if (record.volume) volume_id = volume_ids_.at(*record.volume);
        writer_->insert("problem", std::nullopt, record.evidence + std::uint64_t{1}, volume_id,
                        shown_or_null(problem.path), problem.address, to_string(problem.kind),
                        shown_or_null(problem.detail), problem.first_sector, problem.sectors,
                        raw_or_null(problem.path));
    }

    void end() override { writer_->finish(); }

  private:
    void insert_report() {
        const Verdict& verdict = context_->verdict;
        const RunRecord& run = context_->run;
        writer_->insert("report", 1, verdict.words(), verdict.is_complete, verdict.is_compared, verdict.exit_code(),
                        run.profile, in_words(run.algorithms), shown_or_null(run.exclusions),
                        shown_or_null(disclosure_sentence(context_->options.redact)));
    }
    void insert_run() {
        const RunRecord& run = context_->run;
        writer_->insert("run", 1, run.tool_version, run.build_id, run.libraries, run.hash_engine, shown(run.command),
                        run.configuration_sha256, run.started_utc, run.ended_utc, shown(run.host), shown(run.user),
                        run.threads, shown_or_null(run.earlier_threads), run.sandbox, run.is_interrupted,
                        shown_or_null(run.interruption), run.resumed, shown_or_null(context_->seal),
                        shown_or_null(context_->run_facts));
    }
    void insert_remark(std::string_view what, const std::string& sentence) {
        writer_->insert("remark", std::nullopt, what, shown(sentence));
    }
    void insert_list(const KnownSetIdentity& set) {
        writer_->insert("list", std::nullopt, shown(set.name), shown_or_null(set.version), set.format,
                        to_string(set.polarity), set.source_sha256, in_words(set.algorithms), set.records_read,
                        set.records_accepted, set.records_duplicate, set.records_rejected, set.records_trivial);
    }
    void insert_evidence(const EvidenceRecord& record) {
        const bool is_device = record.device.has_value();
        const BlockDevice device = record.device.value_or(BlockDevice{});
        std::optional<bool> is_read_only;
        if (is_device) is_read_only = device.is_read_only;
        writer_->insert("evidence", record.id + std::uint64_t{1}, shown_or_null(record.exhibit), shown(record.name),
                        record.format, shown_or_null(record.description), record.media_size, record.sector_size,
                        shown_or_null(record.volume_system), record.is_opened, to_string(record.check.result),
                        shown_or_null(record.check.detail), shown_or_null(device.name), shown_or_null(device.model),
                        shown_or_null(device.serial), is_read_only, shown_or_null(device.use));
    }
    void insert_digests(std::uint64_t id, std::string_view origin, const std::vector<StoredDigest>& digests) {
        for (std::size_t i = 0; i < digests.size(); ++i)
            writer_->insert("evidence_digest", id, origin, i, shown(digests[i].algorithm), shown(digests[i].hex));
    }
    void insert_case_info() {
        for (const CaseInfoValue& value : context_->case_info) {
            std::optional<std::uint64_t> id;
            if (value.evidence) id = *value.evidence + std::uint64_t{1};
            writer_->insert("case_info", std::nullopt, id, shown(value.key), shown(value.value));
        }
    }

    const ReportContext* context_ = nullptr;
    std::unordered_map<std::uint32_t, std::uint64_t> volume_ids_;  // by row of the store
    std::optional<Writer> writer_;
};

}  // namespace

const ReporterKind& sqlite_reporter() {
    static const ReporterKind kind{"sqlite", "report.sqlite: a database for questions, joins with tsk_loaddb's",
                                   [] { return std::unique_ptr<Reporter>(new SqliteReporter); }};
    return kind;
}

}  // namespace triage
