// Finds the unwind tables of the code at an address, without help from a new glibc.
//
// libgcc's unwinder asks glibc for them (_dl_find_object), since 2.35. Amazon Linux 2023 has 2.34.
// So programs that bring libgcc along bring this, too: it looks at the program's own headers, and
// then asks dl_iterate_phdr, as the unwinder did before.
#pragma once

#include <dlfcn.h>

#ifdef DLFO_STRUCT_HAS_EH_DBASE
#define KILN_FINDS_OBJECTS 1

namespace kiln::sdk {

// As _dl_find_object: 0 and where the object is mapped and has its table, or -1. Of the object's
// members the unwinder reads, dlfo_map_start, dlfo_map_end and dlfo_eh_frame are set. Takes no lock
// for addresses of the program.
int find_object(const void* address, dl_find_object* object);

}  // namespace kiln::sdk

#endif
