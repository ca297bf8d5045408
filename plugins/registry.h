// SPDX-License-Identifier: Apache-2.0
// list.def → Registry.
#pragma once

#include "engine/plugin.h"

namespace triage {

const Registry& registry();  // built on first use, immutable, any thread

}  // namespace triage
