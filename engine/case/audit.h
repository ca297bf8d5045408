// SPDX-License-Identifier: Apache-2.0
// audit.jsonl: what happened, in order, each record holding the SHA-256 of the one before. Appended with one write a
// record; `durable` ones are on the disk when record() returns. Belongs to one thread; a failing write throws Error of
// kind interrupted. The format is in docs/case-format.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/case/private_file.h"

namespace triage {

// A field of a record: a name of ours and a JSON value.
struct AuditField {
    AuditField(std::string_view field_name, std::string_view text);
    AuditField(std::string_view field_name, const std::string& text) : AuditField(field_name, std::string_view(text)) {}
    AuditField(std::string_view field_name, const char* text) : AuditField(field_name, std::string_view(text)) {}
    AuditField(std::string_view field_name, std::uint64_t number);
    AuditField(std::string_view field_name, std::uint32_t number) : AuditField(field_name, std::uint64_t{number}) {}
    AuditField(std::string_view field_name, bool truth);

    std::string name, json;
};

enum class Durability { buffered_by_system, durable };

class AuditLog {
  public:
    static AuditLog create(const std::string& path);
    // Goes on after the last whole record. A torn last line (power cut) is cut off; a broken chain throws Error
    // (usage).
    static AuditLog open_for_append(const std::string& path);

    void record(std::string_view event, const std::vector<AuditField>& fields = {},
                Durability durability = Durability::durable);

    std::uint64_t discarded_bytes() const { return discarded_bytes_; }  // of a torn line, by open_for_append

  private:
    AuditLog(PrivateFile file, std::uint64_t next, std::string previous);

    PrivateFile file_;
    std::uint64_t next_ = 0;
    std::string previous_;  // SHA-256 of the last line, hex
    std::uint64_t discarded_bytes_ = 0;
};

// The event "clock": how far the system's clock can be believed (adjtimex), and for how long the machine is up, which
// unlike `monotonic_ns` counts the time that it slept.
void record_clock(AuditLog& audit);

struct AuditCheck {
    std::uint64_t records = 0;        // whole and chained, from the start
    std::optional<std::string> flaw;  // names the first broken record
};
AuditCheck verify_audit(const std::string& path);

// The digest of edges that the first event "evidence-before" of each evidence holds, by its id.
std::map<std::uint32_t, std::string> edges_at_start(const std::string& path);

// Whether its last part, since a resume, has an event "report-failed".
bool has_failed_report(const std::string& path);

}  // namespace triage
