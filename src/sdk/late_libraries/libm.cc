// libm, which is opened when something first calls it.
//
// SQLite's functions of SQL and parts of the C++ library name it, and few functions call it; but a
// program that is linked with it maps and relocates it at each cold start. A call costs one jump
// more than none, as one to a shared library does. Hidden, so that shared libraries keep the real
// ones.
#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

// <math.h> isn't included: it would say that these don't throw, and some compilers then know what
// they return.
namespace {

void* find_in_libm(const char* name) {
  void* const library = ::dlopen("libm.so.6", RTLD_LAZY | RTLD_LOCAL);
  void* const found = library != nullptr ? ::dlsym(library, name) : nullptr;
  if (found != nullptr) return found;
  const char* const why = ::dlerror();
  for (const char* part : {"cannot call ", name, ": ", why != nullptr ? why : "no reason", "\n"})
    if (::write(STDERR_FILENO, part, std::strlen(part)) < 0) break;
  std::abort();
}

template <class F>
F* late(std::atomic<F*>& known, const char* name) {
  F* function = known.load(std::memory_order_relaxed);
  if (function == nullptr) {
    function = reinterpret_cast<F*>(find_in_libm(name));
    known.store(function, std::memory_order_relaxed);
  }
  return function;
}

}  // namespace

#define KILN_LATE(result, name, parameters, arguments)              \
  extern "C" [[gnu::visibility("hidden")]] result name parameters { \
    static constinit std::atomic<result(*) parameters> known;       \
    return late(known, #name) arguments;                            \
  }
#define KILN_LATE_1(name) KILN_LATE(double, name, (double x), (x))
#define KILN_LATE_2(name) KILN_LATE(double, name, (double x, double y), (x, y))

KILN_LATE_1(acos)
KILN_LATE_1(acosh)
KILN_LATE_1(asin)
KILN_LATE_1(asinh)
KILN_LATE_1(atan)
KILN_LATE_1(atanh)
KILN_LATE_1(cbrt)
KILN_LATE_1(ceil)
KILN_LATE_1(cos)
KILN_LATE_1(cosh)
KILN_LATE_1(exp)
KILN_LATE_1(exp2)
KILN_LATE_1(floor)
KILN_LATE_1(log)
KILN_LATE_1(log10)
KILN_LATE_1(log2)
KILN_LATE_1(rint)
KILN_LATE_1(round)
KILN_LATE_1(sin)
KILN_LATE_1(sinh)
KILN_LATE_1(sqrt)
KILN_LATE_1(tan)
KILN_LATE_1(tanh)
KILN_LATE_1(trunc)
KILN_LATE_2(atan2)
KILN_LATE_2(fmod)
KILN_LATE_2(hypot)
KILN_LATE_2(pow)
KILN_LATE(long long, llround, (double x), (x))
KILN_LATE(long, lround, (double x), (x))
KILN_LATE(int, fegetround, (), ())
KILN_LATE(int, fesetround, (int direction), (direction))
