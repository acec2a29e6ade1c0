// For libgcc in the program: see find_object.h. Hidden, so that shared libraries keep glibc's own.
#include "sdk/late_libraries/find_object.h"

#ifdef KILN_FINDS_OBJECTS

extern "C" [[gnu::visibility("hidden")]] int _dl_find_object(void* address,
                                                             dl_find_object* object) {
  return kiln::sdk::find_object(address, object);
}

#endif
