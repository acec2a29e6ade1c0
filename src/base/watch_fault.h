// Why a folder's changes go unseen.
#pragma once

#include <string>

namespace kiln {

// A sentence for whoever waits for changes of `folder`, of the errno of inotify_init1 or
// inotify_add_watch. "" where nothing is wrong: the folder has gone meanwhile.
std::string watch_fault(const std::string& folder, int error);

}  // namespace kiln
