#include "cli/waiting_input.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "base/unique_fd.h"

namespace kiln::cli {
namespace {

using Glance = std::array<char, 64>;

ssize_t begin_of_file(Glance& glance) {
  if (::lseek(STDIN_FILENO, 0, SEEK_CUR) != 0) return 0;
  return ::pread(STDIN_FILENO, glance.data(), glance.size(), 0);
}

ssize_t begin_of_pipe(Glance& glance) {
  int bytes = 0;
  if (::ioctl(STDIN_FILENO, FIONREAD, &bytes) != 0 || bytes == 0) return 0;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return 0;
  const UniqueFd out(ends[0]), in(ends[1]);
  // A copy, so that the pipe keeps it.
  const ssize_t copied = ::tee(STDIN_FILENO, in.get(), glance.size(), SPLICE_F_NONBLOCK);
  return copied <= 0 ? 0 : ::read(out.get(), glance.data(), glance.size());
}

}  // namespace

bool json_waits_in_stdin() {
  struct stat status = {};
  if (::fstat(STDIN_FILENO, &status) != 0) return false;
  Glance glance{};
  const ssize_t size = S_ISREG(status.st_mode)    ? begin_of_file(glance)
                       : S_ISFIFO(status.st_mode) ? begin_of_pipe(glance)
                                                  : 0;
  const std::string_view text(glance.data(), size > 0 ? static_cast<size_t>(size) : 0);
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && (text[first] == '{' || text[first] == '[');
}

}  // namespace kiln::cli
