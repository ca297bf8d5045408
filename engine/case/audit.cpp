// SPDX-License-Identifier: Apache-2.0
#include "engine/case/audit.h"

#include <fmt/format.h>
#include <sys/timex.h>

#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/base/time.h"
#include "engine/hash/hasher.h"

namespace triage {
namespace {

const std::string no_previous(64, '0');

std::string sha256_of(std::string_view text) {
    AlgorithmSet sha256;
    sha256.add(Algorithm::sha256);
    return hash_of(as_bytes(text), sha256).sha256->hex();
}

std::uint64_t nanoseconds_of(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

// How far a log is sound.
struct Walk {
    AuditCheck check;
    std::string last_hash = no_previous;
    std::size_t sound_bytes = 0;
    bool is_torn = false;  // the only flaw is a last line without its end
};

// Whether the next line is sound; what is not becomes the flaw.
bool add(Walk& walk, std::string_view line, bool is_ended) {
    const std::uint64_t number = walk.check.records;
    const auto broken = [&](std::string_view why) {
        walk.check.flaw = fmt::format("record {}: {}", number, why);
        return false;
    };
    walk.is_torn = !is_ended;
    if (!is_ended) return broken("cut off");
    if (!line.starts_with(fmt::format("{{\"seq\":{},", number))) return broken("its number is not the next one");
    if (!line.ends_with(fmt::format(",\"previous\":\"{}\"}}", walk.last_hash)))
        return broken(number == 0 ? "it is not the first"
                                  : "it does not follow the record before, or that one was changed");
    walk.last_hash = sha256_of(line);
    walk.sound_bytes += line.size() + 1;
    ++walk.check.records;
    return true;
}

Walk walk(const std::string& path) {
    Walk walk;
    for_each_line(path, [&](std::string_view line, bool is_ended) { return add(walk, line, is_ended); });
    return walk;
}

}  // namespace

AuditField::AuditField(std::string_view field_name, std::string_view text)
    : name(field_name), json(to_json_string(text)) {}
AuditField::AuditField(std::string_view field_name, std::uint64_t number)
    : name(field_name), json(std::to_string(number)) {}
AuditField::AuditField(std::string_view field_name, bool truth) : name(field_name), json(truth ? "true" : "false") {}

AuditLog::AuditLog(PrivateFile file, std::uint64_t next, std::string previous)
    : file_(std::move(file)), next_(next), previous_(std::move(previous)) {}

// Its name is on the disk before the store says that there is a case.
AuditLog AuditLog::create(const std::string& path) {
    PrivateFile file = PrivateFile::create(path);
    sync_folder(std::filesystem::absolute(path).parent_path().string());
    return {std::move(file), 0, no_previous};
}

AuditLog AuditLog::open_for_append(const std::string& path) {
    PrivateFile file = PrivateFile::append(path);  // first: it refuses a link to a file that is not of the case
    const Walk sound = walk(path);
    if (sound.check.flaw && !sound.is_torn) throw Error(escape_for_terminal(path), *sound.check.flaw);
    const std::size_t length = std::filesystem::file_size(path);
    if (sound.is_torn) file.cut_to(sound.sound_bytes);
    AuditLog audit(std::move(file), sound.check.records, sound.last_hash);
    audit.discarded_bytes_ = length - sound.sound_bytes;
    return audit;
}

void AuditLog::record(std::string_view event, const std::vector<AuditField>& fields, Durability durability) {
    std::string line = fmt::format(R"({{"seq":{},"utc":"{}","monotonic_ns":{},"event":{})", next_,
                                   format_utc(utc_now()), nanoseconds_of(CLOCK_MONOTONIC), to_json_string(event));
    for (const AuditField& field : fields) line += fmt::format(",{}:{}", to_json_string(field.name), field.json);
    line += fmt::format(R"(,"previous":"{}"}})", previous_);
    file_.write(line + "\n");
    durability == Durability::durable ? file_.sync() : file_.flush();
    previous_ = sha256_of(line);
    ++next_;
}

void record_clock(AuditLog& audit) {
    timex clock{};  // modes 0: only asks
    const bool is_known = adjtimex(&clock) >= 0;
    std::vector<AuditField> fields{{"known", is_known}, {"boot_ns", nanoseconds_of(CLOCK_BOOTTIME)}};
    if (is_known) {
        fields.emplace_back("synchronised", (clock.status & STA_UNSYNC) == 0);
        fields.emplace_back("largest_error_us", static_cast<std::uint64_t>(clock.maxerror));
        fields.emplace_back("estimated_error_us", static_cast<std::uint64_t>(clock.esterror));
    }
    audit.record("clock", fields);
}

AuditCheck verify_audit(const std::string& path) { return walk(path).check; }

std::map<std::uint32_t, std::string> edges_at_start(const std::string& path) try {
    std::map<std::uint32_t, std::string> edges;
    for_each_line(path, [&](std::string_view line, bool) {
        const nlohmann::json record = nlohmann::json::parse(line, nullptr, false);
        if (record.is_object() && record.value("event", nlohmann::json()) == "evidence-before")
            edges.emplace(record.at("id").get<std::uint32_t>(), record.at("edges_sha256").get<std::string>());
        return true;
    });
    return edges;
} catch (const nlohmann::json::exception&) {
    throw Error(escape_for_terminal(path), "an event evidence-before is not as this program writes it");
}

bool has_failed_report(const std::string& path) {
    bool has_failed = false;
    for_each_line(path, [&](std::string_view line, bool) {
        const nlohmann::json record = nlohmann::json::parse(line, nullptr, false);
        const nlohmann::json event = record.is_object() ? record.value("event", nlohmann::json()) : nlohmann::json();
        if (event == "report-failed") has_failed = true;
        if (event == "resume" || event == "conclude") has_failed = false;
        return true;
    });
    return has_failed;
}

}  // namespace triage
