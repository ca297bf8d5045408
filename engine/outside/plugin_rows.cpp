// SPDX-License-Identifier: Apache-2.0
#include "engine/outside/plugin_rows.h"

#include <cstring>
#include <limits>

#include "engine/base/error.h"
#include "engine/report/redact.h"
#include "engine/report/summary.h"

namespace triage {
namespace {

template <class T>
void put(std::string& out, T number) {
    std::array<char, sizeof(T)> bytes;
    std::memcpy(bytes.data(), &number, sizeof(T));
    out.append(bytes.data(), bytes.size());
}
void put_text(std::string& out, std::string_view text) {
    put(out, static_cast<std::uint32_t>(text.size()));
    out += text;
}

// One frame; its size is written when its end is known.
template <class Write>
void frame(std::string& out, PluginCall call, Write write) {
    const std::size_t start = out.size();
    put<std::uint32_t>(out, 0);
    put(out, static_cast<std::uint8_t>(call));
    write();
    const std::size_t size = out.size() - start - sizeof(std::uint32_t);
    if (size > std::numeric_limits<std::uint32_t>::max()) throw Error("plug-in", "a row is longer than 4 GiB");
    const auto written = static_cast<std::uint32_t>(size);
    std::memcpy(out.data() + start, &written, sizeof written);
}

// A line as JsonRows appends it, without its newline.
template <class Append>
void put_line(std::string& out, Append append) {
    const std::size_t start = out.size();
    put<std::uint32_t>(out, 0);
    append();
    out.pop_back();
    const auto size = static_cast<std::uint32_t>(out.size() - start - sizeof(std::uint32_t));
    std::memcpy(out.data() + start, &size, sizeof size);
}

void put_digest(std::string& out, const Digests& digests, Algorithm algorithm) {
    const auto& digest = digests.get(algorithm);
    put_text(out, digest ? digest->hex() : std::string());
}

// The texts of a row in their order; who adds one adds it here, below and in parse_row.
constexpr std::array row_texts{&triage_row::json,  &triage_row::exhibit, &triage_row::evidence, &triage_row::volume,
                               &triage_row::path,  &triage_row::fs,      &triage_row::stream,   &triage_row::entry_kind,
                               &triage_row::state, &triage_row::type,    &triage_row::status,   &triage_row::reason,
                               &triage_row::md5,   &triage_row::sha1,    &triage_row::sha256,   &triage_row::severity,
                               &triage_row::what,  &triage_row::detail};
constexpr std::size_t texts_of_entries_and_findings = 11;  // fs to severity

void put_entry(std::string& out, const ReportContext& context, const EntryRecord& record) {
    const VolumeRecord& volume = context.volume(record.volume);
    const EvidenceRecord& evidence = context.evidence(volume.evidence);
    const Entry& entry = record.entry;
    const Examined& examined = record.examined;
    for (const std::string_view text :
         {std::string_view(evidence.exhibit), std::string_view(evidence.name), std::string_view(volume.name),
          std::string_view(entry.path), std::string_view(volume.fs), std::string_view(entry.stream),
          std::string_view(to_string(entry.kind)), std::string_view(to_string(entry.state)),
          std::string_view(examined.type), std::string_view(to_string(examined.status)),
          examined.reason == Reason::none ? std::string_view() : std::string_view(to_string(examined.reason))})
        put_text(out, text);
    for (const Algorithm algorithm : {Algorithm::md5, Algorithm::sha1, Algorithm::sha256})
        put_digest(out, examined.digests, algorithm);
    put_text(out, record.finding ? std::string_view(to_string(record.finding->severity)) : std::string_view());
    put_text(out, {}), put_text(out, {});  // what a problem has
    put(out, entry.size), put(out, entry.address), put<std::uint32_t>(out, 1);
}

class Parser {
  public:
    explicit Parser(ByteView bytes) : rest_(bytes) {}
    template <class T>
    void number(T& value) {
        if (rest_.size() < sizeof(T)) return void(is_good_ = false);
        std::memcpy(&value, rest_.data(), sizeof(T));
        rest_ = rest_.subspan(sizeof(T));
    }
    void text(triage_text& value) {
        std::uint32_t size = 0;
        number(size);
        if (size > rest_.size()) is_good_ = false;
        if (!is_good_) return;
        value = {size == 0 ? "" : reinterpret_cast<const char*>(rest_.data()), size};
        rest_ = rest_.subspan(size);
    }
    bool is_complete() const { return is_good_ && rest_.empty(); }

  private:
    ByteView rest_;
    bool is_good_ = true;
};

}  // namespace

void PluginRows::append_begin(std::string& out) const {
    frame(out, PluginCall::begin, [&] {
        put_text(out, summary_json(context_));
        put_text(out, context_.verdict.words());
        put_text(out, disclosure_sentence(context_.options.redact));
        put<std::uint32_t>(out, context_.show_names ? 1 : 0);
    });
}

void PluginRows::append_entry(std::string& out, const EntryRecord& record) const {
    frame(out, PluginCall::entry, [&] {
        put_line(out, [&] { json_.append_entry(out, record); });
        put_entry(out, context_, record);
    });
}

void PluginRows::append_finding(std::string& out, const EntryRecord& record) const {
    frame(out, PluginCall::finding, [&] {
        put_line(out, [&] { json_.append_finding(out, record); });
        put_entry(out, context_, record);
    });
}

void PluginRows::append_problem(std::string& out, const ProblemRecord& record) const {
    const EvidenceRecord& evidence = context_.evidence(record.evidence);
    const Problem& problem = record.problem;
    frame(out, PluginCall::problem, [&] {
        put_line(out, [&] { json_.append_problem(out, record); });
        put_text(out, evidence.exhibit), put_text(out, evidence.name);
        put_text(out, record.volume ? std::string_view(context_.volume(*record.volume).name) : std::string_view());
        put_text(out, problem.path);
        for (std::size_t i = 0; i < texts_of_entries_and_findings; ++i) put_text(out, {});
        put_text(out, to_string(problem.kind)), put_text(out, problem.detail);
        put<std::uint64_t>(out, 0), put(out, problem.address.value_or(0));
        put<std::uint32_t>(out, problem.address ? 1 : 0);
    });
}

void PluginRows::append_end(std::string& out) const {
    frame(out, PluginCall::end, [] {});
}

bool parse_run(ByteView payload, triage_run& run) {
    Parser in(payload);
    run = {};
    run.struct_size = sizeof run;
    in.text(run.summary), in.text(run.verdict), in.text(run.disclosure), in.number(run.show_names);
    return in.is_complete();
}

bool parse_row(PluginCall call, ByteView payload, triage_row& row) {
    Parser in(payload);
    row = {};
    row.struct_size = sizeof row;
    row.kind = static_cast<std::uint32_t>(call);
    for (const auto text : row_texts) in.text(row.*text);
    in.number(row.size), in.number(row.address), in.number(row.has_address);
    return in.is_complete();
}

}  // namespace triage
