// SPDX-License-Identifier: Apache-2.0
// Hash set of Autopsy and The Sleuth Kit (.kdb), schema version 1 as tsk/hashdb/sqlite_hdb.cpp writes it: `hashes` with
// digests as raw bytes, `file_names` and `comments` by hash. A hash with several names becomes a record a name; its
// comments stand behind each in parentheses. `file_names` has no index by hash, so names and comments are held.
#include "engine/known/database_list.h"

namespace triage {
namespace {

constexpr std::size_t longest_comments = 4096;

bool is_kdb(const DatabaseList& list) {
    return list.has("hashes", "id,md5") && list.has("db_properties", "name,value") &&
           list.has("file_names", "name,hash_id");
}

// Texts of one table by hash.
NumberedTexts texts_of(const DatabaseList& list, std::string_view table, std::string_view column,
                       const ImportSink& sink) {
    NumberedTexts texts;
    if (!list.has(table, std::string(column) + ",hash_id")) return texts;
    bool is_full = false;
    list.each_row(table, std::string(column) + ",hash_id", sink, [&](std::uint64_t id, const Statement& values) {
        if (is_full || values.text(0).empty()) return;
        if (values.kind(1) != ValueKind::integer) return sink.reject({id, "a name or comment that belongs to no hash"});
        is_full = !texts.add(values.integer(1), values.text(0));
        if (is_full)
            sink.warn("more names or comments than memory is set aside for: records are kept without the others");
    });
    texts.sort();
    return texts;
}

void check_version(const DatabaseList& list, const ImportSink& sink) {
    list.each_row("db_properties", "name,value", sink, [&](std::uint64_t id, const Statement& values) {
        if (values.text(0) == "Schema Version" && values.text(1) != "1")
            sink.reject({id, "the schema's version is not 1: what it changed is not known here"});
    });
}

class Kdb : public ListFormat {
  public:
    std::string_view name() const override { return "kdb"; }
    std::string_view describes() const override { return "Autopsy and Sleuth Kit hash set (.kdb, SQLite)"; }
    std::string_view counts() const override { return "row"; }
    bool recognises(ListSource& source) const override { return is_database_list(source, is_kdb); }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        const DatabaseList list = open_database_list(source, is_kdb, sink);
        check_version(list, sink);
        const NumberedTexts names = texts_of(list, "file_names", "name", sink);
        const NumberedTexts comments = texts_of(list, "comments", "comment", sink);
        std::string columns = "id,md5";
        const bool has_sha1 = list.has("hashes", "sha1"), has_sha256 = list.has("hashes", "sha2_256");
        columns += has_sha1 ? ",sha1" : ",NULL";
        columns += has_sha256 ? ",sha2_256" : ",NULL";
        list.each_row("hashes", columns, sink, [&](std::uint64_t id, const Statement& values) {
            KnownRecord record;
            record.position = id;
            int column = 0;
            for (const Algorithm algorithm : all_algorithms) {
                auto why = put_digest(algorithm, values, ++column, record.digests);
                if (!why.empty()) return sink.reject({id, std::move(why)});
            }
            if (record.digests.algorithms().empty()) return sink.reject({id, "no digest"});
            give(std::move(record), names.of(values.integer(0)), comments, values.integer(0), sink);
        });
    }

  private:
    static void give(KnownRecord record, const std::vector<std::string_view>& names, const NumberedTexts& comments,
                     std::int64_t hash, const ImportSink& sink) {
        const auto [comment, is_whole] = comments.joined(hash, "; ", longest_comments);
        if (!is_whole) sink.reject({record.position, "comments of more than 4 KiB: the rest of them is left out"});
        record.label = comment;
        if (names.empty()) return sink.record(std::move(record));
        for (const std::string_view name : names) {
            record.label = name;
            if (!comment.empty()) record.label += " (" + comment + ")";
            sink.record(record);
        }
    }
};

}  // namespace

const ListFormat& kdb_list() {
    static const Kdb format;
    return format;
}

}  // namespace triage
