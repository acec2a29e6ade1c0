#include "store/archive_paths.h"

#include <deque>

namespace kiln::store {
namespace {

constexpr size_t kMaxNameBytes = 255;
constexpr int kMaxLinksFollowed = 40;  // the kernel's own limit: beyond it, ELOOP

// Parts of `path` in order; "." and empty ones are skipped, ".." is kept.
std::vector<std::string> raw_parts(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") parts.emplace_back(part);
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

}  // namespace

std::string join_parts(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty()) out += '/';
    out += part;
  }
  return out;
}

std::optional<std::vector<std::string>> split_entry_name(std::string_view name) {
  if (name.starts_with('/')) return std::nullopt;
  std::vector<std::string> parts = raw_parts(name);
  for (const std::string& part : parts) {
    if (part == ".." || part.size() > kMaxNameBytes) return std::nullopt;
  }
  return parts;
}

void LinkSet::add(const std::vector<std::string>& path, std::string target) {
  links_[join_parts(path)] = std::move(target);
}

bool LinkSet::contains(const std::vector<std::string>& path) const {
  return links_.contains(join_parts(path));
}

bool LinkSet::escapes(const std::string& link) const {
  // What is left to walk, and where the walk is: the folder's own parts, all of them real folders
  // or files.
  const std::vector<std::string> start = raw_parts(link);
  std::deque<std::string> left(start.begin(), start.end());
  std::vector<std::string> at;
  int followed = 0;
  while (!left.empty()) {
    std::string part = std::move(left.front());
    left.pop_front();
    if (part == "..") {
      if (at.empty()) return true;
      at.pop_back();
      continue;
    }
    at.push_back(std::move(part));
    const auto found = links_.find(join_parts(at));
    if (found == links_.end()) continue;
    if (found->second.starts_with('/')) return true;
    if (++followed > kMaxLinksFollowed) return false;
    at.pop_back();
    const std::vector<std::string> target = raw_parts(found->second);
    left.insert(left.begin(), target.begin(), target.end());
  }
  return false;
}

std::optional<std::string> LinkSet::find_escape() const {
  for (const auto& [link, target] : links_) {
    if (escapes(link)) return link;
  }
  return std::nullopt;
}

}  // namespace kiln::store
