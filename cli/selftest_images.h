// SPDX-License-Identifier: Apache-2.0
// The images of `triage selftest`: made by fixtures/selftest.py when the program is built, carried in it as a ZIP file,
// since a laptop in the field has no tool to make them. One thread.
#pragma once

#include <string>

#include "engine/base/bytes.h"

namespace triage {

ByteView carried_images();  // immutable; the definition is written at build time

// Writes the images, their expectations, the list and the limits into `folder`, which exists. Throws Error.
void unpack_carried_images(const std::string& folder);

}  // namespace triage
