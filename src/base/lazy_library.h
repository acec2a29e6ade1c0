// A shared library that is opened when something first calls it.
//
// The dynamic linker reads, relocates and initialises every library that a program is linked with
// before main: with OpenSSL, libarchive and what these bring that was half of the time until `kiln
// serve` listens, and a fifth of its memory. So Kiln isn't linked with libraries that no start
// needs. A file of stubs stands for each of them: functions with the library's own names and
// types, which find the real ones at their first call.
//
//   const LazyLibrary& z_library() {
//     static const LazyLibrary library("libz.so.1", "zlib1g");
//     return library;
//   }
//   extern "C" {
//   KILN_LAZY_1(z_library, deflateEnd)
//   }
//
// Whoever can say that the library is missing asks load() first; a stub throws. Thread-safe. A call
// costs one more jump.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>

#include "base/result.h"

namespace kiln {

class LazyLibrary {
 public:
  // `package` is Debian's, for the message. Both are literals.
  constexpr LazyLibrary(const char* file, const char* package) : file_(file), package_(package) {}

  // Opens it. Error: it isn't there.
  Result<void> load() const;
  // Throws std::runtime_error when the library or the symbol isn't there.
  void* find(const char* symbol) const;

 private:
  Result<void*> handle() const;

  const char* file_;
  const char* package_;
};

template <class F>
struct LazySignature;
template <class R, class... A>
struct LazySignature<R(A...)> {
  using Result = R;
  using Arguments = std::tuple<A...>;
};
template <class F>
using LazyResult = typename LazySignature<F>::Result;
template <class F, size_t i>
using LazyArgument = std::tuple_element_t<i, typename LazySignature<F>::Arguments>;

}  // namespace kiln

// Hidden: other libraries that are linked with the real one must not find these.
#define KILN_LAZY_HEAD(name) \
  __attribute__((visibility("hidden"))) kiln::LazyResult<decltype(name)> name
#define KILN_LAZY_ARGUMENT(name, i) kiln::LazyArgument<decltype(name), i>
#define KILN_LAZY_REAL(library, name) \
  static const auto real = reinterpret_cast<decltype(&name)>((library)().find(#name))

#define KILN_LAZY_0(library, name) \
  KILN_LAZY_HEAD(name)() {         \
    KILN_LAZY_REAL(library, name); \
    return real();                 \
  }
#define KILN_LAZY_1(library, name)                          \
  KILN_LAZY_HEAD(name)(KILN_LAZY_ARGUMENT(name, 0) first) { \
    KILN_LAZY_REAL(library, name);                          \
    return real(first);                                     \
  }
#define KILN_LAZY_2(library, name)                                                              \
  KILN_LAZY_HEAD(name)(KILN_LAZY_ARGUMENT(name, 0) first, KILN_LAZY_ARGUMENT(name, 1) second) { \
    KILN_LAZY_REAL(library, name);                                                              \
    return real(first, second);                                                                 \
  }
#define KILN_LAZY_3(library, name)                                        \
  KILN_LAZY_HEAD(name)                                                    \
  (KILN_LAZY_ARGUMENT(name, 0) first, KILN_LAZY_ARGUMENT(name, 1) second, \
   KILN_LAZY_ARGUMENT(name, 2) third) {                                   \
    KILN_LAZY_REAL(library, name);                                        \
    return real(first, second, third);                                    \
  }
#define KILN_LAZY_4(library, name)                                          \
  KILN_LAZY_HEAD(name)                                                      \
  (KILN_LAZY_ARGUMENT(name, 0) first, KILN_LAZY_ARGUMENT(name, 1) second,   \
   KILN_LAZY_ARGUMENT(name, 2) third, KILN_LAZY_ARGUMENT(name, 3) fourth) { \
    KILN_LAZY_REAL(library, name);                                          \
    return real(first, second, third, fourth);                              \
  }
#define KILN_LAZY_5(library, name)                                        \
  KILN_LAZY_HEAD(name)                                                    \
  (KILN_LAZY_ARGUMENT(name, 0) first, KILN_LAZY_ARGUMENT(name, 1) second, \
   KILN_LAZY_ARGUMENT(name, 2) third, KILN_LAZY_ARGUMENT(name, 3) fourth, \
   KILN_LAZY_ARGUMENT(name, 4) fifth) {                                   \
    KILN_LAZY_REAL(library, name);                                        \
    return real(first, second, third, fourth, fifth);                     \
  }
#define KILN_LAZY_6(library, name)                                         \
  KILN_LAZY_HEAD(name)                                                     \
  (KILN_LAZY_ARGUMENT(name, 0) first, KILN_LAZY_ARGUMENT(name, 1) second,  \
   KILN_LAZY_ARGUMENT(name, 2) third, KILN_LAZY_ARGUMENT(name, 3) fourth,  \
   KILN_LAZY_ARGUMENT(name, 4) fifth, KILN_LAZY_ARGUMENT(name, 5) sixth) { \
    KILN_LAZY_REAL(library, name);                                         \
    return real(first, second, third, fourth, fifth, sixth);               \
  }
#define KILN_LAZY_7(library, name)                                        \
  KILN_LAZY_HEAD(name)                                                    \
  (KILN_LAZY_ARGUMENT(name, 0) first, KILN_LAZY_ARGUMENT(name, 1) second, \
   KILN_LAZY_ARGUMENT(name, 2) third, KILN_LAZY_ARGUMENT(name, 3) fourth, \
   KILN_LAZY_ARGUMENT(name, 4) fifth, KILN_LAZY_ARGUMENT(name, 5) sixth,  \
   KILN_LAZY_ARGUMENT(name, 6) seventh) {                                 \
    KILN_LAZY_REAL(library, name);                                        \
    return real(first, second, third, fourth, fifth, sixth, seventh);     \
  }
