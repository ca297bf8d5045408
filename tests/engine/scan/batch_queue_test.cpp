// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "engine/scan/batch.h"

using namespace triage;

namespace {

std::unique_ptr<Batch> batch_of(std::uint64_t number) {
    auto batch = std::make_unique<Batch>();
    batch->content_bytes = number;
    return batch;
}

}  // namespace

TEST_CASE("a batch is full at 8 MiB of content or 256 items") {
    Batch batch;
    batch.content_bytes = (8 << 20) - 1;
    CHECK_FALSE(batch.is_full());
    batch.content_bytes = 8 << 20;
    CHECK(batch.is_full());
    batch.content_bytes = 0;
    batch.items.resize(255);
    CHECK_FALSE(batch.is_full());
    batch.items.resize(256);
    CHECK(batch.is_full());
}

TEST_CASE("batches leave the queue in the order they came, and nothing after the last") {
    BatchQueue queue(10);
    for (std::uint64_t i = 0; i < 5; ++i) CHECK(queue.push(batch_of(i)));
    queue.finish();
    for (std::uint64_t i = 0; i < 5; ++i) CHECK(queue.pop()->content_bytes == i);
    CHECK(queue.pop() == nullptr);
    CHECK(queue.pop() == nullptr);
}

TEST_CASE("a full queue holds its sender until something is taken") {
    BatchQueue queue(2);
    std::atomic<int> pushed{0};
    std::thread sending([&] {
        for (std::uint64_t i = 0; i < 4; ++i) queue.push(batch_of(i)), ++pushed;
        queue.finish();
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    CHECK(pushed <= 2);
    std::uint64_t taken = 0;
    while (const std::unique_ptr<Batch> batch = queue.pop()) CHECK(batch->content_bytes == taken++);
    CHECK(taken == 4);
    sending.join();
}

TEST_CASE("a sender that waits at a full queue is let go when the receiver closes it") {
    BatchQueue queue(1);
    CHECK(queue.push(batch_of(0)));
    std::atomic<bool> was_taken{true};
    std::thread sending([&] { was_taken = queue.push(batch_of(1)); });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    queue.close();
    sending.join();
    CHECK_FALSE(was_taken);
    CHECK_FALSE(queue.push(batch_of(2)));
}

TEST_CASE("a receiver that waits at an empty queue is let go when the sender finishes") {
    BatchQueue queue(1);
    std::thread finishing([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        queue.finish();
    });
    CHECK(queue.pop() == nullptr);
    finishing.join();
}
