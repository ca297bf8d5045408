// SPDX-License-Identifier: Apache-2.0
#include "engine/worker/channel.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <thread>

#include "engine/worker/spawn.h"

using namespace triage;

namespace {

struct Batch {
    BatchHeader header{};
    Bytes frames;
};

struct Pipe {
    Pipe() {
        auto [in, out] = make_pipe();
        reading = std::move(in), writing = std::move(out);
        fcntl(reading.get(), F_SETFL, O_NONBLOCK);
    }
    // Everything that was sent so far.
    std::vector<Batch> batches() const {
        Bytes bytes(8 << 20);
        std::size_t got = 0;
        for (ssize_t n; (n = ::read(reading.get(), bytes.data() + got, bytes.size() - got)) > 0;)
            got += static_cast<std::size_t>(n);
        std::vector<Batch> all;
        for (std::size_t at = 0; at < got;) {
            Batch batch;
            REQUIRE(got - at >= sizeof batch.header);
            std::memcpy(&batch.header, &bytes[at], sizeof batch.header);
            at += sizeof batch.header;
            REQUIRE(got - at >= batch.header.size);
            batch.frames.assign(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                bytes.begin() + static_cast<std::ptrdiff_t>(at + batch.header.size));
            at += batch.header.size;
            all.push_back(std::move(batch));
        }
        return all;
    }
    UniqueFd reading, writing;
};

struct Fixture {
    std::unique_ptr<WorkerBoard> board = std::make_unique<WorkerBoard>();
    Pipe pipe;
    RecordSender sender{*board, pipe.writing.get()};
};

}  // namespace

TEST_CASE("a frame is its length, its type and its payload") {
    Fixture f;
    f.sender.flush();  // so that the next record does not leave at once because none has left for long
    f.sender.send(RecordType::problem, as_bytes("abc"));
    f.sender.flush();
    const std::vector<Batch> batches = f.pipe.batches();
    REQUIRE(batches.size() == 1);
    CHECK(batches[0].header.magic == batch_magic);
    CHECK(batches[0].header.number == 1);
    CHECK(to_hex(batches[0].frames) ==
          "04000000"
          "0a"
          "616263");
}

TEST_CASE("small records wait for each other; batches are numbered without a gap") {
    Fixture f;
    f.sender.flush();
    const Bytes payload(1000, std::byte{7});
    for (int i = 0; i < 500; ++i) f.sender.send(RecordType::entry, payload);
    f.sender.flush();
    std::uint64_t number = 0, bytes = 0;
    for (const Batch& batch : f.pipe.batches()) {
        CHECK(batch.header.number == ++number);
        CHECK(batch.header.size == batch.frames.size());
        CHECK(batch.frames.size() < batch_bytes + 1005);
        bytes += batch.frames.size();
    }
    CHECK(bytes == 500 * 1005);
    CHECK(number < 20);
    CHECK(f.board->committed == 0);
}

TEST_CASE("a record that has waited for 50 ms leaves with the next one") {
    Fixture f;
    f.sender.flush();
    f.sender.send(RecordType::entry, as_bytes("first"));
    std::this_thread::sleep_for(std::chrono::milliseconds(80));
    f.sender.send(RecordType::entry, as_bytes("second"));
    const std::vector<Batch> batches = f.pipe.batches();
    std::size_t bytes = 0;
    for (const Batch& batch : batches) bytes += batch.frames.size();
    CHECK(bytes == 5 + 5 + 5 + 6);
}

TEST_CASE("what is not sent yet stands on the board, complete") {
    Fixture f;
    f.sender.flush();
    f.sender.send(RecordType::entry, as_bytes("abc"));
    CHECK(f.board->batch_number == 1);
    CHECK(to_hex(ByteView(f.board->batch).first(f.board->committed)) ==
          "04000000"
          "08"
          "616263");
}

TEST_CASE("the largest record fits the board; one byte more is refused") {
    Fixture f;
    f.sender.flush();
    std::thread reading([&] {
        // As large as the pipe: somebody must read while it is sent.
        fcntl(f.pipe.reading.get(), F_SETFL, 0);
        Bytes bytes(max_frame_bytes + sizeof(BatchHeader));
        for (std::size_t got = 0; got < bytes.size();) {
            const ssize_t n = ::read(f.pipe.reading.get(), bytes.data() + got, bytes.size() - got);
            if (n <= 0) break;
            got += static_cast<std::size_t>(n);
        }
    });
    CHECK_NOTHROW(f.sender.send(RecordType::entry, Bytes(max_frame_bytes - 5)));
    reading.join();
    CHECK_THROWS_AS(f.sender.send(RecordType::entry, Bytes(max_frame_bytes - 4)), std::length_error);
    CHECK(f.board->committed == 0);
}

TEST_CASE("a sender whose parent has gone says so by an exception") {
    Fixture f;
    f.pipe.reading.reset();
    CHECK_THROWS_AS(f.sender.send(RecordType::entry, Bytes(batch_bytes)), std::runtime_error);
}

TEST_CASE("every step and every read is a sign of life") {
    Fixture f;
    f.sender.stand_at(42, "/dir");
    CHECK(f.board->steps == 1);
    CHECK(f.board->now_address == 42);
    CHECK(std::string_view(f.board->now_path.data(), f.board->now_path_size) == "/dir");
    f.sender.begin_read(4096);
    CHECK(f.board->read_in_flight == 1);
    CHECK(f.board->bytes_read == 4096);
    CHECK(f.board->steps == 1);
    f.sender.end_read();
    CHECK(f.board->read_in_flight == 0);
    CHECK(f.board->steps == 2);
}

TEST_CASE("a path longer than the board is cut, not written past it") {
    Fixture f;
    f.sender.stand_at(1, std::string(10'000, 'x'));
    CHECK(f.board->now_path_size == 4096);
    CHECK(f.board->batch[0] == std::byte{0});
}
