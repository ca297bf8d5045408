// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/address_list.h"

#include <dlfcn.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace triage::tsk {
namespace {

constexpr int most_compared = 64;  // runs: a list that is no longer needs no array

std::uint64_t first_of(const TSK_LIST& run) { return run.key + 1 - run.len; }

// The run that may hold the address, after at most `most` runs; null when none does. Keys fall.
const TSK_LIST* seek(const TSK_LIST* list, std::uint64_t address, int most) {
    while (list && list->key >= address && first_of(*list) > address && most-- > 0) list = list->next;
    return list && list->key >= address ? list : nullptr;
}

AddressLists& lists_of_thread() {
    thread_local AddressLists lists;
    return lists;
}

template <class Function>
Function* function_of_libtsk(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

bool AddressLists::contains(const TSK_LIST* list, std::uint64_t address) {
    Known& known = known_[list];
    if (known.runs.empty() && std::exchange(known.was_asked, true))
        for (const TSK_LIST* run = list; run; run = run->next) known.runs.push_back({first_of(*run), run->key});
    if (known.runs.empty()) return seek(list, address, std::numeric_limits<int>::max()) != nullptr;
    const auto below =
        std::partition_point(known.runs.begin(), known.runs.end(), [&](const Run& run) { return run.first > address; });
    return below != known.runs.end() && below->last >= address;
}

}  // namespace triage::tsk

// In place of libtsk's.
std::uint8_t tsk_list_find(TSK_LIST* list, std::uint64_t address) {
    using namespace triage::tsk;
    const TSK_LIST* const run = seek(list, address, most_compared);
    if (!run) return 0;
    return first_of(*run) <= address || lists_of_thread().contains(list, address);
}

std::uint8_t tsk_list_add(TSK_LIST** list, std::uint64_t address) {
    using namespace triage::tsk;
    static auto* const add = function_of_libtsk<decltype(tsk_list_add)>("tsk_list_add");
    lists_of_thread().forget(*list);
    return add(list, address);
}

void tsk_list_free(TSK_LIST* list) {
    using namespace triage::tsk;
    static auto* const free_list = function_of_libtsk<decltype(tsk_list_free)>("tsk_list_free");
    lists_of_thread().forget(list);
    free_list(list);
}
