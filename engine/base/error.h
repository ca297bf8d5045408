// SPDX-License-Identifier: Apache-2.0
// The two ways in which a call can fail. `Error` ends a run that cannot be meaningful (bad configuration,
// unwritable case); it is thrown once and caught once, in cli/main.cpp. `Result<T>` carries an expected failure,
// such as evidence that cannot be read: the caller decides and the examination goes on.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace triage {

enum class ErrorKind {
    usage,        // wrong arguments, configuration or environment: nothing was examined (exit 2)
    interrupted,  // the store failed in mid-scan: what was recorded stays valid (exit 4, or 1 with a finding)
    untrusted,    // two computations differ: what was recorded must not be gone on with (exit 4, or 1 with a finding)
};

class Error : public std::runtime_error {
  public:
    // `what` names the thing, `why` says what is wrong with it, `advice` what the user can do (may be empty).
    Error(std::string what, std::string why, std::string advice = {}, ErrorKind kind = ErrorKind::usage)
        : std::runtime_error(what + ": " + why), advice_(std::move(advice)), kind_(kind) {}

    const std::string& advice() const { return advice_; }
    ErrorKind kind() const { return kind_; }

  private:
    std::string advice_;
    ErrorKind kind_;
};

struct Failure {
    std::string why;
};

template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : state_(std::move(value)) {}
    Result(Failure failure) : state_(std::move(failure)) {}

    explicit operator bool() const { return std::holds_alternative<T>(state_); }
    T& operator*() { return std::get<T>(state_); }
    const T& operator*() const { return std::get<T>(state_); }
    T* operator->() { return &std::get<T>(state_); }
    const T* operator->() const { return &std::get<T>(state_); }
    const std::string& why() const { return std::get<Failure>(state_).why; }

  private:
    std::variant<T, Failure> state_;
};

}  // namespace triage
