// The ways to wait for the kernel that this machine has, for tests that hold for all of them.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/io_loop.h"

namespace kiln::net {

inline std::vector<IoChoice> io_choices() {
  if (!uring_fault().empty()) return {IoChoice::kEpoll};
  return {IoChoice::kEpoll, IoChoice::kUring};
}

inline std::string io_name(const testing::TestParamInfo<IoChoice>& io) {
  return io.param == IoChoice::kEpoll ? "Epoll" : "Uring";
}

}  // namespace kiln::net
