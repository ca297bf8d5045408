// SPDX-License-Identifier: Apache-2.0
// The Registry: every kind this build has, as a value that main makes and passes down. No global state.
#pragma once

#include <vector>

#include "engine/evidence/filesystem.h"
#include "engine/evidence/type_teller.h"
#include "engine/evidence/volume.h"
#include "engine/known/list_format.h"
#include "engine/media/container.h"
#include "engine/report/reporter.h"

namespace triage {

struct Registry {
    std::vector<const Container*> containers;  // in the order they are asked; the last recognises everything
    std::vector<const VolumeSystem*> volume_systems;
    std::vector<const FilesystemReader*> filesystems;
    std::vector<const ListFormat*> lists;  // in the order they are asked
    std::vector<const ReporterKind*> reporters;
    const TypeTeller* types = nullptr;  // asked where a rule names a type that the table does not have
};

}  // namespace triage
