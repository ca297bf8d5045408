// SPDX-License-Identifier: Apache-2.0
#include "cli/live.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/versions.h"
#include "engine/base/text.h"
#include "engine/base/time.h"

namespace triage {

// One object; values are added in order. What is empty is left out.
class LiveStream::Line {
  public:
    explicit Line(std::string_view event) { text("event", event); }
    Line() = default;

    Line& text(std::string_view key, std::string_view value) {
        return value.empty() ? *this : raw(key, to_json_string(value));
    }
    Line& number(std::string_view key, std::uint64_t value) { return raw(key, fmt::format("{}", value)); }
    Line& seconds(std::string_view key, double value) { return raw(key, fmt::format("{:.3f}", value)); }
    Line& flag(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
    Line& algorithms(std::string_view key, AlgorithmSet set) {
        std::vector<std::string> words;
        for (const Algorithm algorithm : all_algorithms)
            if (set.has(algorithm)) words.push_back(to_json_string(to_string(algorithm)));
        return raw(key, fmt::format("[{}]", fmt::join(words, ",")));
    }
    Line& objects(std::string_view key, const std::vector<Line>& lines) {
        std::vector<std::string> texts;
        for (const Line& line : lines) texts.push_back(line.object());
        return raw(key, fmt::format("[{}]", fmt::join(texts, ",")));
    }
    Line& inner(std::string_view key, const Line& line) { return raw(key, line.object()); }
    std::string object() const { return "{" + text_ + "}"; }

  private:
    Line& raw(std::string_view key, std::string_view value) {
        text_ += fmt::format("{}\"{}\":{}", text_.empty() ? "" : ",", key, value);
        return *this;
    }
    std::string text_;
};

void LiveStream::write(Line line) {
    const std::string text = line.object() + "\n";
    const std::lock_guard lock(mutex_);
    std::fwrite(text.data(), 1, text.size(), out_);
    std::fflush(out_);
}

void LiveStream::add_evidence(Line& line, std::uint32_t evidence) const {
    if (evidence >= evidence_.size()) return;
    line.text("exhibit", evidence_[evidence].exhibit).text("evidence", evidence_[evidence].name);
}

void LiveStream::start(const std::string& path, const std::vector<EvidenceSpec>& evidence,
                       const std::vector<ListRecord>& lists) {
    std::vector<Line> evidence_lines, list_lines;
    for (const EvidenceSpec& spec : evidence) {
        evidence_.push_back({spec.exhibit, spec.name});
        Line& line = evidence_lines.emplace_back();
        line.text("exhibit", spec.exhibit).text("evidence", spec.name);
        if (spec.device)
            line.text("model", spec.device->model)
                .text("serial", spec.device->serial)
                .number("size", spec.device->size);
    }
    for (const ListRecord& list : lists) {
        lists_.push_back({list.identity.name, list.identity.polarity});
        list_lines.emplace_back().text("set", list.identity.name).text("polarity", to_string(list.identity.polarity));
    }
    write(Line("start")
              .number("version", 1)
              .text("triage", tool_version())
              .text("time", format_utc(utc_now()))
              .text("case", path)
              .objects("evidence", evidence_lines)
              .objects("lists", list_lines));
}

void LiveStream::progress(const Snapshot& s) {
    Line line("progress");
    line.seconds("seconds", s.seconds).text("phase", to_string(s.phase)).flag("stopping", s.is_stopping);
    line.number("entries", s.entries_done).number("entries_listed", s.entries_listed);
    line.number("bytes", s.bytes_done).number("bytes_listed", s.bytes_listed);
    line.number("volumes", s.volumes_done).number("volumes_listed", s.volumes_total);
    line.number("matches", s.matches).number("problems", s.problems);
    if (s.first_match_seconds) line.seconds("first_match_seconds", *s.first_match_seconds);
    if (s.seconds_left) line.seconds("seconds_left", *s.seconds_left);
    if (const auto& busy = s.held_up_by) {
        Line place;
        add_evidence(place, busy->evidence);
        place.text("volume", busy->volume).text("address", fmt::format("{}", busy->address));
        place.seconds("seconds", busy->seconds);
        line.inner("waits_for", place);
    }
    write(std::move(line));
}

void LiveStream::volume(const VolumeRecord& record) {
    Line line("volume");
    add_evidence(line, record.evidence);
    line.text("volume", record.name).number("start", record.start).number("length", record.length);
    line.text("fs", record.fs).text("state", to_string(record.state));
    write(std::move(line));
}

void LiveStream::finding(const EntryRecord& record) {
    const auto& found = record.examined.matches;
    const auto is_notable = [&](const Match& m) { return lists_.at(m.set).polarity == Polarity::notable; };
    if (std::none_of(found.begin(), found.end(), is_notable)) return;
    Line line("match");
    line.seconds("seconds", progress_.seconds());
    const VolumePlace place = progress_.place_of(record.volume);
    const Entry& entry = record.entry;
    add_evidence(line, place.evidence);
    line.text("volume", place.volume);
    if (names_) line.text("path", entry.path);
    line.text("address", fmt::format("{}", entry.address));
    if (names_) line.text("stream", entry.stream);
    line.text("kind", to_string(entry.kind)).text("state", to_string(entry.state)).number("size", entry.size);
    std::vector<Line> matches;
    for (const Match& match : record.examined.matches) {
        Line& one = matches.emplace_back();
        if (match.set < lists_.size())
            one.text("set", lists_[match.set].name).text("polarity", to_string(lists_[match.set].polarity));
        one.text("category", match.category);
        if (names_) one.text("label", match.label);
        one.number("record", match.record).algorithms("agrees", match.agrees).algorithms("differs", match.differs);
    }
    write(std::move(line.objects("matches", matches)));
}

void LiveStream::problem(const ProblemRecord& record) {
    Line line("problem");
    line.seconds("seconds", progress_.seconds());
    add_evidence(line, record.evidence);
    if (record.volume) line.text("volume", progress_.place_of(*record.volume).volume);
    const Problem& problem = record.problem;
    if (names_) line.text("path", problem.path);
    if (problem.address) line.text("address", fmt::format("{}", *problem.address));
    line.text("what", to_string(problem.kind)).text("detail", problem.detail);
    write(std::move(line));
}

void LiveStream::end(const Verdict& verdict, int exit_code, const std::string& path, const std::string& seal) {
    write(Line("end")
              .text("verdict", verdict.words())
              .flag("complete", verdict.is_complete)
              .flag("interrupted", verdict.is_interrupted)
              .number("exit_code", static_cast<std::uint64_t>(exit_code))
              .text("case", path)
              .text("seal", seal));
}

}  // namespace triage
