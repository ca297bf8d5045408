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

std::int64_t seconds_of(const std::optional<Timestamp>& time) { return time ? time->seconds : 0; }

class BodyfileReporter : public Reporter {
  public:
    void begin(const ReportContext& context, const std::string& folder) override {
        context_ = &context;
        file_.emplace(PrivateFile::create(folder + "/report.body"));
        if (context.options.redact.any()) file_->write("# " + disclosure_sentence(context.options.redact) + "\n");
        for (const std::string& sentence : context.integrity) file_->write("# " + sentence + "\n");
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
        if (entry.state == EntryState::deleted) out += " (deleted)";
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
