// SPDX-License-Identifier: Apache-2.0
// Quarterly delta of NSRL RDS 3: SQL text as NIST ships it ("INSERT INTO FILE(sha256,sha1,md5,crc32,file_name,
// file_size,package_id) VALUES('...',...);" between BEGIN TRANSACTION and COMMIT; columns as in its schema.sql). Read
// as data, never executed. What takes rows away or changes them cannot be done to a list and is rejected. Names of
// packages are known from where they stand on: a record before that, or of a package of the full set, has its package's
// number.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include "engine/known/sql_text.h"

namespace triage {
namespace {

constexpr std::size_t most_packages = 2 << 20, most_title_bytes = 128 << 20;
constexpr std::size_t longest_package = 4096;

// Columns by place, for an INSERT that names none.
constexpr std::string_view file_columns = "SHA256,SHA1,MD5,CRC32,FILE_NAME,FILE_SIZE,PACKAGE_ID";
constexpr std::string_view metadata_columns =
    "METADATA_ID,OBJECT_ID,KEY_HASH,IMAGE_HASH,PATH,PATH_B64,PATH_CODING,FILE_NAME,FILE_NAME_B64,FILE_NAME_CODING,"
    "EXTENSION,EXTENSION_B64,EXTENSION_CODING,BYTES,MTIME,USED_IN_RDS,UPDATE_DATE,RECURSION_LEVEL,EXTRACTEE_ID,CRC32,"
    "MD5,SHA1,SHA256";
constexpr std::string_view package_columns =
    "PACKAGE_ID,NAME,VERSION,OPERATING_SYSTEM_ID,MANUFACTURER_ID,LANGUAGE,APPLICATION_TYPE";
constexpr std::string_view application_columns =
    "APPLICATION_ID,PACKAGE_ID,NAME,NAME_B64,NAME_CODING,VERSION,POE,BUILD,LATEST_COPYRIGHT,OTHER,CREATION_DATE,"
    "UPDATE_DATE";
constexpr std::string_view version_columns = "VERSION,BUILD_SET,BUILD_DATE,RELEASE_DATE,DESCRIPTION";
constexpr std::string_view object_columns = "PACKAGE_OBJECT_ID,PACKAGE_ID,OBJECT_ID";

// Tables of both editions that say nothing of a record.
constexpr std::string_view other_tables =
    ",MFG,OS,APPLICATION_TYPE,APPLICATION_APPLICATION_TYPE,LANGUAGE,APPLICATION_LANGUAGE,OPERATING_SYSTEM,"
    "OPERATING_SYSTEM_APPLICATION,MANUFACTURER,MANUFACTURER_APPLICATION,MANUFACTURER_OPERATING_SYSTEM,";
bool is_other_table(std::string_view table) {
    return other_tables.find(fmt::format(",{},", table)) != std::string_view::npos;
}

std::string_view columns_of(std::string_view table) {
    constexpr std::pair<std::string_view, std::string_view> known[] = {
        {"FILE", file_columns},       {"METADATA", metadata_columns},       {"PKG", package_columns},
        {"VERSION", version_columns}, {"APPLICATION", application_columns}, {"PACKAGE_OBJECT", object_columns}};
    for (const auto& [name, columns] : known)
        if (table == name) return columns;
    return {};
}

std::vector<std::string> split(std::string_view columns) {
    std::vector<std::string> result;
    while (!columns.empty()) {
        const std::size_t length = std::min(columns.find(','), columns.size());
        result.emplace_back(columns.substr(0, length));
        columns.remove_prefix(std::min(length + 1, columns.size()));
    }
    return result;
}

// One row of an INSERT with the names of its columns.
class Row {
  public:
    Row(const std::vector<std::string>& columns, const std::vector<SqlValue>& values)
        : columns_(columns), values_(values) {}
    const SqlValue& value(std::string_view column) const {
        static const SqlValue absent;
        for (std::size_t i = 0; i < columns_.size(); ++i)
            if (columns_[i] == column) return values_[i];
        return absent;
    }
    std::string_view text(std::string_view column) const { return value(column).text; }
    std::optional<std::int64_t> number(std::string_view column) const {
        const std::string_view digits = text(column);
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
        return number;
    }

  private:
    const std::vector<std::string>& columns_;
    const std::vector<SqlValue>& values_;
};

std::string put_digest(Algorithm algorithm, const SqlValue& value, Digests& digests) {
    const std::string_view hex = trimmed(value.text);
    if (value.kind == SqlValue::Kind::null || (value.kind == SqlValue::Kind::text && hex.empty())) return {};
    if (value.kind != SqlValue::Kind::text) return "a digest is no quoted text";
    return triage::put_digest(hex, algorithm, digests);
}

Result<KnownRecord> parse_row(const Row& row, bool is_full) {
    KnownRecord record;
    auto why = put_digest(Algorithm::sha256, row.value("SHA256"), record.digests);
    if (why.empty()) why = put_digest(Algorithm::sha1, row.value("SHA1"), record.digests);
    if (why.empty()) why = put_digest(Algorithm::md5, row.value("MD5"), record.digests);
    if (!why.empty()) return Failure{std::move(why)};
    if (record.digests.algorithms().empty()) return Failure{"no digest"};
    const char* size = is_full ? "BYTES" : "FILE_SIZE";
    if (row.value(size).kind != SqlValue::Kind::null) {
        const auto bytes = row.number(size);
        if (!bytes || *bytes < 0) return Failure{"the size is no number of bytes"};
        record.size = static_cast<std::uint64_t>(*bytes);
    }
    if (row.value("FILE_NAME").kind == SqlValue::Kind::other) return Failure{"the name is no quoted text"};
    record.label = row.text("FILE_NAME");
    if (is_full && !row.text("EXTENSION").empty()) record.label += fmt::format(".{}", row.text("EXTENSION"));
    return record;
}

class Delta {
  public:
    explicit Delta(const ImportSink& sink) : sink_(sink) {}

