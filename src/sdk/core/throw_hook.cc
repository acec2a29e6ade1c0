// In the place of __cxa_throw, for programs linked with -Wl,--wrap=__cxa_throw; others don't take
// this object from the library.
#include <typeinfo>

#include "sdk/core/throw_place.h"

extern "C" {
[[noreturn]] void __real___cxa_throw(void* object, std::type_info* type, void (*destroy)(void*));

[[noreturn, gnu::used]] void __wrap___cxa_throw(void* object, std::type_info* type,
                                                void (*destroy)(void*)) {
  kiln::sdk::ThrowPlace& place = kiln::sdk::last_throw();
  place.exception = object;
  kiln::sdk::capture_stack(place.stack, 1);
  __real___cxa_throw(object, type, destroy);
}
}
