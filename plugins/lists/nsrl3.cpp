// SPDX-License-Identifier: Apache-2.0
// NSRL Reference Data Set 3 (SQLite), after the schema.sql that NIST ships with each edition. Minimal: a table FILE and
// PKG. Full: FILE and PKG are views; the tables behind them are METADATA (digests, name and extension apart, size),
// PACKAGE_OBJECT (object → package) and APPLICATION (package → names). Each row is a record, in the order in which the
// table is stored; its label is the file's name with the package's behind it in parentheses. Packages are held.
#include <fmt/format.h>

#include "engine/known/database_list.h"

namespace triage {
namespace {

constexpr std::size_t longest_package = 4096;

bool is_minimal(const DatabaseList& list) { return list.has("FILE", "sha256,sha1,md5,file_name,file_size,package_id"); }
bool is_full(const DatabaseList& list) {
    return list.has("METADATA", "sha256,sha1,md5,file_name,extension,bytes,object_id") &&
           list.has("PACKAGE_OBJECT", "object_id,package_id");
}
bool is_nsrl3(const DatabaseList& list) { return is_minimal(list) || is_full(list); }

std::string package_title(std::string_view name, std::string_view version) {
    if (version.empty()) return std::string(name);
    return fmt::format("{} {}", name, version);
}

// What rows say about the package of a file: the number in the file's row leads to its names, in the full edition by
// way of the object.
class Packages {
  public:
    Packages(const DatabaseList& list, const ImportSink& sink) {
        for (const char* table : {"PKG", "APPLICATION"})
            if (list.has(table, "package_id,name,version"))
                read(list, table, "package_id,name,version", sink, [&](const Statement& values) {
                    return names_.add(values.integer(0), package_title(values.text(1), values.text(2)));
                });
        names_.sort();
        has_objects_ = !is_minimal(list);
        if (has_objects_)
            read(list, "PACKAGE_OBJECT", "object_id,package_id", sink, [&](const Statement& values) {
                return objects_.add(values.integer(0), std::to_string(values.integer(1)));
            });
        objects_.sort();
    }

    // "" where the row names none; the number where nobody says its name.
    std::string of(const Statement& values, int column) const {
        if (values.kind(column) != ValueKind::integer) return {};
        if (!has_objects_) return title(values.integer(column));
        std::string result;
        for (const std::string_view package : objects_.of(values.integer(column))) {
            if (!result.empty()) result += ", ";
            result += title(std::stoll(std::string(package)));
            if (result.size() > longest_package) break;
        }
        return result;
    }

  private:
    template <class Add>
    static void read(const DatabaseList& list, std::string_view table, std::string_view columns, const ImportSink& sink,
                     Add&& add) {
        bool is_full = false;
        list.each_row(table, columns, sink, [&](std::uint64_t, const Statement& values) {
            if (is_full || values.kind(0) != ValueKind::integer) return;
            is_full = !add(values);
            if (is_full) sink.warn("more packages than memory is set aside for: records are kept without the others");
        });
    }
    std::string title(std::int64_t package) const {
        auto names = names_.joined(package, ", ", longest_package);
        if (names.text.empty()) return fmt::format("package {}", package);
        if (!names.is_whole) names.text += "...";
        return std::move(names.text);
    }

    NumberedTexts names_, objects_;
    bool has_objects_ = false;
};

enum Column { sha256, sha1, md5, size, package, file_name, extension };

Result<KnownRecord> parse_row(const Statement& values, const Packages& packages) {
    KnownRecord record;
    auto why = put_digest(Algorithm::sha256, values, sha256, record.digests);
    if (why.empty()) why = put_digest(Algorithm::sha1, values, sha1, record.digests);
    if (why.empty()) why = put_digest(Algorithm::md5, values, md5, record.digests);
    if (why.empty()) why = put_size(values, size, record.size);
    if (!why.empty()) return Failure{std::move(why)};
    if (record.digests.algorithms().empty()) return Failure{"no digest"};
    record.label = values.text(file_name);
    if (!values.text(extension).empty()) record.label += fmt::format(".{}", values.text(extension));
    const std::string title = packages.of(values, package);
    if (!title.empty()) record.label += fmt::format("{}({})", record.label.empty() ? "" : " ", title);
    return record;
}

// The last row: an edition to which deltas were applied may have one for each.
ListSays version_of(const DatabaseList& list, const ImportSink& sink) {
    ListSays says{"NSRL RDS", {}};
    if (!list.has("VERSION", "version,build_set")) return says;
    list.each_row("VERSION", "version,build_set", sink, [&](std::uint64_t, const Statement& values) {
        says = {fmt::format("NSRL RDS {}", values.text(1).substr(0, 256)), std::string(values.text(0).substr(0, 256))};
    });
    return says;
}

class Nsrl3 : public ListFormat {
  public:
    std::string_view name() const override { return "nsrl3"; }
    std::string_view describes() const override { return "NSRL RDS 3 (SQLite), minimal and full editions"; }
    std::string_view counts() const override { return "row"; }
    bool recognises(ListSource& source) const override { return is_database_list(source, is_nsrl3); }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        const DatabaseList list = open_database_list(source, is_nsrl3, sink);
        sink.says(version_of(list, sink));
        const Packages packages(list, sink);
        const auto take = [&](std::uint64_t id, const Statement& values) {
            auto record = parse_row(values, packages);
            if (!record) return sink.reject({id, record.why()});
            record->position = id;
            sink.record(std::move(*record));
        };
        if (is_minimal(list)) list.each_row("FILE", "sha256,sha1,md5,file_size,package_id,file_name,NULL", sink, take);
        else list.each_row("METADATA", "sha256,sha1,md5,bytes,object_id,file_name,extension", sink, take);
    }
};

}  // namespace

const ListFormat& nsrl3_list() {
    static const Nsrl3 format;
    return format;
}

}  // namespace triage