    void take(std::uint64_t line, std::string_view text) {
        const auto statement = parse_sql(text);
        if (!statement) return sink_.reject({line, statement.why()});
        if (statement->verb == "INSERT") return insert(line, *statement);
        constexpr std::string_view harmless = ",,BEGIN,COMMIT,END,PRAGMA,ANALYZE,VACUUM,REINDEX,CREATE,";
        if (harmless.find(fmt::format(",{},", statement->verb)) != std::string_view::npos) return;
        const std::string& table = statement->table;
        if (is_other_table(table) || table == "VERSION") return;
        const bool is_change = statement->verb == "DELETE" || statement->verb == "UPDATE";
        sink_.reject({line, is_change ? fmt::format("{} changes what is in the full set and cannot be done to a list: "
                                                    "apply the delta to the full database and import that",
                                                    statement->verb)
                                      : "a statement that no delta of the NSRL has"});
    }
    const ListSays& says() const { return says_; }

  private:
    void insert(std::uint64_t line, const SqlStatement& statement) {
        const std::string& table = statement.table;
        if (is_other_table(table)) return;
        if (columns_of(table).empty())
            return sink_.reject({line, "an INSERT into a table that the NSRL does not have"});
        const auto columns = statement.columns.empty() ? split(columns_of(table)) : statement.columns;
        for (const auto& values : statement.rows) {
            if (values.size() != columns.size()) sink_.reject({line, "not as many values as columns"});
            else take_row(line, table, Row(columns, values));
        }
    }
    void take_row(std::uint64_t line, const std::string& table, const Row& row) {
        if (table == "VERSION")
            says_ = {fmt::format("NSRL RDS {}", row.text("BUILD_SET").substr(0, 256)),
                     std::string(row.text("VERSION").substr(0, 256))};
        else if (table == "FILE" || table == "METADATA") take_file(line, row, table == "METADATA");
        else take_package(line, row, table == "PACKAGE_OBJECT");
    }
    void take_file(std::uint64_t line, const Row& row, bool is_full) {
        auto record = parse_row(row, is_full);
        if (!record) return sink_.reject({line, record.why()});
        const std::string package = package_of(row, is_full);
        if (!package.empty()) record->label += fmt::format("{}({})", record->label.empty() ? "" : " ", package);
        record->position = line;
        sink_.record(std::move(*record));
    }
    void take_package(std::uint64_t line, const Row& row, bool is_object) {
        const auto package = row.number("PACKAGE_ID");
        const auto object = row.number("OBJECT_ID");
        if (!package || (is_object && !object)) return sink_.reject({line, "a package or object without its number"});
        if (titles_.size() + objects_.size() >= most_packages || title_bytes_ >= most_title_bytes)
            return sink_.reject({line, "more packages than memory is set aside for: the name is left out"});
        if (is_object) {
            objects_[*object] = *package;
            return;
        }
        std::string title(row.text("NAME"));
        if (!row.text("VERSION").empty()) title += fmt::format(" {}", row.text("VERSION"));
        std::string& known = titles_[*package];
        if (known == title) return;
        if (known.size() + title.size() > longest_package)
            return sink_.reject({line, "the names of a package are longer than 4 KiB: this one is left out"});
        title_bytes_ += title.size();
        if (!known.empty()) known += ", ";
        known += title;
    }
    std::string package_of(const Row& row, bool is_full) const {
        auto package = row.number(is_full ? "OBJECT_ID" : "PACKAGE_ID");
        if (package && is_full) {
            const auto object = objects_.find(*package);
            if (object == objects_.end()) return {};
            package = object->second;
        }
        if (!package) return {};
        const auto title = titles_.find(*package);
        return title == titles_.end() || title->second.empty() ? fmt::format("package {}", *package) : title->second;
    }

    const ImportSink& sink_;
    std::map<std::int64_t, std::string> titles_;
    std::map<std::int64_t, std::int64_t> objects_;
    std::size_t title_bytes_ = 0;
    ListSays says_{"NSRL RDS delta", {}};
};

// The first statement about a table of the NSRL decides; the last of a full head is cut and has no end.
bool is_delta(std::string_view head) {
    std::istringstream script{std::string(head)};
    SqlReader statements(script);
    while (statements.next()) {
        const auto statement = parse_sql(statements.text());
        if (!statement || statement->table.empty()) continue;
        const std::string_view columns = columns_of(statement->table);
        if (columns.empty() && is_other_table(statement->table)) continue;
        if (columns.empty()) return false;
        if (statement->verb != "INSERT") return true;
        const auto given = statement->columns.empty() ? split(columns) : statement->columns;
        const auto known = split(columns);
        return std::all_of(given.begin(), given.end(), [&](const std::string& column) {
            return std::find(known.begin(), known.end(), column) != known.end();
        });
    }
    return false;
}

class NsrlDelta : public ListFormat {
  public:
    std::string_view name() const override { return "nsrl_delta"; }
    std::string_view describes() const override { return "NSRL RDS 3 delta (.sql), what it adds"; }
    bool recognises(ListSource& source) const override { return is_delta(source.head()); }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        Delta delta(sink);
        SqlReader statements(source.stream());
        while (statements.next())
            if (statements.fault().empty()) delta.take(statements.line(), statements.text());
            else sink.reject({statements.line(), std::string(statements.fault())});
        sink.says(delta.says());
    }
};

}  // namespace

const ListFormat& nsrl_delta_list() {
    static const NsrlDelta format;
    return format;
}

}  // namespace triage
