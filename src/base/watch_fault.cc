#include "base/watch_fault.h"

#include <cerrno>
#include <cstring>

#include "base/code_folder.h"

namespace kiln {
namespace {

std::string next_step(int error) {
  switch (error) {
    case EMFILE:
      return "raise fs.inotify.max_user_instances, or the limit of open files (ulimit -Hn)";
    case ENOSPC:
      return std::string("raise fs.inotify.max_user_watches, or leave folders out with ") +
             kIgnoreFile;
    default:
      return "let Kiln read it";
  }
}

}  // namespace

std::string watch_fault(const std::string& folder, int error) {
  if (error == ENOENT || error == ENOTDIR) return "";
  return "not all changes in " + folder + " are seen, since it can't be watched (" +
         std::strerror(error) + "); " + next_step(error) + ", and start again";
}

}  // namespace kiln
