// SPDX-License-Identifier: Apache-2.0
#include "engine/base/time.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace triage {
namespace {

// Calendar date of a day number since 1970-01-01 in the proleptic Gregorian calendar.
struct Date {
    std::int64_t year;
    unsigned month, day;
};
Date date_of(std::int64_t days) {
    // Era arithmetic: years run from 1 March, so that the leap day is the last of its year.
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const auto day_of_era = static_cast<unsigned>(days - era * 146097);
    const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const unsigned shifted_month = (5 * day_of_year + 2) / 153;
    const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    return {year_of_era + era * 400 + (month <= 2), month, day_of_year - (153 * shifted_month + 2) / 5 + 1};
}

// The number with zeros in front. Millions of times stand in a report: a format string costs ten times as much.
char* put_digits(char* out, std::uint32_t number, std::size_t count) {
    for (std::size_t i = count; i-- > 0; number /= 10) out[i] = static_cast<char>('0' + number % 10);
    return out + count;
}

}  // namespace

std::string format_time(Timestamp time, TimeForm form) {
    std::string text;
    append_time(text, time, form);
    return text;
}

void append_time(std::string& text, Timestamp time, TimeForm form) {
    constexpr std::int64_t day = 86400;
    std::int64_t days = time.seconds / day, rest = time.seconds % day;
    if (rest < 0) --days, rest += day;
    const Date date = date_of(days);
    if (date.year < 0 || date.year > 9999) return;
    const auto put = [](char*& out, char mark, std::uint32_t number, std::size_t count) {
        *out++ = mark;
        out = put_digits(out, number, count);
    };
    std::array<char, 32> whole;  // 0000-00-00T00:00:00.000000000Z
    char* out = put_digits(whole.data(), static_cast<std::uint32_t>(date.year), 4);
    put(out, '-', date.month, 2);
    put(out, '-', date.day, 2);
    if (!form.is_date_only) {
        const auto seconds = static_cast<std::uint32_t>(rest);
        put(out, 'T', seconds / 3600, 2);
        put(out, ':', seconds / 60 % 60, 2);
        put(out, ':', seconds % 60, 2);
        if (form.fraction_digits > 0) {
            put(out, '.', time.nanoseconds % 1'000'000'000, 9);
            out -= 9 - std::min<int>(form.fraction_digits, 9);
        }
        if (form.is_utc) *out++ = 'Z';
    }
    text.append(whole.data(), out);
}

Timestamp utc_now() {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    return {now.tv_sec, static_cast<std::uint32_t>(now.tv_nsec)};
}

std::string format_utc(Timestamp time) { return format_time(time, {3, true, false}); }

std::string format_utc_compact(Timestamp time) {
    std::string compact;
    for (char c : format_time(time, {0, true, false}))
        if (c != '-' && c != ':') compact += c;
    return compact;
}

}  // namespace triage
