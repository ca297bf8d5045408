// SPDX-License-Identifier: Apache-2.0
#include "engine/known/import_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/base/time.h"
#include "engine/known/list_source.h"
#include "engine/known/trivial.h"

namespace triage {
namespace {

constexpr std::size_t named_rejections = 5, most_reasons = 64;
constexpr std::uint64_t records_between_advances = 65536;
constexpr std::int64_t stale_days = 365;

std::string counted(std::uint64_t number, std::string_view thing) {
    return fmt::format("{} {}{}", with_commas(number), thing, number == 1 ? "" : "s");
}

// One list of an import.
class ListImport {
  public:
    ListImport(const std::string& path, const std::vector<const ListFormat*>& formats, const ImportOptions& options,
               SetWriter& writer)
        : path_(path),
          options_(options),
          writer_(writer),
          list_(open_list(path, formats, !options.format.empty(), format_)) {
        if (!options.columns.empty() && !format_->takes_columns())
            throw Error(path, fmt::format("is a list of the format {}, whose columns are fixed", format_->name()),
                        "leave --columns out, or force the format csv");
    }

    void read() {
        writer_.begin_source();
        format_->read(*list_, {options_.columns},
                      {[&](KnownRecord record) { take(std::move(record)); },
                       [&](Rejection rejection) { reject(std::move(rejection)); },
                       [&](ListSays says) { says_ = std::move(says); },
                       [&](std::string warning) { warnings_.push_back(std::move(warning)); }});
        sources_ = list_->finish();
        sources_.front().format = format_->name();
        sources_.front().version = says_.version;
        sources_.front().importer = options_.importer;
        check();
    }

    void add_to(KnownSetIdentity& identity, std::vector<SetSource>& siblings) const {
        identity.sources.push_back(sources_.front());
        siblings.insert(siblings.end(), sources_.begin() + 1, sources_.end());
        identity.records_read += accepted_ + trivial_ + rejected_;
        identity.records_rejected += rejected_;
        identity.records_trivial += trivial_;
        for (const auto& [reason, count] : reasons_) identity.rejected_by_reason[reason] += count;
        identity.format = identity.sources.size() == 1 ? std::string(format_->name()) : "several";
        if (identity.sources.size() > 1) return;
        identity.name = !options_.name.empty() ? options_.name
                        : !says_.name.empty()  ? says_.name
                                               : sources_.front().name;
        identity.version = !options_.version.empty() ? options_.version
                           : !says_.version.empty()  ? says_.version
                                                     : sources_.front().modified.substr(0, 10);
    }
    void add_warnings(std::vector<std::string>& warnings) const;

  private:
    void take(KnownRecord record) {
        const bool dropped = drop_trivial(record);
        if (record.digests.algorithms().empty()) return void(++trivial_);
        if (dropped) ++partly_trivial_;
        if (record.size && *record.size > most_size) return reject({record.position, "its size is no file's"});
        if (std::max(record.category.set.size(), record.category.number.size()) > most_category_bytes)
            return reject({record.position, "its category is over 256 bytes long"});
        if (record.label.size() > most_label_bytes) return reject({record.position, "its label is over 1 MiB long"});
        writer_.add(record);
        if (++accepted_ % records_between_advances == 0 && options_.advance) advance();
    }

    // Databases and archives are not read as a stream of bytes: what counts of them is the records.
    void advance() const {
        const bool is_stream = list_->size() > 0 && !list_->head().starts_with("SQLite format 3");
        if (is_stream) options_.advance(path_, list_->bytes_read(), list_->size());
        else options_.advance(path_ + ", records", accepted_, 0);
    }

    // Takes digests out that prove nothing, or flags the record; true when it took some.
    bool drop_trivial(KnownRecord& record) const {
        bool dropped = false;
        for (std::optional<Digest>* digest : {&record.digests.md5, &record.digests.sha1, &record.digests.sha256}) {
            if (!*digest || !is_trivial(**digest)) continue;
            if (options_.keep_trivial) record.flags.add(RecordFlag::trivial);
            else digest->reset(), dropped = true;
        }
        return dropped;
    }

    void reject(Rejection rejection) {
        ++rejected_;
        const bool is_told = reasons_.size() < most_reasons || reasons_.contains(rejection.why);
        ++reasons_[is_told ? rejection.why : "other reasons"];
        if (rejections_.size() < named_rejections) rejections_.push_back(std::move(rejection));
        if (!options_.lenient && rejections_.size() == named_rejections) refuse(" (reading ended here)");
    }
    [[noreturn]] void refuse(std::string_view end) const {
        throw Error(path_, fmt::format("{}s of the list cannot be read: {}{}", format_->counts(), sentence(), end),
                    "mend them, or give --lenient to leave them out");
    }
    std::string sentence() const {
        std::string text;
        for (const Rejection& r : rejections_)
            text += fmt::format("{}{} {}: {}", text.empty() ? "" : "; ", format_->counts(), r.position, r.why);
        return text;
    }

