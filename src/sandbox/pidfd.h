// Processes by the descriptors that stay theirs.
#pragma once

#include "base/unique_fd.h"

namespace kiln::sandbox {

// Whether the process has ended, or does within this time.
bool has_ended(const UniqueFd& pidfd, int wait_ms);

// Nothing where there is no descriptor, or the process has ended.
void send_signal(const UniqueFd& pidfd, int number);

}  // namespace kiln::sandbox
