// SPDX-License-Identifier: Apache-2.0
#include "engine/case/store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cassert>
#include <filesystem>

#include "engine/base/text.h"
#include "engine/case/private_file.h"
#include "engine/case/store_impl.h"
#include "engine/case/store_schema.h"

namespace triage {
namespace {

using namespace std::chrono_literals;
constexpr auto commit_interval = 1s;
constexpr std::uint64_t commit_bytes = 64 << 20;

int number_of(auto enumerator) { return static_cast<int>(enumerator); }

std::string folder_of(const std::string& path) {
    return std::filesystem::absolute(std::filesystem::path(path)).parent_path().string();
}

// What fails before evidence was opened is an error of the environment: exit 2.
template <class Open>
Store before_the_scan(const std::string& path, Open open) {
    try {
        return open();
    } catch (const SqliteError& error) {
        throw Error("cannot open the store of " + escape_for_terminal(folder_of(path)), error.what(), error.advice());
    }
}

std::optional<ByteView> view_of(const std::optional<Digest>& digest) {
    if (!digest) return {};
    return digest->view();
}

// Of what was not hashed, a type that is known to be none differs from one that is not known.
std::optional<std::string_view> stored_type(const Examined& examined) {
    if (examined.type.empty() && !examined.is_typed) return {};
    return examined.type;
}

std::optional<std::int64_t> seconds_of(const std::optional<Timestamp>& time) {
    if (!time) return {};
    return time->seconds;
}
std::optional<std::uint32_t> nanoseconds_of(const std::optional<Timestamp>& time) {
    if (!time) return {};
    return time->nanoseconds;
}

}  // namespace

void require_regular_files(const std::string& path) {
    for (const char* suffix : {"", "-wal", "-journal"}) {
        struct stat found {};
        if (::lstat((path + suffix).c_str(), &found) == 0 && !S_ISREG(found.st_mode))
            throw Error(escape_for_terminal(path + suffix), "it is not a regular file");
    }
}

// SQLite numbers the rows: it knows that such a row goes to the end, where a given number would be searched for.
InsertStatements::InsertStatements(const Database& database)
    : content(database.prepare("INSERT INTO content VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?)")),
      match(database.prepare("INSERT INTO match VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)")),
      entry(database.prepare("INSERT INTO entry VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")),
      problem(database.prepare("INSERT INTO problem VALUES (NULL,?,?,?,?,?,?,?,?,?,?)")),
      entropy(database.prepare("INSERT INTO entropy VALUES (?,?)")),
      owner(database.prepare("INSERT INTO owner VALUES (?,?)")),
      libmagic(database.prepare("INSERT INTO libmagic_type VALUES (?,?)")) {}

// A rollback journal with synchronous=FULL: a committed second survives a power cut. The journal holds the few old
// pages that a commit changes; nearly all pages of a scan are new, and those are written once, into the file. A
// write-ahead log writes each twice and reads it between. The exclusive lock, taken at once, keeps a second process
// out. Pages of 16 KiB instead of 4 spare a tenth of the time of an insert. Debian builds SQLite with secure_delete; a
// case has nothing to hide.
void Store::Impl::begin_writing() {
    database.execute(
        "PRAGMA page_size = 16384; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = PERSIST;"
        "PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; PRAGMA secure_delete = OFF;"
        "PRAGMA trusted_schema = OFF; BEGIN EXCLUSIVE; COMMIT");
}

void Store::Impl::throw_if_failed() const {
    assert(!is_read_only);
    if (has_failed)
        throw Error(escape_for_terminal(database.path()), "an earlier write failed", "resume the scan",
                    ErrorKind::interrupted);
}

void Store::Impl::begin_transaction() {
    if (database.is_in_transaction()) return;
    database.execute("BEGIN IMMEDIATE");
    pending_bytes = 0;
    transaction_start = std::chrono::steady_clock::now();
    if (!inserts) inserts.emplace(database);
}

void Store::Impl::commit() {
    guard([&] {
        if (database.is_in_transaction()) database.execute("COMMIT");
    });
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

Store Store::create(const std::string& path) {
    PrivateFile::create(path);
    sync_folder(folder_of(path));
    Database::set_temp_folder(folder_of(path));
    return before_the_scan(path, [&] {
        auto impl = std::make_unique<Impl>(Database(path, Database::Mode::read_write));
        impl->begin_writing();
        create_tables(impl->database);
        return Store(std::move(impl));
    });
}

Store Store::open_for_resume(const std::string& path) {
    require_regular_files(path);
    Database::set_temp_folder(folder_of(path));
    return before_the_scan(path, [&] {
        auto impl = std::make_unique<Impl>(Database(path, Database::Mode::read_write));
        impl->database.distrust_schema();
        check_is_store(impl->database);
        impl->begin_writing();
        impl->database.execute(drop_sealed);
        impl->has_shared_contents = true;
        return Store(std::move(impl));
    });
}

bool Store::holds_evidence_at(const std::string& path) {
    require_regular_files(path);
    Database database(path, Database::Mode::read_write);
    database.distrust_schema();
    if (is_without_tables(database)) return false;
    check_is_store(database);
    return database.integer("SELECT count(*) FROM evidence") > 0;
}

void Store::put_run(const RunRecord& run) {
    impl_->write_row(1024, [&] {
        impl_->database.prepare("INSERT OR REPLACE INTO run VALUES (1,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
            .run(run.tool_version, run.build_id, run.libraries, run.hash_engine, run.command, run.profile,
                 run.configuration_sha256, run.started_utc, run.ended_utc, run.host, run.user, run.threads,
                 number_of(run.algorithms.bits()), run.sandbox, run.is_interrupted, run.interruption, run.resumed,
                 run.exclusions, run.found_before, run.forgets_names, run.names_forgotten, run.earlier_threads);
        Statement step = impl_->database.prepare("INSERT OR REPLACE INTO next_step VALUES (?,?)");
        for_each_next_step(run.next_steps,
                           [&](std::string_view verdict, const std::string& text) { step.run(verdict, text); });
    });
}

void Store::put_list(std::uint32_t index, const ListRecord& list) {
    const KnownSetIdentity& set = list.identity;
    impl_->write_row(1024, [&] {
        impl_->database.prepare("INSERT OR REPLACE INTO list VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)")
            .run(index, set.name, set.version, set.format, set.source_path, set.source_sha256, number_of(set.polarity),
                 number_of(set.algorithms.bits()), set.records_read, set.records_accepted, set.records_duplicate,
                 set.records_rejected, set.records_trivial);
        impl_->database.prepare("DELETE FROM list_warning WHERE list = ?").run(index);
        Statement warning = impl_->database.prepare("INSERT INTO list_warning VALUES (?,?,?)");
        for (std::size_t i = 0; i < list.warnings.size(); ++i) warning.run(index, i, list.warnings[i]);
    });
}

void Store::put_rules(const Rules& rules) {
    impl_->write_row(1024 * rules.size(), [&] {
        impl_->database.execute("DELETE FROM rule");
        Statement insert = impl_->database.prepare("INSERT INTO rule VALUES (NULL,?,?,?,?)");
        for (const Rule& rule : rules)
            if (rule.severity)
                insert.run(rule.name, number_of(*rule.severity), fmt::format("{}", fmt::join(rule.tags, " ")),
                           rule.text);
    });
}

void Store::put_evidence(const EvidenceRecord& evidence) {
    const Database& database = impl_->database;
    impl_->write_row(1024, [&] {
        database.prepare("INSERT OR REPLACE INTO evidence VALUES (?,?,?,?,?,?,?,?,?)")
            .run(evidence.id, evidence.name, evidence.exhibit, evidence.format, evidence.description,
                 evidence.media_size, evidence.sector_size, evidence.volume_system, evidence.is_opened);
        for (const char* table : {"segment", "stored_digest", "header_value", "device"})
            database.prepare(std::string("DELETE FROM ") + table + " WHERE evidence = ?").run(evidence.id);
        Statement segment = database.prepare("INSERT INTO segment VALUES (?,?,?,?,?,?,?,?)");
        for (std::size_t i = 0; i < evidence.segments.size(); ++i) {
            const Segment& s = evidence.segments[i];
            segment.run(evidence.id, i, s.path, s.size, s.device, s.inode, s.modified, s.modified_ns);
        }
        Statement digest = database.prepare("INSERT INTO stored_digest VALUES (?,?,?,?)");
        for (std::size_t i = 0; i < evidence.digests.size(); ++i)
            digest.run(evidence.id, i, evidence.digests[i].algorithm, evidence.digests[i].hex);
        Statement header = database.prepare("INSERT INTO header_value VALUES (?,?,?,?)");
        for (std::size_t i = 0; i < evidence.header.size(); ++i)
            header.run(evidence.id, i, evidence.header[i].name, as_bytes(evidence.header[i].value));
        if (!evidence.device) return;
        const BlockDevice& d = *evidence.device;
        database.prepare("INSERT INTO device VALUES (?,?,?,?,?,?,?,?)")
            .run(evidence.id, d.name, d.size, as_bytes(d.model), as_bytes(d.serial), d.is_read_only,
                 d.was_set_read_only, d.use);
    });
}

void Store::put_media_check(std::uint32_t evidence, const MediaCheck& check) {
    impl_->write_row(512, [&] {
        impl_->database.prepare("DELETE FROM media_check WHERE evidence = ?").run(evidence);
        impl_->database.prepare("DELETE FROM media_digest WHERE evidence = ?").run(evidence);
        impl_->database.prepare("INSERT INTO media_check VALUES (?,?,?)")
            .run(evidence, number_of(check.result), check.detail);
        Statement digest = impl_->database.prepare("INSERT INTO media_digest VALUES (?,?,?,?)");
        for (std::size_t i = 0; i < check.computed.size(); ++i)
            digest.run(evidence, i, check.computed[i].algorithm, check.computed[i].hex);
    });
}

void Store::put_volume(const VolumeRecord& volume) {
    impl_->write_row(512, [&] {
        impl_->database.prepare("INSERT OR REPLACE INTO volume VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
            .run(volume.id, volume.evidence, volume.order, volume.name, number_of(volume.state), volume.start,
                 volume.length, as_bytes(volume.description), volume.fs, as_bytes(volume.label),
                 encode_form(volume.modified), encode_form(volume.accessed), encode_form(volume.changed),
                 encode_form(volume.created), volume.counts.directories, volume.counts.links, volume.counts.others,
                 volume.held_bytes, volume.detail);
    });
}

void Store::put_problem(const ProblemRecord& record) {
    const Problem& problem = record.problem;
    impl_->write_row(100 + problem.path.size() + problem.detail.size(), [&] {
        impl_->inserts->problem.run(record.evidence, record.volume, number_of(problem.kind), as_bytes(problem.path),
                                    problem.address, problem.detail, problem.first_sector, problem.sectors,
                                    problem.hides_entries, problem.is_lossless);
    });
}

std::uint64_t Store::put_content(std::uint32_t volume, const Entry& entry, const Examined& examined) {
    assert(!impl_->is_sealed);
    std::uint64_t id = 0;
    const Digests& digests = examined.digests;
    const Bytes extents = encode_extents(entry.extents);
    impl_->write_row(150 + extents.size() + 80 * examined.matches.size(), [&] {
        impl_->inserts->content.run(volume, entry.address, entry.attribute, number_of(examined.status),
                                    number_of(examined.reason), examined.missing_bytes, view_of(digests.md5),
                                    view_of(digests.sha1), view_of(digests.sha256), ByteView(extents),
                                    examined.matches.size(), stored_type(examined));
        id = impl_->database.last_row_id();
        if (examined.entropy) impl_->inserts->entropy.run(id, *examined.entropy);
        if (!examined.libmagic_type.empty()) impl_->inserts->libmagic.run(id, examined.libmagic_type);
        for (std::size_t i = 0; i < examined.matches.size(); ++i) {
            const Match& match = examined.matches[i];
            impl_->inserts->match.run(id, i, match.set, match.source, match.record, match.category_set, match.category,
                                      match.alerts, number_of(match.flags.bits()), as_bytes(match.label),
                                      number_of(match.agrees.bits()), number_of(match.differs.bits()),
                                      match.size_agrees);
        }
    });
    return id;
}

void Store::put_entry(const EntryRecord& record, std::optional<std::uint64_t> content) {
    assert(!impl_->is_sealed);
    const Entry& e = record.entry;
    const Times& t = e.times;
    impl_->write_row(100 + e.path.size() + e.stream.size(), [&] {
        impl_->inserts->entry.run(record.walk_order, record.volume, e.address, e.attribute, as_bytes(e.path),
                                  as_bytes(e.stream), number_of(e.kind), number_of(e.state), number_of(e.placement),
                                  e.size, e.is_metadata, number_of(e.source), number_of(e.reason),
                                  seconds_of(t.modified), nanoseconds_of(t.modified), seconds_of(t.accessed),
                                  nanoseconds_of(t.accessed), seconds_of(t.changed), nanoseconds_of(t.changed),
                                  seconds_of(t.created), nanoseconds_of(t.created), content);
        const std::uint64_t id = impl_->database.last_row_id();
        if (!e.owner.empty()) impl_->inserts->owner.run(id, e.owner);
        if (!content) impl_->has_shared_contents = true;
        else if (impl_->judging) impl_->judging->add(id, record);
    });
}

void Store::commit_if_due() {
    impl_->throw_if_failed();
    if (!impl_->database.is_in_transaction()) return;
    const auto age = std::chrono::steady_clock::now() - impl_->transaction_start;
    if (age >= commit_interval || impl_->pending_bytes >= commit_bytes) commit();
}

void Store::commit() { impl_->commit(); }

void Store::forget_volume(std::uint32_t volume) {
    assert(!impl_->is_sealed);
    Database& database = impl_->database;
    impl_->judging.reset();  // what was counted is no longer so
    impl_->write_row(0, [&] {
        database.execute("DROP TABLE IF EXISTS temp.judged");
        for (const char* table : {"match", "entropy", "libmagic_type"})
            database
                .prepare(std::string("DELETE FROM ") + table +
                         " WHERE content IN (SELECT id FROM content WHERE volume = ?)")
                .run(volume);
        database.prepare("DELETE FROM owner WHERE entry IN (SELECT id FROM entry WHERE volume = ?)").run(volume);
        for (const char* table : {"content", "entry", "problem"})
            database.prepare(std::string("DELETE FROM ") + table + " WHERE volume = ?").run(volume);
        database
            .prepare(
                "UPDATE volume SET state = ?, directories = 0, links = 0, others = 0, held_bytes = 0, detail = '' "
                "WHERE id = ?")
            .run(number_of(VolumeState::pending), volume);
    });
}

void Store::forget_unknown_volumes() {
    assert(!impl_->is_sealed);
    impl_->write_row(0, [&] {
        impl_->database.execute(
            "DELETE FROM match WHERE content IN (SELECT id FROM content WHERE volume NOT IN (SELECT id FROM volume));"
            "DELETE FROM entropy WHERE content IN (SELECT id FROM content WHERE volume NOT IN (SELECT id FROM volume));"
            "DELETE FROM libmagic_type"
            " WHERE content IN (SELECT id FROM content WHERE volume NOT IN (SELECT id FROM volume));"
            "DELETE FROM owner WHERE entry IN (SELECT id FROM entry WHERE volume NOT IN (SELECT id FROM volume));"
            "DELETE FROM content WHERE volume NOT IN (SELECT id FROM volume);"
            "DELETE FROM entry WHERE volume NOT IN (SELECT id FROM volume);"
            "DELETE FROM problem WHERE volume IS NOT NULL AND volume NOT IN (SELECT id FROM volume)");
    });
}

void Store::forget_problems_of_evidence(const char* lasting) {
    assert(!impl_->is_sealed);
    impl_->write_row(0, [&] {
        impl_->database.prepare("DELETE FROM problem WHERE volume IS NULL AND detail NOT GLOB ?").run(lasting);
    });
}

bool Store::is_sealed() const { return impl_->is_sealed; }

}  // namespace triage
