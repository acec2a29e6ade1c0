// How the environment of a function version is started: the program to run and its environment
// variables. Pure but for a look at the bootstraps of package and layers.
#pragma once

#include <memory>
#include <string>

#include "base/interpreters.h"
#include "model/function.h"
#include "sandbox/launcher.h"
#include "sandbox/sandbox_port.h"

namespace kiln::engine {

struct LaunchContext {
  std::string task_dir;      // outside
  std::string layers_dir;    // outside; empty: no layers
  std::string runtimes_dir;  // outside
  std::string
      endpoint_url;     // value of AWS_ENDPOINT_URL unless the function sets its own; empty: none
  std::string symbols;  // where native functions ask for symbols; empty: nowhere
  std::string log_stream;
  std::string initialization_type = "on-demand";
  Interpreter interpreter;  // of managed runtimes
  sandbox::Isolation isolation = sandbox::Isolation::kFull;
};

sandbox::SandboxSpec launch_spec(const model::FunctionConfig& config, const LaunchContext& context);

// Of an environment that is forked of a template: what it doesn't have of it.
sandbox::SandboxSpec fork_spec(const model::FunctionConfig& config,
                               std::shared_ptr<sandbox::ForkSource> source);

// The runtime that really runs where another one is asked for: "python3.11" for "python3.12". For
// event loops: by what is known of the machine's interpreters, or what their files' names say.
std::string running_runtime(const std::string& runtime);

// Whether the runtime sends whole events of several lines in frames.
bool frames_logs(const std::string& runtime);

// The runtime's name in INIT_START: "python:3.12", "nodejs:20", "provided:al2023".
std::string runtime_label(const std::string& runtime);

}  // namespace kiln::engine
