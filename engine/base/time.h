// SPDX-License-Identifier: Apache-2.0
// Instants as evidence stores them and instants of the run. Nothing here converts between time zones: a file system
// that stores local time is printed as local time, without offset.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace triage {

// An instant from a file system. `seconds` since 1970-01-01 00:00:00 of whatever clock the file system keeps.
struct Timestamp {
    std::int64_t seconds = 0;
    std::uint32_t nanoseconds = 0;
    friend bool operator==(const Timestamp&, const Timestamp&) = default;
};

// How a file system stores one of its times: decides how a Timestamp is printed.
struct TimeForm {
    std::uint8_t fraction_digits = 0;  // digits after the second: 0 FAT modified, 2 FAT created, 7 NTFS, 9 ext4
    bool is_utc = false;               // prints `Z`; otherwise no offset at all
    bool is_date_only = false;         // FAT accessed
    friend bool operator==(const TimeForm&, const TimeForm&) = default;
};

// RFC 3339 ("2024-05-01T10:20:30.1234567Z"); years outside 0000 to 9999 are not representable: empty.
std::string format_time(Timestamp time, TimeForm form);
inline std::string format_time(const std::optional<Timestamp>& time, TimeForm form) {
    return time ? format_time(*time, form) : "";
}
void append_time(std::string& text, Timestamp time, TimeForm form);

Timestamp utc_now();  // the system clock
// "2024-05-01", or "2024-05-01T10:20:30" with an optional fraction and an optional "Z"; nothing when it is neither.
std::optional<Timestamp> parse_time(std::string_view text);
std::string format_utc(Timestamp time);     // RFC 3339 with milliseconds and Z
std::string format_utc_compact(Timestamp);  // 20240501T102030Z

}  // namespace triage
