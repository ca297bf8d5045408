// SPDX-License-Identifier: Apache-2.0
// Work in numbered pieces on several threads, the results of which are used one at a time, in the order of the numbers:
// what is made of them cannot depend on the threads. The first failure in the order ends the work and is thrown;
// nothing after it is used.
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

    // `start()` is called on each thread and returns its maker, with what that thread alone may use. The maker is
    // called as `maker(number, in_turn)`; `in_turn(step)` waits until all pieces before are done and runs `step()`, and
    // may be called as often as the maker wants to be rid of what it holds. The caller is one of the threads.
    template <class Start>
    void run(std::uint32_t threads, const Start& start) {
        {
            std::vector<std::jthread> others;
            try {
                for (std::uint32_t i = 1; i < threads && i < pieces_; ++i) others.emplace_back([&] { work(start); });
            } catch (const std::system_error&) {
                // No more threads are to be had: those that are do the work.
            }
            work(start);
        }
        if (failure_) std::rethrow_exception(failure_);
    }

  private:
    struct Stopped {};  // thrown through a maker when an earlier piece has failed

    template <class Start>
    void work(const Start& start) {
        std::optional<decltype(start())> maker;
        for (std::uint64_t number; (number = next_++) < pieces_ && !has_failed_;) {
            std::exception_ptr failure;
            try {
                if (!maker) maker.emplace(start());
                (*maker)(number, [&](const auto& step) {
                    if (!has_turn(number)) throw Stopped();
                    step();
                });
            } catch (const Stopped&) {
                return;
            } catch (...) {
                failure = std::current_exception();
            }
            if (has_turn(number)) pass_on(failure);
        }
    }

    // Waits. False: the work has ended before. Whoever has the turn is alone, without a lock.
    bool has_turn(std::uint64_t number) {
        std::unique_lock lock(mutex_);
        turn_changed_.wait(lock, [&] { return turn_ == number || has_failed_; });
        return !has_failed_;
    }

    void pass_on(const std::exception_ptr& failure) {
        const std::scoped_lock lock(mutex_);
        failure_ = failure;
        has_failed_ = failure != nullptr;
        ++turn_;
        turn_changed_.notify_all();
    }

    const std::uint64_t pieces_;
    std::atomic<std::uint64_t> next_{0};    // the piece to make next
    std::atomic<bool> has_failed_ = false;  // nothing more is made or used
    std::mutex mutex_;                      // guards turn_
    std::condition_variable turn_changed_;
    std::uint64_t turn_ = 0;      // the piece to use next
    std::exception_ptr failure_;  // written by whoever has the turn, read when all have ended
};

}  // namespace triage
