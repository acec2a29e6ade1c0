// Where the calling thread last threw an exception. Known in programs that are linked with
// -Wl,--wrap=__cxa_throw, as kiln_lambda() links them (throw_hook.cc); nothing elsewhere.
#pragma once

#include "sdk/core/stack.h"

namespace kiln::sdk {

struct ThrowPlace {
  const void* exception = nullptr;  // the object that was thrown
  Stack stack;
};

ThrowPlace& last_throw();

// The stack of the throw of the exception that is being handled; nullptr: not known.
const Stack* current_throw();

}  // namespace kiln::sdk
