#include "cli/launch_file.h"

#include "base/json_access.h"

namespace kiln::cli {

using nlohmann::ordered_json;

ordered_json launch_configuration(const DebugTarget& target) {
  ordered_json out = {{"name", "kiln: " + target.function}};
  if (target.debugger == "debugpy") {
    out["type"] = "debugpy";
    out["request"] = "attach";
    out["connect"] = {{"host", target.host}, {"port", target.port}};
    out["pathMappings"] =
        ordered_json::array({{{"localRoot", target.source}, {"remoteRoot", target.task_root}}});
    out["justMyCode"] = true;
  } else if (target.debugger == "inspector") {
    out["type"] = "node";
    out["request"] = "attach";
    out["address"] = target.host;
    out["port"] = target.port;
    out["localRoot"] = target.source;
    out["remoteRoot"] = target.task_root;
    out["skipFiles"] = {"<node_internals>/**", "/var/runtime/**"};
  } else {
    out["type"] = "cppdbg";
    out["request"] = "launch";  // cppdbg's word for attaching to a server, too
    out["program"] = target.program.empty() ? target.source + "/bootstrap" : target.program;
    out["cwd"] = target.source;
    out["MIMode"] = "gdb";
    out["miDebuggerServerAddress"] = target.host + ":" + std::to_string(target.port);
    out["stopAtEntry"] = false;
  }
  return out;
}

Result<std::string> with_configuration(const std::string& before,
                                       const ordered_json& configuration) {
  ordered_json document = {{"version", "0.2.0"}, {"configurations", ordered_json::array()}};
  if (!before.empty()) {
    document = json_parse<ordered_json>(before);
    if (!document.is_object() ||
        (document.contains("configurations") && !document["configurations"].is_array()))
      return Error{ErrorKind::kInvalid, "NoLaunchFile", "is not plain JSON, so it stays as it is"};
  }
  ordered_json& list = document["configurations"];
  if (!list.is_array()) list = ordered_json::array();
  bool replaced = false;
  for (ordered_json& each : list) {
    if (!each.is_object() || !each.contains("name") || each["name"] != configuration["name"])
      continue;
    each = configuration;
    replaced = true;
  }
  if (!replaced) list.push_back(configuration);
  return json_pretty(document, 4) + "\n";
}

}  // namespace kiln::cli
