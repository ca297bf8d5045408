// SPDX-License-Identifier: Apache-2.0
// Writes the file of a compiled set: sections one after the other, the checksum of every block on the way, the
// superblock last. Private to engine/known; one thread.
#pragma once

#include "engine/known/row_spool.h"
#include "engine/known/set_key.h"
#include "engine/known/tks_layout.h"

namespace triage {

class SetAssembly {
  public:
    // `fd`: an empty file. With a key, sections that can be read are encrypted.
    SetAssembly(int fd, const SetKey* key);

    void begin(const tks::Section& section);  // its place is set here
    void append(ByteView bytes);
    void append(BufferedFile& file);
    void end();

    // Writes checksums and superblock, and syncs.
    void finish(tks::Superblock superblock);

  private:
    void write(ByteView bytes);  // as it stands in the file
    void flush();
    void align();

    const int fd_;
    const SetKey* key_;
    Bytes buffer_;          // of the block under way
    std::uint64_t offset_;  // where the next byte goes
    Bytes checksums_;
    std::vector<tks::Section> sections_;
    Bytes sealed_;  // plain bytes of an encrypted block under way
    std::uint64_t plain_bytes_ = 0, sealed_blocks_ = 0;
};

}  // namespace triage