    void check() const {
        if (!options_.lenient && rejected_ > 0) refuse("");
        if (accepted_ > 0) return;
        if (trivial_ > 0)
            throw Error(path_,
                        "the list holds no usable record: only digests of the empty file or of one byte repeated",
                        "give --keep-trivial to import them all the same");
        if (rejected_ > 0) throw Error(path_, "the list holds no usable record: " + sentence());
        throw Error(path_, "the list holds no record");
    }

    static constexpr std::uint64_t most_size = ~std::uint64_t{0} / 2;
    const std::string& path_;
    const ImportOptions& options_;
    SetWriter& writer_;
    const ListFormat* format_ = nullptr;
    std::unique_ptr<OpenList> list_;
    ListSays says_;
    std::vector<SetSource> sources_;
    std::vector<Rejection> rejections_;  // the first ones
    std::map<std::string, std::uint64_t> reasons_;
    std::vector<std::string> warnings_;  // of the format
    std::uint64_t accepted_ = 0, rejected_ = 0, trivial_ = 0, partly_trivial_ = 0;
};

void ListImport::add_warnings(std::vector<std::string>& warnings) const {
    const auto warn = [&](std::string sentence) { warnings.push_back(path_ + ": " + std::move(sentence)); };
    if (trivial_ > 0)
        warn(
            fmt::format("digests of the empty file or of one byte repeated were dropped ({}); they would match files "
                        "everywhere",
                        counted(trivial_, "record")));
    if (partly_trivial_ > 0)
        warn(fmt::format("{} mixed such a digest with another content's; it was dropped",
                         counted(partly_trivial_, "record")));
    if (rejected_ > 0)
        warn(fmt::format("{} left out: {}{}", counted(rejected_, format_->counts()), sentence(),
                         rejected_ > rejections_.size() ? "; and more" : ""));
    for (const std::string& warning : warnings_) warn(warning);
    KnownSetIdentity alone;
    alone.sources = {sources_.front()};
    for (std::string& warning : warnings_of_age(alone, path_)) warnings.push_back(std::move(warning));
}

std::vector<const ListFormat*> formats_for(const std::vector<const ListFormat*>& formats, const std::string& forced) {
    if (forced.empty()) return formats;
    for (const ListFormat* format : formats)
        if (format->name() == forced) return {format};
    throw Error("--format " + forced, "this build has no such list format", "`triage plugins` lists them");
}

// What people should know of the set as a whole.
void warn_of_set(const KnownSetIdentity& identity, const ImportOptions& options, std::vector<std::string>& warnings) {
    std::uint64_t named = 0;
    for (const CategoryCount& c : identity.categories)
        if (!c.category.number.empty()) ++named;
    if (identity.polarity == Polarity::notable && named > 1 && options.alert_categories.empty())
        warnings.push_back(
            fmt::format("{}: {} categories, and all of them alert; --alert-category names those that should",
                        identity.name, named));
    if (identity.records_conflicting > 0)
        warnings.push_back(fmt::format("{}: {} share a digest with another content; both are kept, and a match says so",
                                       identity.name, counted(identity.records_conflicting, "record")));
}

}  // namespace

std::string date_of(const SetSource& source) {
    // Versions such as 2024-03-01, 2024.03.1 and 2024-03-01T12:00:00Z.
    int year = 0, month = 0, day = 0;
    const bool is_date = std::sscanf(source.version.c_str(), "%4d%*1[-.]%2d%*1[-.]%2d", &year, &month, &day) == 3 &&
                         year >= 1990 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
    return is_date ? fmt::format("{:04}-{:02}-{:02}", year, month, day) : source.modified.substr(0, 10);
}

std::vector<std::string> warnings_of_age(const KnownSetIdentity& identity, const std::string& path) {
    const std::string a_year_ago =
        format_time({utc_now().seconds - stale_days * 86400, 0}, {.is_utc = true}).substr(0, 10);
    const bool is_one =
        std::ranges::count(identity.sources, false, [](const SetSource& s) { return s.format.empty(); }) == 1;
    std::vector<std::string> warnings;
    for (const SetSource& source : identity.sources)
        if (!source.format.empty() && !source.modified.empty() && date_of(source) < a_year_ago)
            warnings.push_back(fmt::format("{}: the list {}is of {}: over a year old", path,
                                           is_one ? "" : source.name + " ", date_of(source)));
    return warnings;
}

Imported import_lists(const std::vector<std::string>& paths, const std::vector<const ListFormat*>& formats,
                      const ImportOptions& options, int fd) {
    SetWriterOptions writing = options.writer;
    writing.advance = options.advance;
    SetWriter writer(writing);
    Imported imported;
    imported.identity.polarity = options.polarity;
    std::vector<SetSource> siblings;
    for (const std::string& path : paths) {
        ListImport list(path, formats_for(formats, options.format), options, writer);
        list.read();
        list.add_to(imported.identity, siblings);
        list.add_warnings(imported.warnings);
    }
    imported.identity.sources.insert(imported.identity.sources.end(), siblings.begin(), siblings.end());
    imported.identity = writer.write(fd, std::move(imported.identity), options.alert_categories);
    warn_of_set(imported.identity, options, imported.warnings);
    return imported;
}

}  // namespace triage
