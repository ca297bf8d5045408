// SPDX-License-Identifier: Apache-2.0
// Scans that are stopped, or die, and go on.
#include <doctest/doctest.h>

#include <filesystem>
#include <thread>

#include "tests/engine/scan/scanned.h"
#include "tests/support/sha256.h"

using namespace triage;
using namespace triage::test;
using triage::ewf_test::sample_media;

TEST_CASE("a scan that is stopped is interrupted, and resumed it has the rows of one that was not") {
    const ScriptImage image = [] {
        ScriptImage three = busy_image();
        return three.volume("fs ext4\nresident /before 5 x\nslow /slow 6 60\nresident /after 7 y\n")
            .volume("fs ext4\nresident /last 5 z\n");
    }();
    Scanned whole(image);
    whole.run();
    CHECK_FALSE(whole.store->run().is_interrupted);

    Scanned scanned(image);
    std::thread stopping([&] {
        // The fourth volume is under way when the table and the first three are done.
        while (scanned.progress.volumes_done < 4) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        scanned.stop = true;
    });
    scanned.run();
    stopping.join();
    CHECK(scanned.store->run().is_interrupted);
    CHECK(scanned.states().ends_with("p3 pending\n"));

    scanned.reopen();
    scanned.stop = false;
    scanned.run();
    CHECK_FALSE(scanned.store->run().is_interrupted);
    CHECK(scanned.states() == whole.states());
    CHECK(difference(scanned.rows(), whole.rows()) == "");
}

TEST_CASE("what an interrupted run had hashed of a volume is not read again when it is walked again") {
    const Bytes bytes = sample_media(1 << 20);
    ScriptImage image;
    image.volume(fmt::format("fs ext4\nfile /a 5 8192+{}\npacked /b 6 bcd\nresident /z 8 x\n", bytes.size()),
                 bytes.size() + 8192);
    image.put(8192, bytes);
    Scanned scanned(image);
    scanned.run();
    const std::string rows = scanned.rows();
    const std::uint64_t listed = scanned.progress.bytes_listed;
    CHECK(listed == bytes.size() + 3 + 1);

    scanned.reopen();  // as if the run had died before the volume's end
    for (VolumeRecord volume : scanned.store->volumes()) {
        volume.state = VolumeState::pending;
        scanned.store->put_volume(volume);
    }
    scanned.store->commit();
    scanned.run();
    CHECK(scanned.progress.bytes_listed - listed == 1);  // of the resident one
    CHECK(scanned.rows() == rows);
    CHECK_FALSE(std::filesystem::exists(scanned.folder / "earlier.sqlite"));
}

// A content that was being read when the run stopped has no digests yet: its volume was listed, not examined.
TEST_CASE("a volume whose contents were not all read when the scan stopped is walked again") {
    const Bytes bytes = sample_media(24 << 20);
    ScriptImage image;
    image.volume(fmt::format("fs apfs vol0\nfile /a 5 8192+{}\nfs apfs vol1\nresident /b 5 x\n", bytes.size()),
                 bytes.size() + 8192);
    image.put(8192, bytes);
    for (const int milliseconds : {0, 10, 30, 60}) {
        Scanned scanned(image);
        std::thread stopping([&] {
            while (scanned.progress.entries_listed < 1) std::this_thread::yield();
            std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
            scanned.stop = true;
        });
        scanned.run();
        stopping.join();
        scanned.reopen();
        scanned.stop = false;
        scanned.run();
        CHECK(scanned.rows() ==
              hashed("p0/vol0 /a:", sha256_of(bytes)) + hashed("p0/vol1 /b:", sha256_of(as_bytes("x"))));
        CHECK(scanned.states() == "gap0 gap\np0 walked\np0/vol0 walked\np0/vol1 walked\n");
    }
}
