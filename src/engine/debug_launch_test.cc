#include "engine/debug_launch.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/unique_fd.h"
#include "sandbox/sandbox.h"

namespace kiln::engine {
namespace {

using ::testing::ElementsAre;

model::FunctionConfig of_runtime(const std::string& runtime) {
  model::FunctionConfig config;
  config.runtime = runtime;
  return config;
}

TEST(DebugLaunch, EachRuntimeHasItsDebugger) {
  EXPECT_EQ(debugger_of(of_runtime("python3.12")), Debugger::kDebugpy);
  EXPECT_EQ(debugger_of(of_runtime("nodejs22.x")), Debugger::kInspector);
  EXPECT_EQ(debugger_of(of_runtime("provided.al2023")), Debugger::kGdbserver);
}

// The function's libraries are for the function: with LD_LIBRARY_PATH of its own, gdbserver would
// load them.
TEST(DebugLaunch, GdbserverKeepsTheFunctionsLibrariesFromItself) {
  sandbox::SandboxSpec spec;
  spec.argv = {"/var/task/bootstrap"};
  spec.env = {"A=1", "LD_LIBRARY_PATH=/var/task/lib"};
  put_under_debugger(spec, {Debugger::kGdbserver, 2345});
  EXPECT_THAT(spec.argv, ElementsAre("/usr/bin/gdbserver", "--wrapper", "/usr/bin/env",
                                     "LD_LIBRARY_PATH=/var/task/lib", "--", "127.0.0.1:2345",
                                     "/var/task/bootstrap"));
  EXPECT_THAT(spec.env, ElementsAre("A=1", "SHELL=/bin/sh"));
  EXPECT_EQ(spec.limits.memory_mb, 128 + kDebuggerMemoryMb);
}

TEST(DebugLaunch, NodeListensBeforeItsBootstrap) {
  sandbox::SandboxSpec spec;
  spec.argv = {"/usr/bin/node", "/var/runtime/nodejs/bootstrap.mjs"};
  put_under_debugger(spec, {Debugger::kInspector, 9229});
  EXPECT_THAT(spec.argv, ElementsAre("/usr/bin/node", "--inspect=127.0.0.1:9229",
                                     "/var/runtime/nodejs/bootstrap.mjs"));
  spec.argv = {"/usr/bin/node", "/var/runtime/nodejs/bootstrap.mjs"};
  put_under_debugger(spec, {Debugger::kInspector, 1, DebugWait::kYes});
  EXPECT_THAT(spec.argv, ElementsAre("/usr/bin/node", "--inspect=127.0.0.1:1", "--require",
                                     "/var/runtime/nodejs/wait_for_debugger.cjs",
                                     "/var/runtime/nodejs/bootstrap.mjs"));
}

TEST(DebugLaunch, PythonStartsItsBootstrapFromTheStarter) {
  sandbox::SandboxSpec spec;
  spec.argv = {"/usr/bin/python3", "-S", "/var/runtime/python/bootstrap.py", "/opt"};
  put_under_debugger(spec, {Debugger::kDebugpy, 5678, DebugWait::kYes});
  EXPECT_THAT(spec.argv, ElementsAre("/usr/bin/python3", "-S", "/var/runtime/python/debugged.py",
                                     "/var/runtime/python/bootstrap.py", "/opt"));
  EXPECT_THAT(spec.env, ElementsAre("KILN_DEBUG_PORT=5678", "KILN_DEBUG_WAIT=1"));
}

TEST(DebugLaunch, APortThatIsTakenIsRefused) {
  const UniqueFd taken(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(taken.get(), generic, size), 0);
  ASSERT_EQ(::listen(taken.get(), 1), 0);
  ASSERT_EQ(::getsockname(taken.get(), generic, &size), 0);
  const Result<uint16_t> wanted = debug_port(Debugger::kInspector, ntohs(address.sin_port));
  ASSERT_FALSE(wanted);
  EXPECT_EQ(wanted.error().kind, ErrorKind::kConflict);
  const Result<uint16_t> any = debug_port(Debugger::kInspector, 0);
  ASSERT_TRUE(any);
  EXPECT_GT(*any, 0);
}

}  // namespace
}  // namespace kiln::engine
