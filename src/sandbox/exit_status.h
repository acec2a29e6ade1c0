// How a sandbox ended, in its owner's words, from what its first process said of it. Pure.
#pragma once

#include <string>

#include "sandbox/launcher.h"
#include "sandbox/sandbox_port.h"

namespace kiln::sandbox {

// Of the end of `program`; the reason is an errno's text.
Exit exit_of(const ExitStatus& status, const std::string& program);

}  // namespace kiln::sandbox
