// SPDX-License-Identifier: Apache-2.0
// The `exec` report: a program of the user's choice reads the case as JSON Lines on its standard input; what it writes
// is exec.out. docs/plugin-lifecycle.md says what it reads and what it may do.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/outside/program.h"
#include "engine/outside/program_file.h"
#include "engine/report/json_rows.h"
#include "engine/report/redact.h"
#include "engine/report/summary.h"

namespace triage {
namespace {

// A file of the case that the program writes. Unless it is kept, it goes with this.
class OutputFile {
  public:
    explicit OutputFile(std::string path)
        : path_(std::move(path)),
          file_(open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) {
        if (file_.get() < 0) throw Error(path_, std::string("cannot be created: ") + strerror(errno));
    }
    ~OutputFile() {
        if (!is_kept_) unlink(path_.c_str());
    }
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    int fd() const { return file_.get(); }
    bool is_empty() const {
        struct stat status {};
        return fstat(fd(), &status) != 0 || status.st_size == 0;
    }
    void keep() {
        if (fsync(fd()) != 0) throw Error(path_, std::string("cannot be written: ") + strerror(errno));
        is_kept_ = true;
    }

  private:
    const std::string path_;
    UniqueFd file_;
    bool is_kept_ = false;
};

// Puts the member `event` before those of the row that `append` makes.
template <class Append>
void append_event(std::string& out, std::string_view event, Append append) {
    const std::size_t start = out.size();
    append();
    std::string head = R"({"event":")";
    head.append(event) += "\",";
    out.replace(start, 1, head);
}

class ExecReporter : public Reporter {
  public:
    // What was said of a failure stays, its report does not: it would be taken for a whole one.
    ~ExecReporter() override {
        program_.reset();
        try {
            if (errors_ && !errors_->is_empty()) errors_->keep();
        } catch (const std::exception&) {  // then it goes
        }
    }

    void begin(const ReportContext& context, const std::string& folder) override {
        open_program(context.options.exec);  // as it is now
        rows_.emplace(context);
        output_.emplace(folder + "/exec.out");
        errors_.emplace(folder + "/exec.err");
        program_.emplace(context.options.exec, output_->fd(), errors_->fd());
        program_->send(first_line(context));
    }
    void append_entry(std::string& out, const EntryRecord& record) const override {
        append_event(out, "entry", [&] { rows_->append_entry(out, record); });
    }
    void entries(std::string_view text) override { program_->send(text); }
    void finding(const EntryRecord& record) override {
        send("finding", [&] { rows_->append_finding(line_, record); });
    }
    void problem(const ProblemRecord& record) override {
        send("problem", [&] { rows_->append_problem(line_, record); });
    }
    void end() override {
        program_->send("{\"event\":\"end\"}\n");
        program_->await_end();
        output_->keep();
    }

  private:
    template <class Append>
    void send(std::string_view event, Append append) {
        line_.clear();
        append_event(line_, event, append);
        program_->send(line_);
    }

    static std::string first_line(const ReportContext& context) {
        nlohmann::ordered_json line{{"event", "start"}, {"version", 1}, {"show_names", context.show_names}};
        if (const Redaction& redaction = context.options.redact; redaction.any()) {
            line["disclosure_copy_without"] = words_of(redaction);
            line["disclosure"] = disclosure_sentence(redaction);
        }
        line["summary"] = nlohmann::ordered_json::parse(summary_json(context));
        return line.dump(-1, ' ', true) + "\n";
    }

    std::optional<JsonRows> rows_;
    std::optional<OutputFile> output_, errors_;
    std::optional<Program> program_;
    std::string line_;
};

}  // namespace

const ReporterKind& exec_reporter() {
    static const ReporterKind kind{exec_report, "exec.out: what a program of yours makes of the case as JSON Lines",
                                   [] { return std::unique_ptr<Reporter>(new ExecReporter); }};
    return kind;
}

}  // namespace triage
