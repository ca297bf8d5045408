// SPDX-License-Identifier: Apache-2.0
#include "plugins/registry.h"

namespace triage {

#define CONTAINER(name) const Container& name##_container();
#define VOLUMES(name) const VolumeSystem& name##_volumes();
#define FILESYSTEM(name) const FilesystemReader& name##_filesystem();
#define TYPES(name) const TypeTeller& name##_types();
#define LIST(name) const ListFormat& name##_list();
#define REPORTER(name) const ReporterKind& name##_reporter();
#include "plugins/list.def"
#undef CONTAINER
#undef VOLUMES
#undef FILESYSTEM
#undef TYPES
#undef LIST
#undef REPORTER

const Registry& registry() {
    static const Registry all = [] {
        Registry r;
#define CONTAINER(name) r.containers.push_back(&name##_container());
#define VOLUMES(name) r.volume_systems.push_back(&name##_volumes());
#define FILESYSTEM(name) r.filesystems.push_back(&name##_filesystem());
#define TYPES(name) r.types = &name##_types();
#define LIST(name) r.lists.push_back(&name##_list());
#define REPORTER(name) r.reporters.push_back(&name##_reporter());
#include "plugins/list.def"
#undef CONTAINER
#undef VOLUMES
#undef FILESYSTEM
#undef TYPES
#undef LIST
#undef REPORTER
        return r;
    }();
    return all;
}

}  // namespace triage
