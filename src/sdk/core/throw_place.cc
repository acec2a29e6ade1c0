#include "sdk/core/throw_place.h"

#include <cstring>
#include <exception>

namespace kiln::sdk {

ThrowPlace& last_throw() {
  static thread_local ThrowPlace place;
  return place;
}

const Stack* current_throw() {
  const std::exception_ptr current = std::current_exception();
  if (!current) return nullptr;
  // An exception_ptr is a pointer to the object.
  const void* object = nullptr;
  static_assert(sizeof current == sizeof object);
  std::memcpy(&object, static_cast<const void*>(&current), sizeof object);
  const ThrowPlace& place = last_throw();
  return place.exception == object && place.stack.depth > 0 ? &place.stack : nullptr;
}

}  // namespace kiln::sdk
