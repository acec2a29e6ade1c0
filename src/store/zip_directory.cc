#include "store/zip_directory.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <unordered_set>

namespace kiln::store {
namespace {

constexpr size_t kEndBytes = 22;
constexpr size_t kEntryBytes = 46;
constexpr size_t kFinderBytes = 20, kLargeEndBytes = 56;
constexpr uint64_t kLargeEndHead = 12, kMostOfLargeEnd = 16 * 1024;
constexpr size_t kTail = 16 * 1024;  // in which libarchive looks for the end record
constexpr std::string_view kEndMark = "PK\x05\x06";
// A large archive's (zip64): its end record, and what stands before the other and says where it is.
constexpr std::string_view kLargeEndMark = "PK\x06\x06", kFinderMark = "PK\x06\x07";
constexpr std::string_view kEntryMark = "PK\x01\x02";
constexpr unsigned kMadeOnUnix = 3, kMadeOnMacOs = 19;

// Little-endian number; REQUIRES: it is inside.
uint64_t number(std::string_view bytes, size_t at, size_t size) {
  uint64_t value = 0;
  for (size_t i = size; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

// Of the last end record; npos: there is none.
size_t find_end(std::string_view zip) {
  return zip.size() < kEndBytes ? std::string_view::npos
                                : zip.rfind(kEndMark, zip.size() - kEndBytes);
}

bool has_finder(std::string_view zip, size_t end) {
  return end >= kFinderBytes && zip.substr(end - kFinderBytes).starts_with(kFinderMark);
}

// Where the end record of a large archive says that the directory begins; `end`: the other record.
// nullopt: there is none that libarchive takes.
std::optional<uint64_t> large_directory(std::string_view zip, size_t end) {
  if (!has_finder(zip, end)) return std::nullopt;
  const std::string_view finder = zip.substr(end - kFinderBytes);
  if (number(finder, 4, 4) != 0 || number(finder, 16, 4) != 1) return std::nullopt;  // disks
  const uint64_t at = number(finder, 8, 8);
  if (at > zip.size() || zip.size() - at < kLargeEndBytes) return std::nullopt;
  const std::string_view record = zip.substr(at);
  const uint64_t size = number(record, 4, 8);  // without what comes before
  if (!record.starts_with(kLargeEndMark) || size < kLargeEndBytes - kLargeEndHead ||
      size > kMostOfLargeEnd - kLargeEndHead || size + kLargeEndHead > record.size())
    return std::nullopt;
  if (number(record, 16, 4) != 0 || number(record, 20, 4) != 0) return std::nullopt;  // disks
  if (number(record, 24, 8) != number(record, 32, 8)) return std::nullopt;            // entries
  return number(record, 48, 8);
}

// The directory, and what follows it, as libarchive finds it: from the last end record. Something
// may stand before the archive (a self-extracting one), so the first entry is looked for from where
// the directory should begin.
std::string_view find_directory(std::string_view zip) {
  const size_t end = find_end(zip);
  if (end == std::string_view::npos) return {};
  const uint64_t size = number(zip, end + 12, 4);
  uint64_t start = size <= end ? end - size : end;
  if (const auto large = large_directory(zip, end)) start = *large;
  const size_t first = zip.find(kEntryMark, start);
  return first == std::string_view::npos ? std::string_view() : zip.substr(first);
}

bool is_special(uint32_t mode) {
  const uint32_t type = mode & S_IFMT;
  return type == S_IFIFO || type == S_IFCHR || type == S_IFBLK || type == S_IFSOCK;
}

// Calls `visit` with each entry of the directory and its name until it returns false.
template <class F>
void visit_entries(std::string_view zip, F&& visit) {
  std::string_view rest = find_directory(zip);
  while (rest.size() >= kEntryBytes && rest.starts_with(kEntryMark)) {
    const size_t name_size = number(rest, 28, 2);
    const size_t total = kEntryBytes + name_size + number(rest, 30, 2) + number(rest, 32, 2);
    if (total > rest.size() || !visit(rest, rest.substr(kEntryBytes, name_size))) return;
    rest.remove_prefix(total);
  }
}

}  // namespace

bool is_directory_clear(std::string_view zip) {
  const size_t end = find_end(zip);
  if (end == std::string_view::npos || !has_finder(zip, end)) return true;
  const size_t tail = zip.size() - std::min(zip.size(), kTail);
  return end >= tail + kFinderBytes && large_directory(zip, end).has_value();
}

std::optional<std::string> find_special_entry(std::string_view zip) {
  std::optional<std::string> found;
  visit_entries(zip, [&found](std::string_view entry, std::string_view name) {
    const unsigned made_on = static_cast<unsigned char>(entry[5]);
    const auto mode = static_cast<uint32_t>(number(entry, 38, 4) >> 16);
    if ((made_on == kMadeOnUnix || made_on == kMadeOnMacOs) && is_special(mode)) found = name;
    return !found;
  });
  return found;
}

std::set<std::string> backslash_names(std::string_view zip) {
  std::set<std::string> names;
  visit_entries(zip, [&names](std::string_view, std::string_view name) {
    if (name.find('\\') != std::string_view::npos && name.find('/') == std::string_view::npos)
      names.emplace(name);
    return true;
  });
  return names;
}

NameCount count_names(std::string_view zip, const NameCount& most) {
  NameCount count;
  // By the hash of its name and of the folder that it is in.
  std::unordered_set<uint64_t> folders;
  visit_entries(zip, [&](std::string_view, std::string_view name) {
    ++count.entries;
    ++count.made;
    uint64_t folder = 0;
    while (!name.empty() && count.made <= most.made && count.parts <= most.parts) {
      const size_t slash = name.find('/');
      const std::string_view part = name.substr(0, slash);
      const bool is_folder = slash != std::string_view::npos;
      name.remove_prefix(is_folder ? slash + 1 : name.size());
      if (part.empty() || part == ".") continue;
      ++count.parts;
      if (!is_folder) continue;
      folder = (folder ^ std::hash<std::string_view>()(part)) * 0x9e3779b97f4a7c15 + 1;
      if (folders.insert(folder).second) ++count.made;
    }
    return count.made <= most.made && count.parts <= most.parts;
  });
  return count;
}

bool is_empty_zip(std::string_view zip) {
  return zip.size() >= kEndBytes && zip.starts_with(kEndMark) && number(zip, 10, 2) == 0;
}

}  // namespace kiln::store
