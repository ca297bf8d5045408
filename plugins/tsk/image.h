// SPDX-License-Identifier: Apache-2.0
// A stretch of the media as libtsk's image. libtsk turns a failed read into success with uninitialised bytes when the
// length is not a multiple of the sector size, and keeps errors until somebody asks; so this adaptor keeps its own map
// of what could not be read, and its users take flaws and error text after each call. One thread.
#pragma once

#include <tsk/libtsk.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

#include "engine/evidence/entry.h"
#include "engine/evidence/volume.h"
#include "engine/media/media_reader.h"
#include "plugins/tsk/read_cache.h"

namespace triage::tsk {

class Image {
  public:
    // `sector_size`: what libtsk is told in place of the media's own, which a raw image does not record.
    Image(const MediaReader& media, std::uint64_t start, std::uint64_t length, std::uint32_t sector_size = 0);
    ~Image();
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;

    TSK_IMG_INFO* handle() { return &external_->info; }
    std::uint64_t start() const { return start_; }
    std::uint64_t length() const { return length_; }
    std::uint32_t sector_size() const { return sector_size_; }
    const MediaReader& media() const { return media_; }
    std::uint64_t media_size() const { return media_.size(); }

    // Bytes of the volume for our own parsers. False when any of them could not be read (noted as a flaw too).
    bool read(std::uint64_t offset, MutableBytes out);

    // What could not be read since the last call.
    ReadFlaws take_flaws();

    // Shows libtsk, and nobody else, `bytes` at `offset` in place of what stands there.
    void show_instead(std::uint64_t offset, Bytes bytes) { shown_offset_ = offset, shown_ = std::move(bytes); }

  private:
    // libtsk sees the first member; the second leads back here. Its cache of 2 MiB, which nothing ever fills, takes no
    // memory as long as nobody writes zeros into it.
    struct External {
        TSK_IMG_INFO info;
        Image* self;
    };
    static ssize_t read_callback(TSK_IMG_INFO* info, TSK_OFF_T offset, char* buffer, size_t length);

    const MediaReader& media_;
    std::uint64_t start_, length_;
    std::uint32_t sector_size_;
    ReadCache cache_;
    ReadFlaws flaws_;
    std::uint64_t shown_offset_ = 0;
    Bytes shown_;
    std::unique_ptr<External, decltype(&std::free)> external_;
};

// libtsk's error text of this thread since the last call, cleared; empty when there is none.
std::string take_error();

// The problem that a flaw in metadata amounts to.
Problem problem_of(const BadRange& flaw, std::uint32_t sector_size);

struct CloseFile {
    void operator()(TSK_FS_FILE* file) const { tsk_fs_file_close(file); }
};
using FileHandle = std::unique_ptr<TSK_FS_FILE, CloseFile>;

// Calls `see` with the content of a file in pieces of `piece_bytes`, of which the last may be shorter, and with the
// place of each. False when not all of it could be read.
bool read_pieces(TSK_FS_FILE* file, std::uint64_t piece_bytes,
                 const std::function<void(std::uint64_t at, ByteView piece)>& see);

}  // namespace triage::tsk
