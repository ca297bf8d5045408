// SPDX-License-Identifier: Apache-2.0
// What travels from the listing thread through the pipeline to the store, in order. A Batch is the pipeline's token: at
// most 8 MiB of content and 256 items, or one larger content alone. The number of tokens is the bound on memory.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "engine/case/audit.h"
#include "engine/case/records.h"

namespace triage {

inline constexpr std::uint64_t batch_content_bytes = 8 << 20;
inline constexpr std::size_t batch_items = 256;

struct EntryWork {
    EntryRecord record;
    const MediaReader* media = nullptr;
    bool is_examined = false;     // record.examined is final: nothing is to be read
    bool shares_content = false;  // an earlier name has the same content
};

struct AuditEvent {
    std::string event;
    std::vector<AuditField> fields;
};

using Item = std::variant<EntryWork, ProblemRecord, VolumeRecord, EvidenceRecord, AuditEvent>;

struct Batch {
    std::vector<Item> items;
    std::uint64_t content_bytes = 0;
    bool is_full() const { return content_bytes >= batch_content_bytes || items.size() >= batch_items; }
};

// A bounded queue between the listing thread and the pipeline's input. Its mutex protects all members.
class BatchQueue {
  public:
    explicit BatchQueue(std::size_t capacity) : capacity_(capacity) {}

    // False when the receiver has gone.
    bool push(std::unique_ptr<Batch> batch) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return batches_.size() < capacity_ || is_closed_; });
        if (is_closed_) return false;
        batches_.push_back(std::move(batch));
        changed_.notify_all();
        return true;
    }
    // Nothing when the sender has finished and the queue is empty.
    std::unique_ptr<Batch> pop() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !batches_.empty() || is_finished_; });
        if (batches_.empty()) return nullptr;
        std::unique_ptr<Batch> batch = std::move(batches_.front());
        batches_.pop_front();
        changed_.notify_all();
        return batch;
    }
    void finish() { set(is_finished_); }  // the sender has sent everything
    void close() { set(is_closed_); }     // the receiver takes no more

  private:
    void set(bool& flag) {
        const std::lock_guard lock(mutex_);
        flag = true;
        changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::unique_ptr<Batch>> batches_;
    std::size_t capacity_;
    bool is_finished_ = false, is_closed_ = false;
};

}  // namespace triage
