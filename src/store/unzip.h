// Unpacks a hostile zip archive from memory into a folder of its own.
//
// Refused: what is not a zip or is damaged, names that leave the folder ("..", absolute), symbolic
// links that lead out of it by any way, hard links, devices, pipes and sockets, encrypted entries,
// and archives that hold more bytes or entries than the limits: the real bytes are counted, not
// what the archive says. Symbolic links that stay inside are kept. Folders become 0755; files keep
// their run bit, lose setuid, setgid and sticky, and are readable by all, because the code runs as
// another user.
//
// Thread-safe. No file is ever opened through a link: links are made last, after all of them have
// been judged.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kiln::store {

struct UnzipLimits {
  int64_t max_bytes = 262'144'000;
  int64_t max_entries = 100'000;
  std::stop_token ending = {};  // who waits for it gives up: an error that says so
};

// REQUIRES: `dir` exists and is empty. After an error it holds part of the archive: the caller
// removes it.
Result<void> unzip(std::string_view zip, const std::string& dir, const UnzipLimits& limits);

}  // namespace kiln::store
