// SPDX-License-Identifier: Apache-2.0
// Work in numbered pieces on several threads whose results are taken one at a time, in the order of the numbers: what
// is made of them cannot depend on the threads. A thread holds one result at most, so that is the bound of memory.
// The first failure in the order ends the work and is thrown; nothing after it is taken.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

namespace triage {

class InOrder {
  public:
    explicit InOrder(std::uint64_t pieces) : pieces_(pieces) {}

    // `start()` is called on each thread and returns its maker, with what that thread alone may use; `maker(number)`
    // returns a result, `take(result)` hears it. The caller is one of the threads.
    template <class Start, class Take>
    void run(std::uint32_t threads, const Start& start, const Take& take) {
        {
            std::vector<std::jthread> others;
            try {
                for (std::uint32_t i = 1; i < threads && i < pieces_; ++i)
                    others.emplace_back([&] { work(start, take); });
            } catch (const std::system_error&) {
                // No more threads are to be had: those that are do the work.
            }
            work(start, take);
        }
        if (failure_) std::rethrow_exception(failure_);
    }

  private:
    template <class Start, class Take>
    void work(const Start& start, const Take& take) {
        std::optional<decltype(start())> maker;
        for (std::uint64_t number; (number = next_++) < pieces_ && !has_failed_;) {
            std::optional<decltype((*maker)(number))> result;
            std::exception_ptr failure;
            try {
                if (!maker) maker.emplace(start());
                result.emplace((*maker)(number));
            } catch (...) {
                failure = std::current_exception();
            }
            pass(number, [&] { failure ? std::rethrow_exception(failure) : take(std::move(*result)); });
        }
    }

    template <class Step>
    void pass(std::uint64_t number, const Step& step) {
        std::unique_lock lock(mutex_);
        turn_changed_.wait(lock, [&] { return turn_ == number || has_failed_; });
        if (has_failed_) return;
        lock.unlock();  // whoever has the turn is alone
        try {
            step();
        } catch (...) {
            failure_ = std::current_exception();
        }
        lock.lock();
        has_failed_ = failure_ != nullptr;
        ++turn_;
        turn_changed_.notify_all();
    }

    const std::uint64_t pieces_;
    std::atomic<std::uint64_t> next_{0};    // the piece to make next
    std::atomic<bool> has_failed_ = false;  // nothing more is made or taken
    std::mutex mutex_;                      // guards turn_
    std::condition_variable turn_changed_;
    std::uint64_t turn_ = 0;      // the piece to take next
    std::exception_ptr failure_;  // written by whoever has the turn, read when all have ended
};

}  // namespace triage
