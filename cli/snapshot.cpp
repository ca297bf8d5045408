// SPDX-License-Identifier: Apache-2.0
#include "cli/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/text.h"

namespace triage {
namespace {

constexpr double remembered_seconds = 60, least_seconds = 2;

// What has been waited for the longest: a content that is read, or the listing.
std::optional<BusyWith> held_up_by(std::optional<BusyWith> longest, const Progress& progress, Phase phase) {
    if (phase == Phase::listing) {
        const BusyWith listing = progress.listing();
        if (!longest || listing.seconds > longest->seconds) longest = listing;
    }
    if (!longest || longest->seconds <= held_up_seconds) return std::nullopt;
    return longest;
}

}  // namespace

std::string evidence_in_words(const EvidenceSpec& spec) {
    std::string words = (spec.exhibit.empty() ? "" : spec.exhibit + ": ") + spec.name;
    std::uint64_t size = 0;
    for (const Segment& segment : spec.segments) size = checked_add(size, segment.size).value_or(~std::uint64_t{0});
    if (spec.device) {
        words += spec.device->model.empty() ? "" : ", " + spec.device->model;
        words += spec.device->serial.empty() ? "" : ", serial " + spec.device->serial;
        size = spec.device->size;
    }
    words += ", " + human_size(size);
    if (spec.segments.size() > 1) words += fmt::format(" in {} files", spec.segments.size());
    return words;
}

std::optional<double> seconds_for(std::uint64_t bytes, double seconds_between, std::uint64_t bytes_between) {
    if (bytes == 0) return 0;
    if (seconds_between < least_seconds || bytes_between == 0) return std::nullopt;
    return static_cast<double>(bytes) * seconds_between / static_cast<double>(bytes_between);
}

// The listing runs ahead of the reading: while contents are read, a device must not be taken for one that is done.
std::uint32_t SnapshotTaker::evidence_now(const Progress::UnderWay& under_way, Phase phase) {
    if (under_way.evidence) read_last_ = under_way.evidence;
    return phase == Phase::listing ? progress_.listing().evidence : read_last_.value_or(0);
}

Snapshot SnapshotTaker::take() {
    Snapshot s;
    s.phase = progress_.phase;
    s.is_stopping = stop_ || progress_.is_stopping, s.is_resumed = watched_.is_resumed,
    s.is_discreet = watched_.is_discreet;
    s.seconds = progress_.seconds();
    if (watched_.deadline) {
        const auto left = *watched_.deadline - Progress::Clock::now();
        s.seconds_to_deadline = std::max(0.0, std::chrono::duration<double>(left).count());
        s.is_stopping |= *s.seconds_to_deadline <= 0 && s.phase <= Phase::verifying;
    }
    // What is done is read first: the run goes on meanwhile, and never is more done than listed.
    const Progress::UnderWay under_way = progress_.look_under_way();
    s.entries_done = progress_.entries_examined, s.bytes_done = progress_.bytes_examined + under_way.bytes;
    s.entries_listed = progress_.entries_listed, s.bytes_listed = progress_.bytes_listed;
    s.bytes_verified = progress_.bytes_verified, s.bytes_to_verify = progress_.bytes_to_verify;
    s.volumes_done = progress_.volumes_done, s.volumes_total = progress_.volumes_total;
    s.matches = progress_.matches, s.problems = progress_.problems;
    if (const std::int64_t ms = progress_.first_match_ms; ms >= 0)
        s.first_match_seconds = static_cast<double>(ms) / 1000.0;
    for (const MatchTally& tally : progress_.tallies())
        s.tallies.push_back({tally.set < watched_.lists.size() ? watched_.lists[tally.set] : std::string{},
                             tally.category, tally.contents});
    const auto words_of = [&](std::uint32_t evidence) {
        return evidence < watched_.evidences.size() ? watched_.evidences[evidence] : std::string{};
    };
    const std::uint32_t current = evidence_now(under_way, s.phase);
    s.evidence = words_of(current);
    s.evidence_number = current + 1, s.evidences = watched_.evidences.size();
    s.held_up_by = held_up_by(under_way.slowest, progress_, s.phase);
    if (s.held_up_by && s.evidences > 1) s.held_up_evidence = words_of(s.held_up_by->evidence);

    if (std::exchange(sampled_, s.phase) != s.phase) samples_.clear();  // reading beside the listing has another speed
    const bool is_verifying = s.phase == Phase::verifying;
    const std::uint64_t done = is_verifying ? s.bytes_verified : s.bytes_done;
    const std::uint64_t all = is_verifying ? s.bytes_to_verify : s.bytes_listed;
    samples_.push_back({s.seconds, done});
    while (samples_.front().seconds < s.seconds - remembered_seconds) samples_.pop_front();
    const std::uint64_t left = all - std::min(done, all);
    s.is_speed_known = s.seconds - samples_.front().seconds >= least_seconds;
    if (s.phase == Phase::reading || is_verifying)
        s.seconds_left =
            seconds_for(left, s.seconds - samples_.front().seconds, done - std::min(done, samples_.front().bytes));
    return s;
}

}  // namespace triage
