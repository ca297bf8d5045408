// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "engine/base/text.h"
#include "engine/case/store_impl.h"
#include "engine/case/store_schema.h"

namespace triage {
namespace {

// A log or journal beside the store means that sealing did not end; an immutable reader would not see its pages.
void check_is_whole(const std::string& path) {
    for (const char* suffix : {"-wal", "-journal"}) {
        struct stat beside {};
        if (::stat((path + suffix).c_str(), &beside) == 0 && beside.st_size > 0)
            throw Error(escape_for_terminal(path), "the scan that wrote it did not end", "resume the scan");
    }
}

// SQLite finds a missing end only when it reads there.
void check_size(const Database& database) {
    const auto pages = static_cast<std::uint64_t>(database.integer("PRAGMA page_count"));
    const auto page_size = static_cast<std::uint64_t>(database.integer("PRAGMA page_size"));
    std::error_code error;
    const std::uintmax_t size = std::filesystem::file_size(database.path(), error);
    if (error || size != pages * page_size)
        throw Error(escape_for_terminal(database.path()), "damaged: its length is not what its header says");
}

AlgorithmSet algorithms_at(const Statement& row, int column) {
    return AlgorithmSet::from_bits(static_cast<std::uint8_t>(row.integer(column)));
}
std::string text_at(const Statement& row, int column) { return std::string(row.text(column)); }
std::uint32_t number_at(const Statement& row, int column) { return static_cast<std::uint32_t>(row.integer(column)); }
std::optional<std::uint64_t> optional_at(const Statement& row, int column) {
    if (row.is_null(column)) return {};
    return row.unsigned_integer(column);
}

std::vector<std::string> warnings_of(const Database& database, std::uint32_t list) {
    std::vector<std::string> warnings;
    Statement row = database.prepare("SELECT text FROM list_warning WHERE list = ? ORDER BY position");
    for (row.bind(list); row.step();) warnings.push_back(text_at(row, 0));
    return warnings;
}

std::vector<Segment> segments_of(const Database& database, std::uint32_t evidence) {
    std::vector<Segment> segments;
    Statement row = database.prepare(
        "SELECT path, size, device, inode, modified, modified_ns FROM segment WHERE evidence = ? ORDER BY position");
    for (row.bind(evidence); row.step();)
        segments.push_back({text_at(row, 0), row.unsigned_integer(1), row.unsigned_integer(2), row.unsigned_integer(3),
                            row.integer(4), row.integer(5)});
    return segments;
}

// Of the table that holds the container's own, or the one of those that were computed.
std::vector<StoredDigest> digests_of(const Database& database, const char* table, std::uint32_t evidence) {
    std::vector<StoredDigest> digests;
    Statement row =
        database.prepare(std::string("SELECT algorithm, hex FROM ") + table + " WHERE evidence = ? ORDER BY position");
    for (row.bind(evidence); row.step();) digests.push_back({text_at(row, 0), text_at(row, 1)});
    return digests;
}

std::vector<HeaderValue> header_of(const Database& database, std::uint32_t evidence) {
    std::vector<HeaderValue> header;
    Statement row = database.prepare("SELECT name, value FROM header_value WHERE evidence = ? ORDER BY position");
    for (row.bind(evidence); row.step();) header.push_back({text_at(row, 0), text_at(row, 1)});
    return header;
}

std::optional<BlockDevice> device_of(const Database& database, std::uint32_t evidence) {
    Statement row = database.prepare(
        "SELECT name, size, model, serial, is_read_only, was_set_read_only, used_for FROM device WHERE evidence = ?");
    row.bind(evidence);
    if (!row.step()) return std::nullopt;
    return BlockDevice{text_at(row, 0),     row.unsigned_integer(1), text_at(row, 2), text_at(row, 3),
                       row.integer(4) != 0, row.integer(5) != 0,     text_at(row, 6)};
}

Problem problem_at(const std::string& path, const Statement& row) {
    Problem problem;
    problem.kind = decode_enum(path, row.integer(2), ProblemKind::aborted);
    problem.path = text_at(row, 3);
    problem.address = optional_at(row, 4);
    problem.detail = text_at(row, 5);
    problem.first_sector = optional_at(row, 6);
    problem.sectors = optional_at(row, 7);
    problem.hides_entries = row.integer(8) != 0;
    problem.is_lossless = row.integer(9) != 0;
    return problem;
}

MediaCheck media_check_of(const Database& database, std::uint32_t evidence) {
    MediaCheck check;
    Statement row = database.prepare("SELECT result, detail FROM media_check WHERE evidence = ?");
    row.bind(evidence);
    if (!row.step()) return check;
    check.result = decode_enum(database.path(), row.integer(0), MediaResult::computed);
    check.detail = text_at(row, 1);
    check.computed = digests_of(database, "media_digest", evidence);
    return check;
}

void check_is_sealed(bool is_sealed, const Database& database) {
    if (!is_sealed)
        throw Error(escape_for_terminal(database.path()), "the scan that wrote it did not end", "resume the scan");
}

void tell_whole(EntryCursor cursor, const Store::OnEntry& on_entry) {
    while (cursor.next()) {
        cursor.read_matches();
        cursor.read_extents();
        cursor.read_finding();
        on_entry(cursor.record());
    }
}

}  // namespace

bool Store::is_sealed_at(const std::string& path) {
    require_regular_files(path);
    std::error_code error;
    if (std::filesystem::exists(path + "-wal", error) || std::filesystem::exists(path + "-journal", error))
        return false;
    check_is_whole(path);
    const Database database(path, Database::Mode::immutable);
    check_is_store(database);
    return has_sealed_tables(database);
}

Store Store::open_read_only(const std::string& path) {
    require_regular_files(path);
    check_is_whole(path);
    try {
        auto impl = std::make_unique<Impl>(Database(path, Database::Mode::immutable));
        check_is_store(impl->database);
        check_size(impl->database);
        impl->database.execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA cache_size = -131072");
        impl->is_sealed = has_sealed_tables(impl->database);
        impl->is_read_only = true;
        check_is_sealed(impl->is_sealed, impl->database);
        return Store(std::move(impl));
    } catch (const SqliteError& error) {
        throw Error("cannot read the store", error.what());
    }
}

// There may be many of these: they leave caching to the system.
Store Store::another_reader() const {
    Store reader = open_read_only(impl_->database.path());
    reader.impl_->database.execute("PRAGMA cache_size = -8192");
    return reader;
}

RunRecord Store::run() const {
    RunRecord run;
    Statement row = impl_->database.prepare("SELECT * FROM run");
    if (!row.step()) return run;
    run.tool_version = text_at(row, 1);
    run.build_id = text_at(row, 2);
    run.libraries = text_at(row, 3);
    run.hash_engine = text_at(row, 4);
    run.command = text_at(row, 5);
    run.profile = text_at(row, 6);
    run.configuration_sha256 = text_at(row, 7);
    run.started_utc = text_at(row, 8);
    run.ended_utc = text_at(row, 9);
    run.host = text_at(row, 10);
    run.user = text_at(row, 11);
    run.threads = number_at(row, 12);
    run.algorithms = algorithms_at(row, 13);
    run.sandbox = text_at(row, 14);
    run.is_interrupted = row.integer(15) != 0;
    run.interruption = text_at(row, 16);
    run.resumed = number_at(row, 17);
    run.exclusions = text_at(row, 18);
    run.found_before = row.integer(19) != 0;
    run.forgets_names = row.integer(20) != 0;
    run.names_forgotten = row.integer(21) != 0;
    run.earlier_threads = text_at(row, 22);
    Statement step = impl_->database.prepare("SELECT text FROM next_step WHERE verdict = ?");
    for_each_next_step(run.next_steps, [&](std::string_view verdict, std::string& text) {
        step.bind(verdict);
        if (step.step()) text = text_at(step, 0);
        step.reset();
    });
    return run;
}

std::vector<ListRecord> Store::lists() const {
    std::vector<ListRecord> lists;
    Statement row = impl_->database.prepare("SELECT * FROM list ORDER BY id");
    while (row.step()) {
        ListRecord& list = lists.emplace_back();
        KnownSetIdentity& set = list.identity;
        set.name = text_at(row, 1);
        set.version = text_at(row, 2);
        set.format = text_at(row, 3);
        set.source_path = text_at(row, 4);
        set.source_sha256 = text_at(row, 5);
        set.polarity = decode_enum(impl_->database.path(), row.integer(6), Polarity::ignorable);
        set.algorithms = algorithms_at(row, 7);
        set.records_read = row.unsigned_integer(8);
        set.records_accepted = row.unsigned_integer(9);
        set.records_duplicate = row.unsigned_integer(10);
        set.records_rejected = row.unsigned_integer(11);
        set.records_trivial = row.unsigned_integer(12);
        list.warnings = warnings_of(impl_->database, number_at(row, 0));
    }
    return lists;
}

std::vector<RuleRecord> Store::rules() const {
    std::vector<RuleRecord> rules;
    Statement row = impl_->database.prepare("SELECT name, severity, tags, text FROM rule ORDER BY id");
    while (row.step())
        rules.push_back({text_at(row, 0), decode_enum(impl_->database.path(), row.integer(1), Severity::alert),
                         split_words(row.text(2)), text_at(row, 3)});
    return rules;
}

std::vector<EvidenceRecord> Store::evidences() const {
    std::vector<EvidenceRecord> evidences;
    Statement row = impl_->database.prepare("SELECT * FROM evidence ORDER BY id");
    while (row.step()) {
        EvidenceRecord& evidence = evidences.emplace_back();
        evidence.id = number_at(row, 0);
        evidence.name = text_at(row, 1);
        evidence.exhibit = text_at(row, 2);
        evidence.format = text_at(row, 3);
        evidence.description = text_at(row, 4);
        evidence.media_size = row.unsigned_integer(5);
        evidence.sector_size = number_at(row, 6);
        evidence.volume_system = text_at(row, 7);
        evidence.is_opened = row.integer(8) != 0;
        evidence.segments = segments_of(impl_->database, evidence.id);
        evidence.digests = digests_of(impl_->database, "stored_digest", evidence.id);
        evidence.check = media_check_of(impl_->database, evidence.id);
        evidence.header = header_of(impl_->database, evidence.id);
        evidence.device = device_of(impl_->database, evidence.id);
    }
    return evidences;
}

std::vector<VolumeRecord> Store::volumes() const { return impl_->read_volumes(); }

std::vector<VolumeRecord> Store::Impl::read_volumes() const {
    std::vector<VolumeRecord> volumes;
    Statement row = database.prepare("SELECT * FROM volume ORDER BY evidence, position, id");
    while (row.step()) {
        VolumeRecord& volume = volumes.emplace_back();
        volume.id = number_at(row, 0);
        volume.evidence = number_at(row, 1);
        volume.order = number_at(row, 2);
        volume.name = text_at(row, 3);
        volume.state = decode_enum(database.path(), row.integer(4), VolumeState::gap);
        volume.start = row.unsigned_integer(5);
        volume.length = row.unsigned_integer(6);
        volume.description = text_at(row, 7);
        volume.fs = text_at(row, 8);
        volume.label = text_at(row, 9);
        volume.modified = decode_form(row.integer(10));
        volume.accessed = decode_form(row.integer(11));
        volume.changed = decode_form(row.integer(12));
        volume.created = decode_form(row.integer(13));
        volume.counts = {row.unsigned_integer(14), row.unsigned_integer(15), row.unsigned_integer(16)};
        volume.held_bytes = row.unsigned_integer(17);
        volume.detail = text_at(row, 18);
    }
    return volumes;
}

std::uint64_t Store::entry_count() const {
    check_is_sealed(impl_->is_sealed, impl_->database);
    return static_cast<std::uint64_t>(impl_->database.integer("SELECT max(ordinal) FROM entry_order"));
}

void Store::for_each_entry(const OnEntry& on_entry) const { for_each_entry(0, EntryCursor::last_ordinal, on_entry); }

void Store::for_each_entry(std::uint64_t first, std::uint64_t count, const OnEntry& on_entry) const {
    check_is_sealed(impl_->is_sealed, impl_->database);
    const std::uint64_t last = checked_add(first, count).value_or(EntryCursor::last_ordinal);
    for (EntryCursor cursor(impl_->database, EntryCursor::Of::entries, first + 1, last); cursor.next();)
        on_entry(cursor.record());
}

void Store::for_each_whole_entry(std::uint64_t first, std::uint64_t count, const OnEntry& on_entry) const {
    check_is_sealed(impl_->is_sealed, impl_->database);
    const std::uint64_t last = checked_add(first, count).value_or(EntryCursor::last_ordinal);
    tell_whole(EntryCursor(impl_->database, EntryCursor::Of::whole_entries, first + 1, last), on_entry);
}

void Store::for_each_finding(const OnEntry& on_finding) const {
    check_is_sealed(impl_->is_sealed, impl_->database);
    tell_whole(EntryCursor(impl_->database, EntryCursor::Of::findings), on_finding);
}

// By where they are, not by when they were met: threads must not show.
void Store::for_each_problem(const std::function<void(const ProblemRecord&)>& on_problem) const {
    Statement row = impl_->database.prepare(
        "SELECT p.evidence, p.volume, p.kind, p.path, p.address, p.detail, p.first_sector, p.sectors, p.hides_entries, "
        "p.is_lossless"
        " FROM problem p LEFT JOIN volume v ON v.id = p.volume"
        " ORDER BY p.evidence, v.position, p.address < 0, p.address, p.path, p.kind, p.first_sector < 0,"
        " p.first_sector, p.sectors, p.detail, p.id");
    while (row.step()) {
        ProblemRecord record;
        record.evidence = number_at(row, 0);
        if (!row.is_null(1)) record.volume = number_at(row, 1);
        record.problem = problem_at(impl_->database.path(), row);
        on_problem(record);
    }
}

std::vector<LedgerRow> Store::ledger() const {
    check_is_sealed(impl_->is_sealed, impl_->database);
    std::vector<LedgerRow> rows;
    const std::string& path = impl_->database.path();
    Statement row = impl_->database.prepare("SELECT * FROM ledger ORDER BY 1, 2, 3, 4");
    while (row.step())
        rows.push_back({number_at(row, 0), decode_enum(path, row.integer(1), Status::unreadable),
                        decode_enum(path, row.integer(2), Reason::not_reached),
                        decode_enum(path, row.integer(3), EntryState::orphan), row.unsigned_integer(4),
                        row.unsigned_integer(5), row.unsigned_integer(6)});
    return rows;
}

std::vector<MatchCount> Store::match_counts() const {
    check_is_sealed(impl_->is_sealed, impl_->database);
    std::vector<MatchCount> counts;
    Statement row = impl_->database.prepare("SELECT * FROM match_count ORDER BY 1, 2, 3, 4, 5, 6");
    while (row.step())
        counts.push_back({number_at(row, 0), number_at(row, 1), text_at(row, 2), row.integer(3) != 0,
                          algorithms_at(row, 4), algorithms_at(row, 5), row.unsigned_integer(6)});
    return counts;
}

bool Store::has_notable_match() const {
    Statement row = impl_->database.prepare(
        "SELECT EXISTS (SELECT 1 FROM match JOIN list ON list.id = match.list WHERE list.polarity = ?)");
    row.bind(static_cast<int>(Polarity::notable));
    return row.step() && row.integer(0) != 0;
}

std::vector<FindingCount> Store::finding_counts() const {
    check_is_sealed(impl_->is_sealed, impl_->database);
    std::vector<FindingCount> counts;
    Statement row = impl_->database.prepare("SELECT * FROM finding_count ORDER BY 1, 2");
    while (row.step())
        counts.push_back({number_at(row, 0), decode_enum(impl_->database.path(), row.integer(1), Severity::alert),
                          row.unsigned_integer(2)});
    return counts;
}

std::vector<UnopenedCount> Store::unopened_counts() const {
    check_is_sealed(impl_->is_sealed, impl_->database);
    std::vector<UnopenedCount> counts;
    Statement row = impl_->database.prepare("SELECT * FROM unopened_count ORDER BY 1, 2");
    while (row.step())
        counts.push_back({number_at(row, 0), text_at(row, 1), row.unsigned_integer(2), row.unsigned_integer(3)});
    return counts;
}

std::uint64_t Store::next_walk_order() const {
    Statement row = impl_->database.prepare("SELECT max(walk_order) + 1 FROM entry");
    return row.step() ? row.unsigned_integer(0) : 0;
}

}  // namespace triage
