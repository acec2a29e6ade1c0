#include "sdk/late_libraries/find_object.h"

#ifdef KILN_FINDS_OBJECTS

#include <link.h>

#include <cstdint>
#include <span>

// The program's own header, which the linker names.
extern "C" [[gnu::visibility("hidden")]] const ElfW(Ehdr) __ehdr_start;

namespace kiln::sdk {
namespace {

using Headers = std::span<const ElfW(Phdr)>;

bool describe(ElfW(Addr) bias, Headers headers, uintptr_t address, dl_find_object& object) {
  const ElfW(Phdr)* part = nullptr;
  const ElfW(Phdr)* table = nullptr;
  for (const ElfW(Phdr) & header : headers) {
    if (header.p_type == PT_GNU_EH_FRAME) table = &header;
    if (header.p_type == PT_LOAD && address - (bias + header.p_vaddr) < header.p_memsz)
      part = &header;
  }
  if (part == nullptr || table == nullptr) return false;
  object = {};
  object.dlfo_map_start = reinterpret_cast<void*>(bias + part->p_vaddr);
  object.dlfo_map_end = reinterpret_cast<void*>(bias + part->p_vaddr + part->p_memsz);
  object.dlfo_eh_frame = reinterpret_cast<void*>(bias + table->p_vaddr);
  return true;
}

bool find_in_program(uintptr_t address, dl_find_object& object) {
  const auto start = reinterpret_cast<uintptr_t>(&__ehdr_start);
  const Headers headers(reinterpret_cast<const ElfW(Phdr)*>(start + __ehdr_start.e_phoff),
                        __ehdr_start.e_phnum);
  for (const ElfW(Phdr) & header : headers)
    if (header.p_type == PT_LOAD && header.p_offset == 0)
      return describe(start - header.p_vaddr, headers, address, object);
  return false;
}

struct Search {
  uintptr_t address;
  dl_find_object& object;
};

int on_object(dl_phdr_info* info, size_t, void* data) {
  const auto& search = *static_cast<const Search*>(data);
  const Headers headers(info->dlpi_phdr, info->dlpi_phnum);
  return describe(info->dlpi_addr, headers, search.address, search.object) ? 1 : 0;
}

}  // namespace

int find_object(const void* address, dl_find_object* object) {
  Search search{reinterpret_cast<uintptr_t>(address), *object};
  if (find_in_program(search.address, *object)) return 0;
  return ::dl_iterate_phdr(on_object, &search) == 1 ? 0 : -1;
}

}  // namespace kiln::sdk

#endif
