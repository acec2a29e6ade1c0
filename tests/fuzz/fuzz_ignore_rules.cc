// Patterns and paths, split at the first byte 0: any text is read, and a later "!**" takes all
// back.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "base/ignore_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using kiln::EntryKind;
  using kiln::IgnoreRules;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t end = text.find('\0');
  const std::string_view patterns = text.substr(0, end);
  const std::string_view path = end == std::string_view::npos ? "a/b" : text.substr(end + 1);
  const IgnoreRules rules = IgnoreRules::parse(patterns);
  rules.ignores(path, EntryKind::kFile);
  // A pattern for folders only makes no difference to files.
  if (rules.ignores(path, EntryKind::kFile) && !path.empty())
    KILN_CHECK(
        IgnoreRules::parse(std::string(patterns) + "\nx/\n").ignores(path, EntryKind::kFile));
  KILN_CHECK(
      !IgnoreRules::parse(std::string(patterns) + "\n!/**\n").ignores(path, EntryKind::kFile));
  return 0;
}
