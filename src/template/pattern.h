// AllowedPattern: a regular expression as Java's, with lookaround and long repeats, that must match
// the whole text. Time and memory of a match are limited. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace kiln::cfn {

class Pattern {
 public:
  explicit Pattern(const std::string& expression);

  bool ok() const { return code_ != nullptr; }
  const std::string& error() const { return error_; }
  // REQUIRES: ok(). Error: the text takes more time than it may.
  Result<bool> matches(const std::string& text) const;

 private:
  struct Free {
    void operator()(void* code) const;
  };
  std::unique_ptr<void, Free> code_;
  std::string error_;
};

}  // namespace kiln::cfn
