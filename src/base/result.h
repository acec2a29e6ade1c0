// Result<T>: a value, or an Error that says what the world did.
//
//   Result<int> port = parse_port(text);
//   if (!port) return port.error();
//   listen(*port);
//
// Result<void> carries success alone. Not thread-safe; as cheap as a std::variant.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "base/check.h"

namespace kiln {

// The kind decides how a caller reacts (and which HTTP status an API answers).
enum class ErrorKind {
  kInvalid,             // 400: the request is wrong
  kForbidden,           // 403
  kNotFound,            // 404
  kConflict,            // 409: wrong state or already there
  kPreconditionFailed,  // 412: a RevisionId that is not the current one
  kTooLarge,            // 413
  kUnsupportedMedia,    // 415
  kThrottled,           // 429
  kInternal,            // 500: a bug or a broken machine
  kBadGateway,          // 502: the function's package or runtime is at fault
  kUnavailable,         // 503: shutting down, or a resource of the machine has run out
};

// `type` is the machine-readable name, for API errors AWS's own ("ResourceNotFoundException");
// `message` names the thing, the value and the next step.
struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string type;
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // REQUIRES: ok()
  T& value() & { return get(); }
  const T& value() const& { return const_cast<Result*>(this)->get(); }
  T&& value() && { return std::move(get()); }
  T& operator*() & { return get(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(get()); }
  T* operator->() { return &get(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !ok()
  const Error& error() const& {
    KILN_REQUIRE(!ok());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    KILN_REQUIRE(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  T& get() {
    KILN_REQUIRE(ok());
    return *std::get_if<0>(&state_);
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}
  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  // REQUIRES: !ok()
  const Error& error() const {
    KILN_REQUIRE(!ok_);
    return error_;
  }

 private:
  Error error_;
  bool ok_ = true;
};

}  // namespace kiln
