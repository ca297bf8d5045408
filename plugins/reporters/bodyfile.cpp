// SPDX-License-Identifier: Apache-2.0
// The `bodyfile` report: report.body, one line a name in The Sleuth Kit's body format 3, for mactime. Names are escaped
// as for a terminal, and `|` too, so that a line stays a line.
#include <fmt/format.h>

#include <iterator>
#include <optional>

#include "engine/base/text.h"
#include "engine/case/private_file.h"
#include "engine/report/redact.h"
#include "engine/report/reporter.h"

namespace triage {
namespace {

void append_name(std::string& out, std::string_view bytes) {
    for (const char c : escape_for_terminal(bytes))
        if (c == '|') out += "\\x7c";
        else out += c;
}

// The body format has one place for what The Sleuth Kit says of a name: behind it. Where placement is not recorded it
// is not established that the name belonged to the bytes that the MD5 is of.
void append_state(std::string& out, const Entry& entry) {
    const bool is_deleted = entry.state == EntryState::deleted, is_placed = entry.placement == Placement::recorded;
    if (!is_deleted && is_placed) return;
    out += is_deleted ? " (deleted" : " (";
    if (!is_placed) out += fmt::format("{}placement {}", is_deleted ? ", " : "", to_string(entry.placement));
    out += ')';
}

// A name may end as a state does: then its last character is escaped.
bool ends_like_a_state(std::string_view name) {
    return name.ends_with("deleted)") || name.ends_with("assumed)") || name.ends_with("reallocated)");
}

std::int64_t seconds_of(const std::optional<Timestamp>& time) { return time ? time->seconds : 0; }

class BodyfileReporter : public Reporter {
  public:
    void begin(const ReportContext& context, const std::string& folder) override {
        context_ = &context;
        file_.emplace(PrivateFile::create(folder + "/report.body"));
        if (context.options.redact.any()) file_->write("# " + disclosure_sentence(context.options.redact) + "\n");
        for (const auto& [evidence, sentence] : context.integrity) file_->write("# " + sentence + "\n");
    }
    // MD5|name|inode|mode_as_string|UID|GID|size|atime|mtime|ctime|crtime
    void append_entry(std::string& out, const EntryRecord& record) const override {
        const Entry& entry = record.entry;
        const VolumeRecord& volume = context_->volume(record.volume);
        if (const auto& md5 = record.examined.digests.get(Algorithm::md5)) append_hex(out, md5->view());
        else out += '0';
        out += "|/";
        append_name(out, context_->evidence(volume.evidence).name + "/" + volume.name + entry.path);
        if (!entry.stream.empty()) append_name(out, ":" + entry.stream);
        if (ends_like_a_state(out)) out.replace(out.size() - 1, 1, "\\x29");
        append_state(out, entry);
        fmt::format_to(std::back_inserter(out), "|{}", entry.address);
        if (entry.attribute != 0)
            fmt::format_to(std::back_inserter(out), "-{}-{}", entry.attribute >> 16, entry.attribute & 0xFFFF);
        fmt::format_to(std::back_inserter(out), "|r/r---------|0|0|{}|{}|{}|{}|{}\n", entry.size,
                       seconds_of(entry.times.accessed), seconds_of(entry.times.modified),
                       seconds_of(entry.times.changed), seconds_of(entry.times.created));
    }
    void entries(std::string_view text) override { file_->write(text); }
    void end() override { file_->sync(); }

  private:
    const ReportContext* context_ = nullptr;
    std::optional<PrivateFile> file_;
};

}  // namespace

const ReporterKind& bodyfile_reporter() {
    static const ReporterKind kind{"bodyfile", "report.body: one line a name, for mactime",
                                   [] { return std::unique_ptr<Reporter>(new BodyfileReporter); }};
    return kind;
}

}  // namespace triage
