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

// So many digits as a number.
std::optional<std::uint32_t> number_at(std::string_view text, std::size_t offset, std::size_t digits) {
    if (text.size() < offset + digits) return {};
    std::uint32_t number = 0;
    for (const char c : text.substr(offset, digits)) {
        if (c < '0' || c > '9') return {};
        number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    return number;
}

// The inverse of date_of.
std::int64_t days_of(std::int64_t year, std::uint32_t month, std::uint32_t day) {
    year -= month <= 2;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t year_of_era = year - era * 400;
    const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
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

std::optional<Timestamp> parse_time(std::string_view text) {
    const auto year = number_at(text, 0, 4), month = number_at(text, 5, 2), day = number_at(text, 8, 2);
    if (!year || !month || !day || *month < 1 || *month > 12) return {};
    Timestamp time{days_of(*year, *month, *day) * 86400, 0};
    // A day that the month does not have becomes one of the next month.
    if (format_time(time, {0, true, true}) != text.substr(0, 10)) return {};
    if (text.size() == 10) return time;
    const auto hour = number_at(text, 11, 2), minute = number_at(text, 14, 2), second = number_at(text, 17, 2);
    if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return {};
    if (text[10] != 'T' || text[13] != ':' || text[16] != ':') return {};
    time.seconds += *hour * 3600 + *minute * 60 + *second;
    text.remove_prefix(19);
    if (text.starts_with('.')) {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789", 1), text.size()) - 1;
        const auto fraction = number_at(text, 1, digits);
        if (digits < 1 || digits > 9 || !fraction) return {};
        time.nanoseconds = *fraction;
        for (std::size_t i = digits; i < 9; ++i) time.nanoseconds *= 10;
        text.remove_prefix(digits + 1);
    }
    if (!text.empty() && text != "Z") return {};
    return time;
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
