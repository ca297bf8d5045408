// SPDX-License-Identifier: Apache-2.0
#include "engine/case/store_schema.h"

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/case/records.h"

namespace triage {

// Bytes from evidence are BLOB, compared with memcmp; words are TEXT. Unsigned 64-bit values are stored as two's
// complement. No secondary index: see store.h.
const char* const store_schema = R"sql(
CREATE TABLE code (kind TEXT NOT NULL, number INTEGER NOT NULL, word TEXT NOT NULL, PRIMARY KEY (kind, number))
    STRICT, WITHOUT ROWID;
CREATE TABLE run (id INTEGER PRIMARY KEY CHECK (id = 1), tool_version TEXT NOT NULL, build_id TEXT NOT NULL,
    libraries TEXT NOT NULL, hash_engine TEXT NOT NULL, command TEXT NOT NULL, profile TEXT NOT NULL, configuration_sha256 TEXT NOT NULL,
    started_utc TEXT NOT NULL, ended_utc TEXT NOT NULL, host TEXT NOT NULL, user TEXT NOT NULL,
    threads INTEGER NOT NULL, algorithms INTEGER NOT NULL, sandbox TEXT NOT NULL, is_interrupted INTEGER NOT NULL,
    interruption TEXT NOT NULL, resumed INTEGER NOT NULL, exclusions TEXT NOT NULL, found_before INTEGER NOT NULL,
    forgets_names INTEGER NOT NULL, names_forgotten INTEGER NOT NULL, earlier_threads TEXT NOT NULL) STRICT;
CREATE TABLE case_info (position INTEGER PRIMARY KEY, evidence INTEGER, key TEXT NOT NULL, value TEXT NOT NULL) STRICT;
CREATE TABLE next_step (verdict TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE list (id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, format TEXT NOT NULL,
    source_path TEXT NOT NULL, source_sha256 TEXT NOT NULL, polarity INTEGER NOT NULL, algorithms INTEGER NOT NULL,
    records_read INTEGER NOT NULL, records_accepted INTEGER NOT NULL, records_duplicate INTEGER NOT NULL,
    records_rejected INTEGER NOT NULL, records_trivial INTEGER NOT NULL) STRICT;
CREATE TABLE list_warning (list INTEGER NOT NULL, position INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (list, position)) STRICT, WITHOUT ROWID;
CREATE TABLE rule (id INTEGER PRIMARY KEY, name TEXT NOT NULL, severity INTEGER NOT NULL, tags TEXT NOT NULL,
    text TEXT NOT NULL) STRICT;
CREATE TABLE evidence (id INTEGER PRIMARY KEY, name TEXT NOT NULL, exhibit TEXT NOT NULL, format TEXT NOT NULL,
    description TEXT NOT NULL, media_size INTEGER NOT NULL, sector_size INTEGER NOT NULL,
    volume_system TEXT NOT NULL, is_opened INTEGER NOT NULL) STRICT;
CREATE TABLE segment (evidence INTEGER NOT NULL, position INTEGER NOT NULL, path TEXT NOT NULL,
    size INTEGER NOT NULL, device INTEGER NOT NULL, inode INTEGER NOT NULL, modified INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL, PRIMARY KEY (evidence, position)) STRICT, WITHOUT ROWID;
CREATE TABLE stored_digest (evidence INTEGER NOT NULL, position INTEGER NOT NULL, algorithm TEXT NOT NULL,
    hex TEXT NOT NULL, PRIMARY KEY (evidence, position)) STRICT, WITHOUT ROWID;
CREATE TABLE media_check (evidence INTEGER PRIMARY KEY, result INTEGER NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE TABLE media_digest (evidence INTEGER NOT NULL, position INTEGER NOT NULL, algorithm TEXT NOT NULL,
    hex TEXT NOT NULL, PRIMARY KEY (evidence, position)) STRICT, WITHOUT ROWID;
CREATE TABLE header_value (evidence INTEGER NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL,
    value BLOB NOT NULL, PRIMARY KEY (evidence, position)) STRICT, WITHOUT ROWID;
CREATE TABLE device (evidence INTEGER PRIMARY KEY, name TEXT NOT NULL, size INTEGER NOT NULL, model BLOB NOT NULL,
    serial BLOB NOT NULL, is_read_only INTEGER NOT NULL, was_set_read_only INTEGER NOT NULL, used_for TEXT NOT NULL)
    STRICT;
CREATE TABLE volume (id INTEGER PRIMARY KEY, evidence INTEGER NOT NULL, position INTEGER NOT NULL,
    name TEXT NOT NULL, state INTEGER NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL,
    description BLOB NOT NULL, fs TEXT NOT NULL, label BLOB NOT NULL, modified_form INTEGER NOT NULL,
    accessed_form INTEGER NOT NULL, changed_form INTEGER NOT NULL, created_form INTEGER NOT NULL,
    directories INTEGER NOT NULL, links INTEGER NOT NULL, others INTEGER NOT NULL, held_bytes INTEGER NOT NULL,
    detail TEXT NOT NULL) STRICT;
CREATE TABLE content (id INTEGER PRIMARY KEY, volume INTEGER NOT NULL, address INTEGER NOT NULL,
    attribute INTEGER NOT NULL, status INTEGER NOT NULL, reason INTEGER NOT NULL, missing_bytes INTEGER NOT NULL,
    md5 BLOB, sha1 BLOB, sha256 BLOB, extents BLOB NOT NULL, matches INTEGER NOT NULL, type TEXT) STRICT;
CREATE TABLE entropy (content INTEGER PRIMARY KEY, bits REAL NOT NULL) STRICT;
CREATE TABLE libmagic_type (content INTEGER PRIMARY KEY, type TEXT NOT NULL) STRICT;
CREATE TABLE match (content INTEGER NOT NULL, position INTEGER NOT NULL, list INTEGER NOT NULL,
    source INTEGER NOT NULL, record INTEGER NOT NULL, category_set TEXT NOT NULL, category TEXT NOT NULL,
    alerts INTEGER NOT NULL, flags INTEGER NOT NULL, label BLOB NOT NULL, agrees INTEGER NOT NULL,
    differs INTEGER NOT NULL, size_agrees INTEGER, PRIMARY KEY (content, position)) STRICT, WITHOUT ROWID;
CREATE TABLE entry (id INTEGER PRIMARY KEY, walk_order INTEGER NOT NULL, volume INTEGER NOT NULL,
    address INTEGER NOT NULL, attribute INTEGER NOT NULL, path BLOB NOT NULL, stream BLOB NOT NULL,
    kind INTEGER NOT NULL, state INTEGER NOT NULL, placement INTEGER NOT NULL, size INTEGER NOT NULL,
    is_metadata INTEGER NOT NULL, source INTEGER NOT NULL, reason INTEGER NOT NULL,
    modified INTEGER, modified_ns INTEGER, accessed INTEGER, accessed_ns INTEGER,
    changed INTEGER, changed_ns INTEGER, created INTEGER, created_ns INTEGER, content INTEGER) STRICT;
CREATE TABLE owner (entry INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE problem (id INTEGER PRIMARY KEY, evidence INTEGER NOT NULL, volume INTEGER, kind INTEGER NOT NULL,
    path BLOB NOT NULL, address INTEGER, detail TEXT NOT NULL, first_sector INTEGER, sectors INTEGER,
    hides_entries INTEGER NOT NULL, is_lossless INTEGER NOT NULL) STRICT;
)sql";

const char* const sealed_schema = R"sql(
CREATE TABLE entry_order (ordinal INTEGER PRIMARY KEY, entry_id INTEGER NOT NULL, content_id INTEGER) STRICT;
CREATE TABLE finding (ordinal INTEGER PRIMARY KEY, severity INTEGER NOT NULL, rules TEXT NOT NULL) STRICT;
CREATE TABLE ledger (evidence INTEGER NOT NULL, status INTEGER NOT NULL, reason INTEGER NOT NULL,
    state INTEGER NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL, missing_bytes INTEGER NOT NULL,
    PRIMARY KEY (evidence, status, reason, state)) STRICT, WITHOUT ROWID;
CREATE TABLE match_count (evidence INTEGER NOT NULL, list INTEGER NOT NULL, category TEXT NOT NULL,
    alerts INTEGER NOT NULL,
    agrees INTEGER NOT NULL, differs INTEGER NOT NULL, entries INTEGER NOT NULL,
    PRIMARY KEY (evidence, list, category, alerts, agrees, differs)) STRICT, WITHOUT ROWID;
CREATE TABLE finding_count (evidence INTEGER NOT NULL, severity INTEGER NOT NULL, entries INTEGER NOT NULL,
    PRIMARY KEY (evidence, severity)) STRICT, WITHOUT ROWID;
CREATE TABLE unopened_count (evidence INTEGER NOT NULL, what TEXT NOT NULL, entries INTEGER NOT NULL,
    bytes INTEGER NOT NULL, PRIMARY KEY (evidence, what)) STRICT, WITHOUT ROWID;
)sql";

const char* const drop_sealed = R"sql(
DROP TABLE IF EXISTS entry_order;
DROP TABLE IF EXISTS finding;
DROP TABLE IF EXISTS ledger;
DROP TABLE IF EXISTS match_count;
DROP TABLE IF EXISTS finding_count;
DROP TABLE IF EXISTS unopened_count;
)sql";

namespace {

template <class T>
void put_codes(Database& database, std::string_view kind, T last) {
    Statement insert = database.prepare("INSERT INTO code VALUES (?, ?, ?)");
    for (int number = 0; number <= static_cast<int>(last); ++number)
        insert.run(kind, number, to_string(static_cast<T>(number)));
}

// The numbers in the tables, in words, so that the file explains itself.
void put_all_codes(Database& database) {
    put_codes(database, "kind", EntryKind::carved);
    put_codes(database, "state", EntryState::orphan);
    put_codes(database, "placement", Placement::reallocated);
    put_codes(database, "status", Status::unreadable);
    put_codes(database, "reason", Reason::not_reached);
    put_codes(database, "problem", ProblemKind::aborted);
    put_codes(database, "volume", VolumeState::gap);
    put_codes(database, "media", MediaResult::computed);
    put_codes(database, "severity", Severity::alert);
    put_codes(database, "polarity", Polarity::ignorable);
}

}  // namespace

bool is_without_tables(const Database& database) {
    return database.integer("SELECT count(*) FROM sqlite_schema") == 0 &&
           database.integer("PRAGMA application_id") == 0;
}

void create_tables(Database& database) {
    database.execute("BEGIN IMMEDIATE");
    database.execute(store_schema);
    put_all_codes(database);
    database.execute(
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", store_application_id, store_version));
    database.execute("COMMIT");
}

void check_is_store(const Database& database) {
    const std::string name = escape_for_terminal(database.path());
    try {
        if (is_without_tables(database))
            throw Error(name, "not the store of a case yet: the scan ended before its evidence was recorded",
                        "remove the case and start the scan again");
        if (database.integer("PRAGMA application_id") != store_application_id)
            throw Error(name, "not the store of a case");
        const std::int64_t version = database.integer("PRAGMA user_version");
        if (version != store_version)
            throw Error(name, fmt::format("a store of version {}; this build reads version {}", version, store_version),
                        "use the version of triage that wrote the case");
    } catch (const SqliteError& error) {
        throw Error(name, std::string("not the store of a case, or damaged (") + error.what() + ")");
    }
}

bool has_sealed_tables(const Database& database) {
    return database.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'entry_order'") == 1;
}

}  // namespace triage
