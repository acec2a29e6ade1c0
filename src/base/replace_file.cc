#include "base/replace_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>

namespace kiln {

bool replace_file(const std::string& path, const std::string& content) {
  const std::string fresh = path + ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << content;
  if (out.flush() && ::rename(fresh.c_str(), path.c_str()) == 0) return true;
  const int why = errno;
  ::unlink(fresh.c_str());
  errno = why;
  return false;
}

}  // namespace kiln
