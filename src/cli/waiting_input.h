// What waits in stdin, looked at without taking it.
#pragma once

namespace kiln::cli {

// Whether JSON waits there that nobody has read: a file from its start, or a pipe, that begins with
// "{" or "[". Other input belongs to whoever shares stdin, such as a shell's loop over lines.
bool json_waits_in_stdin();

}  // namespace kiln::cli
