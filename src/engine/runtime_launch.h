// How the environment of a function version is started: the program to run and its environment
// variables. Pure but for looking up where python3, node and a layer's bootstrap are.
#pragma once

#include <string>

#include "model/function.h"
#include "sandbox/sandbox.h"

namespace kiln::engine {

struct LaunchContext {
  std::string task_dir;      // outside
  std::string layers_dir;    // outside; empty: no layers
  std::string runtimes_dir;  // outside
  std::string
      endpoint_url;  // value of AWS_ENDPOINT_URL unless the function sets its own; empty: none
  std::string log_stream;
  std::string initialization_type = "on-demand";
  sandbox::Isolation isolation = sandbox::Isolation::kFull;
};

sandbox::SandboxSpec launch_spec(const model::FunctionConfig& config, const LaunchContext& context);

// The runtime's name in INIT_START: "python:3.12", "nodejs:20", "provided:al2023".
std::string runtime_label(const std::string& runtime);

}  // namespace kiln::engine
