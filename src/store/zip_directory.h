// A look into a zip's central directory for what libarchive hides: it reads devices, pipes and
// sockets as plain files. Where it finds no directory it sees no entry: count_names() says how many
// it has seen. Pure; never reads outside of `zip`, whatever that holds.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace kiln::store {

// False where a record at the end of a large archive (zip64) is one that libarchive passes over: it
// reads the directory that the ordinary record names, and that may be another one.
bool is_directory_clear(std::string_view zip);

// The name of the first entry that is neither file, folder nor link; nullopt: none.
std::optional<std::string> find_special_entry(std::string_view zip);

// Names that hold '\\' and no '/': libarchive takes the one for the other where an archive was made
// on Windows, Lambda doesn't.
std::set<std::string> backslash_names(std::string_view zip);

// What the names in the directory would make; each number at most one more than `most` of it.
struct NameCount {
  int64_t entries = 0;
  int64_t made = 0;   // entries, and the folders that their names imply
  int64_t parts = 0;  // of all names together: so many folders are gone through to unpack it
};
NameCount count_names(std::string_view zip, const NameCount& most);

// True for a zip whose directory has no entry.
bool is_empty_zip(std::string_view zip);

}  // namespace kiln::store
