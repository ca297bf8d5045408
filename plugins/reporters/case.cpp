// SPDX-License-Identifier: Apache-2.0
// The `case` report: report.jsonld, a graph of CASE/UCO 1.4.0 as JSON-LD, written as it is heard. Its nodes are made in
// case/. The lists of what was found are read back from the file itself: memory does not grow with the entries.
#include <fmt/format.h>

#include <fstream>
#include <optional>

#include "engine/case/private_file.h"
#include "plugins/reporters/case/graph.h"

namespace triage {
namespace {

using case_report::entry_line;
using case_report::Graph;

// Stands before each entry, with the place of its evidence: no JSON text holds this character.
constexpr char mark = '\1';
constexpr std::size_t uuid_characters = 36;

class CaseReporter : public Reporter {
  public:
    bool wants_whole_entries() const override { return tells_all_; }

    void begin(const ReportContext& context, const std::string& folder) override {
        context_ = &context;
        tells_all_ = context.options.case_graph.entries == ReportedEntries::all;
        graph_.emplace(context);
        for (std::size_t i = 0; i < context.evidences.size(); ++i) places_[context.evidences[i].id] = i;
        file_.emplace(PrivateFile::create(folder + "/report.jsonld"));
        write(graph_->head());
    }

    void append_entry(std::string& out, const EntryRecord& record) const override {
        if (!tells_all_) return;
        fmt::format_to(std::back_inserter(out), "{}{}\n", mark, place_of(record));
        graph_->append_entry(out, record);
    }
    void entries(std::string_view text) override {
        while (!text.empty()) {
            const std::size_t line = text.find('\n'), next = std::min(text.find(mark, 1), text.size());
            write_entry(std::stoul(std::string(text.substr(1, line - 1))), text.substr(line + 1, next - line - 1));
            text.remove_prefix(next);
        }
    }
    void finding(const EntryRecord& record) override {
        if (tells_all_) return;
        std::string text;
        graph_->append_entry(text, record);
        write_entry(place_of(record), text);
    }

    void problem(const ProblemRecord& record) override {
        end_entries();
        std::string text;
        graph_->append_problem(text, record);
        write(text);
    }

    void end() override {
        end_entries();
        write(graph_->tail());
        file_->sync();
    }

  private:
    // Entries of one evidence stand together: between `from` and the next one's, or the end of all.
    struct Stretch {
        std::uint64_t from = 0, entries = 0;
    };

    std::size_t place_of(const EntryRecord& record) const {
        return places_.at(context_->volume(record.volume).evidence);
    }

    void write(std::string_view text) {
        file_->write(text);
        written_ += text.size();
    }
    void write_entry(std::size_t place, std::string_view text) {
        if (place + 1 < stretches_.size()) throw std::runtime_error("the store is damaged: an entry out of order");
        begin_stretches(place + 1);
        ++stretches_.back().entries;
        write(text);
    }
    void begin_stretches(std::size_t count) {
        while (stretches_.size() < count) stretches_.push_back({written_, 0});
    }

    void end_entries() {
        if (std::exchange(are_ended_, true)) return;
        const std::size_t evidences = context_->evidences.size();
        begin_stretches(evidences + 1);
        for (std::size_t i = 0; i < evidences; ++i) {
            write(graph_->begin_of_provenance(context_->evidences[i], stretches_[i].entries));
            write_references(stretches_[i].from, stretches_[i + 1].from);
            write(graph_->end_of_provenance());
        }
    }

    // To each entry between two places of the file.
    void write_references(std::uint64_t from, std::uint64_t to) {
        file_->flush();
        std::ifstream back(file_->path(), std::ios::binary);
        back.seekg(static_cast<std::streamoff>(from));
        std::string line;
        bool is_first = true;
        while (from < to && std::getline(back, line)) {
            from += line.size() + 1;
            if (!line.starts_with(entry_line)) continue;
            write(std::exchange(is_first, false) ? "\n" : ",\n");
            write(std::string_view(line).substr(0, entry_line.size() + uuid_characters));
            write("\"}");
        }
        if (from != to) throw std::runtime_error("what was written of it cannot be read back");
    }

    const ReportContext* context_ = nullptr;
    std::optional<Graph> graph_;
    std::optional<PrivateFile> file_;
    std::unordered_map<std::uint32_t, std::size_t> places_;  // by row of the evidence, from 0
    std::vector<Stretch> stretches_;                         // of each evidence up to now
    std::uint64_t written_ = 0;                              // bytes
    bool tells_all_ = false, are_ended_ = false;
};

}  // namespace

const ReporterKind& case_reporter() {
    static const ReporterKind kind{"case", "report.jsonld: CASE/UCO 1.4.0, entries with a finding or all",
                                   [] { return std::unique_ptr<Reporter>(new CaseReporter); }};
    return kind;
}

}  // namespace triage
