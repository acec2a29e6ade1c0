// .vscode/launch.json: how an editor attaches to a function that is debugged.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"

namespace kiln::cli {

struct DebugTarget {
  std::string function;
  std::string debugger;  // gdbserver, inspector, or debugpy
  std::string host;
  int port = 0;
  std::string task_root;  // where the function sees its code
  std::string source;     // where that code is here: an absolute path, or ${workspaceFolder}
  std::string program;    // gdbserver: the program with symbols; may be empty
};

// One configuration, named "kiln: FUNCTION".
nlohmann::ordered_json launch_configuration(const DebugTarget& target);

// The text of a launch.json with `configuration` in it: the one of the same name is replaced, all
// others stay. `before`: the text that is there, "" for none. Error: it isn't strict JSON
// (comments, say), so that writing it anew would lose something.
Result<std::string> with_configuration(const std::string& before,
                                       const nlohmann::ordered_json& configuration);

}  // namespace kiln::cli
