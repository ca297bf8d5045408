// SPDX-License-Identifier: Apache-2.0
#include "engine/known/size_gate.h"

#include <vector>

namespace triage {

SizeGate::SizeGate(const KnownSets& sets, const IsStopped& is_stopped) {
    std::vector<const KnownSet*> notable;
    for (const KnownSet& set : sets)
        if (set.identity().polarity == Polarity::notable) notable.push_back(&set);
    if (notable.empty()) return;
    for (const KnownSet* set : notable)
        if (!add_sizes(*set, is_stopped)) return;
    for (std::size_t i = 0; i < notable.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (contradict(*notable[j], *notable[i], is_stopped)) {
                if (is_stopped()) end_stopped();
                else
                    obstacle_ = notable[j]->identity().name + " and " + notable[i]->identity().name +
                                " may give one hash different sizes";
                return;
            }
    obstacle_.clear();
    holds_ = true;
}

// Returns false: there is no gate.
bool SizeGate::end_stopped() {
    was_stopped_ = true;
    obstacle_ = "the run was stopped before all sizes were read";
    return false;
}

// False, and why, when a record allows no gate.
bool SizeGate::add_sizes(const KnownSet& set, const IsStopped& is_stopped) {
    const std::string& name = set.identity().name;
    if (set.identity().records_conflicting > 0) {
        obstacle_ = name + " has records that contradict each other";
        return false;
    }
    constexpr std::uint64_t between_looks = 1 << 12;
    std::uint64_t records = 0;
    bool is_sound = true;
    set.for_each_size([&](std::optional<std::uint64_t> size) {
        if (records++ % between_looks == 0 && is_stopped()) return is_sound = end_stopped();
        if (sizes_.add(size)) return true;
        obstacle_ = name + (size.value_or(0) > 0 ? " has too many sizes" : " has records without a size");
        return is_sound = false;
    });
    return is_sound;
}

// Does one hash have two sizes in two sets? The hashes of the smaller set are looked up in the other one. Those of a
// protected set cannot be listed: two of them may contradict each other.
bool SizeGate::contradict(const KnownSet& a, const KnownSet& b, const IsStopped& is_stopped) const {
    const bool a_is_smaller = a.identity().records_accepted <= b.identity().records_accepted;
    const bool a_is_listed = !a.is_protected() && (a_is_smaller || b.is_protected());
    const KnownSet &listed = a_is_listed ? a : b, &other = a_is_listed ? b : a;
    return listed.is_protected() || listed.differs_in_size_from(other, is_stopped);
}

bool SizeGate::may_match(std::uint64_t size) const { return !holds_ || sizes_.has(size); }

}  // namespace triage
