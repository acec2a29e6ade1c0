// KILN_CHECK(condition): our own invariant; a failure is a bug in Kiln and ends the process with
// file and line. KILN_REQUIRE(condition): a precondition of a function, owed by its caller. Input
// from outside never reaches either.
#pragma once

namespace kiln {

[[noreturn]] void check_failed(const char* kind, const char* condition, const char* file, int line);

}  // namespace kiln

#define KILN_CHECK(condition)                                        \
  do {                                                               \
    if (!(condition)) [[unlikely]]                                   \
      ::kiln::check_failed("check", #condition, __FILE__, __LINE__); \
  } while (false)

#define KILN_REQUIRE(condition)                                        \
  do {                                                                 \
    if (!(condition)) [[unlikely]]                                     \
      ::kiln::check_failed("require", #condition, __FILE__, __LINE__); \
  } while (false)
