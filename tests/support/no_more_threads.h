// For tests in a process of their own (EXPECT_EXIT): from now on no thread can be started there.
#pragma once

#include <pthread.h>

#include <cstddef>

namespace kiln::tests {

inline void allow_no_more_threads() {
  pthread_attr_t attributes;  // stacks for which no machine has room
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, size_t{1} << 46);
  pthread_setattr_default_np(&attributes);
}

}  // namespace kiln::tests
