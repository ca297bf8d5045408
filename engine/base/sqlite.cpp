// SPDX-License-Identifier: Apache-2.0
#include "engine/base/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

namespace triage {
namespace {

// SQLite says SQLITE_FULL for ENOSPC only; a quota and RLIMIT_FSIZE arrive as I/O errors with their errno.
bool is_full(sqlite3* connection, int code) {
    if ((code & 0xFF) == SQLITE_FULL) return true;
    if ((code & 0xFF) != SQLITE_IOERR) return false;
    const int cause = sqlite3_system_errno(connection);
    return cause == ENOSPC || cause == EDQUOT || cause == EFBIG;
}

[[noreturn]] void fail(sqlite3* connection, const std::string& path, int code) {
    const bool full = is_full(connection, code);
    std::string why = connection ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
    if ((code & 0xFF) == SQLITE_IOERR && connection)
        if (const int cause = sqlite3_system_errno(connection)) why += fmt::format(" ({})", std::strerror(cause));
    throw SqliteError(path, why, full, code);
}

// A path as the path of a `file:` URI: Debian's SQLite would take a name that begins with "file:" for one. Two slashes
// name an authority, which is empty.
std::string uri_of(const std::string& path, std::string_view query) {
    std::string uri = path.starts_with('/') ? "file://" : "file:";
    for (const char c : path) {
        if (c == '%' || c == '?' || c == '#') uri += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        else uri += c;
    }
    return uri.append(query);
}

}  // namespace

SqliteError::SqliteError(const std::string& path, const std::string& why, bool is_disk_full, int code)
    : Error(path, why,
            is_disk_full ? "make room where the case is, then resume it; where no evidence was recorded yet, remove it "
                           "and start again"
                         : "",
            ErrorKind::interrupted),
      is_disk_full_(is_disk_full),
      code_(code & 0xFF) {}

// A hostile header may claim sizes that make SQLite fail as an I/O error or for lack of memory.
bool SqliteError::is_damage() const {
    return code_ == SQLITE_CORRUPT || code_ == SQLITE_NOTADB || code_ == SQLITE_IOERR || code_ == SQLITE_NOMEM;
}

bool SqliteError::is_too_long() const { return code_ == SQLITE_TOOBIG; }

Statement::Statement(sqlite3* connection, std::string path, std::string_view sql)
    : connection_(connection), path_(std::move(path)) {
    check(sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                             &statement_, nullptr));
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      path_(std::move(other.path_)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
    std::swap(connection_, other.connection_);
    std::swap(statement_, other.statement_);
    std::swap(path_, other.path_);
    return *this;
}

void Statement::check(int code) const {
    if (code != SQLITE_OK) fail(connection_, path_, code);
}

bool Statement::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    try {
        fail(connection_, path_, code);
    } catch (...) {
        reset();
        throw;
    }
}

void Statement::reset() noexcept { sqlite3_reset(statement_); }  // repeats the failure of the last step: known already

ValueKind Statement::kind(int column) const {
    switch (sqlite3_column_type(statement_, column)) {
        case SQLITE_INTEGER: return ValueKind::integer;
        case SQLITE_FLOAT: return ValueKind::real;
        case SQLITE_TEXT: return ValueKind::text;
        case SQLITE_BLOB: return ValueKind::blob;
        default: return ValueKind::null;
    }
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }

std::string_view Statement::text(int column) const {
    // Before column_bytes. TEXT may be stored as UTF-16 in a database that is not ours.
    const void* data = sqlite3_column_type(statement_, column) == SQLITE_TEXT
                           ? static_cast<const void*>(sqlite3_column_text(statement_, column))
                           : sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    return data ? std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size)) : std::string_view();
}

void Statement::bind_value(int index, std::int64_t value) { check(sqlite3_bind_int64(statement_, index, value)); }

void Statement::bind_value(int index, double value) { check(sqlite3_bind_double(statement_, index, value)); }

void Statement::bind_value(int index, std::string_view text) {
    // A null pointer would bind NULL.
    const char* data = text.data() ? text.data() : "";
    check(sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind_value(int index, ByteView blob) {
    const void* data = blob.data() ? static_cast<const void*>(blob.data()) : "";
    check(sqlite3_bind_blob64(statement_, index, data, blob.size(), SQLITE_STATIC));
}

void Statement::bind_value(int index, std::nullopt_t) { check(sqlite3_bind_null(statement_, index)); }

Database::Database(const std::string& path, Mode mode) : path_(path) {
    // Otherwise each allocation takes a lock to be counted.
    [[maybe_unused]] static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    const bool immutable = mode != Mode::read_write;
    const std::string uri = uri_of(path, immutable ? "?mode=ro&immutable=1" : "?mode=rw");
    const int flags = immutable ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    const int code = sqlite3_open_v2(uri.c_str(), &connection_, flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code != SQLITE_OK) {
        const std::string why = connection_ ? sqlite3_errmsg(connection_) : sqlite3_errstr(code);
        sqlite3_close_v2(connection_);
        throw SqliteError(path_, why, false, code);
    }
    if (immutable) distrust_schema();
    if (mode == Mode::hostile) distrust();
}

void Database::distrust_schema() {
    for (const int option :
         {SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW})
        sqlite3_db_config(connection_, option, 0, nullptr);
}

// Before anything of the database is read. What SQLite advises for databases from strangers (sqlite.org/security.html).
void Database::distrust() {
    const auto set = [this](int option, int value) { sqlite3_db_config(connection_, option, value, nullptr); };
    set(SQLITE_DBCONFIG_DEFENSIVE, 1);
    set(SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0);
    set(SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0);
    sqlite3_limit(connection_, SQLITE_LIMIT_LENGTH, longest_row);
    try {
        execute("PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA query_only=ON");
    } catch (...) {
        sqlite3_close_v2(connection_);  // no destructor runs for what was never constructed
        throw;
    }
}

Database::~Database() { sqlite3_close_v2(connection_); }

Database::Database(Database&& other) noexcept
    : path_(std::move(other.path_)), connection_(std::exchange(other.connection_, nullptr)) {}

Database& Database::operator=(Database&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(connection_, other.connection_);
    return *this;
}

void Database::execute(const std::string& sql) {
    const int code = sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(connection_, path_, code);
}

std::int64_t Database::integer(std::string_view sql) const {
    Statement statement = prepare(sql);
    return statement.step() ? statement.integer(0) : 0;
}

bool Database::is_in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }

std::uint64_t Database::last_row_id() const {
    return static_cast<std::uint64_t>(sqlite3_last_insert_rowid(connection_));
}

void Database::set_temp_folder(const std::string& folder) {
    sqlite3_free(sqlite3_temp_directory);
    sqlite3_temp_directory = sqlite3_mprintf("%s", folder.c_str());
}

}  // namespace triage
