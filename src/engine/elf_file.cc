#include "engine/elf_file.h"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace kiln::engine {
namespace {

constexpr size_t kMaxParts = 256;
constexpr size_t kMaxNotes = 64 * 1024;

bool read_at(int file, uint64_t offset, void* to, size_t size) {
  return ::pread(file, to, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
}

std::string hex(const unsigned char* bytes, size_t size) {
  std::string out;
  for (size_t i = 0; i < size; ++i) {
    out += "0123456789abcdef"[bytes[i] >> 4];
    out += "0123456789abcdef"[bytes[i] & 15];
  }
  return out;
}

// The build id among the notes.
std::string find_build_id(const std::vector<unsigned char>& notes) {
  const auto padded = [](size_t n) { return (n + 3) / 4 * 4; };
  size_t at = 0;
  while (at + sizeof(Elf64_Nhdr) <= notes.size()) {
    Elf64_Nhdr note;
    std::memcpy(&note, notes.data() + at, sizeof note);
    at += sizeof note;
    const size_t name = padded(note.n_namesz);
    const size_t content = padded(note.n_descsz);
    if (name > notes.size() - at || content > notes.size() - at - name) return "";
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && note.n_descsz >= 8 &&
        note.n_descsz <= 64 && std::memcmp(notes.data() + at, "GNU", 4) == 0)
      return hex(notes.data() + at + name, note.n_descsz);
    at += name + content;
  }
  return "";
}

}  // namespace

std::string build_id_of(int file) {
  Elf64_Ehdr head;
  if (!read_at(file, 0, &head, sizeof head) || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
      head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_shentsize != sizeof(Elf64_Shdr))
    return "";
  // By sections: a debug file keeps these, while its program headers mean nothing.
  std::vector<Elf64_Shdr> sections(std::min<size_t>(head.e_shnum, kMaxParts));
  if (!sections.empty() &&
      read_at(file, head.e_shoff, sections.data(), sections.size() * sizeof(Elf64_Shdr))) {
    for (const Elf64_Shdr& section : sections) {
      if (section.sh_type != SHT_NOTE || section.sh_size > kMaxNotes) continue;
      std::vector<unsigned char> notes(section.sh_size);
      if (!read_at(file, section.sh_offset, notes.data(), notes.size())) continue;
      if (std::string id = find_build_id(notes); !id.empty()) return id;
    }
  }
  return "";
}

}  // namespace kiln::engine
