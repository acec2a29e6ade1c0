// Names and links of an archive, judged without touching the disk. Pure; not thread-safe per
// object.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::store {

// The parts of an entry's name without "." and empty ones. nullopt: the name is absolute, holds
// "..", or a part is longer than a file name can be. No parts at all: the folder itself.
std::optional<std::vector<std::string>> split_entry_name(std::string_view name);

// The symbolic links of one archive.
class LinkSet {
 public:
  void add(const std::vector<std::string>& path, std::string target);
  bool contains(const std::vector<std::string>& path) const;

  // Name of a link that leads out of the folder, followed through all the other links as the kernel
  // would; nullopt: all stay inside. Links to nothing and circles stay inside.
  std::optional<std::string> find_escape() const;

  // Path ("a/b") → target.
  const std::map<std::string, std::string>& links() const { return links_; }

 private:
  bool escapes(const std::string& link) const;

  std::map<std::string, std::string> links_;
};

std::string join_parts(const std::vector<std::string>& parts);

}  // namespace kiln::store
