#include "engine/runtime_launch.h"

#include <unistd.h>

#include <map>

#include "base/ids.h"

namespace kiln::engine {
namespace {

// The host's interpreter, among the folders that sandboxes see.
std::string find_program(const std::string& name) {
  for (const char* dir : {"/usr/local/bin/", "/usr/bin/"})
    if (const std::string path = dir + name; ::access(path.c_str(), X_OK) == 0) return path;
  return "/usr/bin/" + name;  // its absence is reported when it is run
}

bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// "node20" of "nodejs20.x".
std::string node_folder(const std::string& runtime) {
  const size_t digits = runtime.find_first_of("0123456789");
  return digits == std::string::npos ? "node"
                                     : "node" + runtime.substr(digits, runtime.find('.') - digits);
}

bool is_provided(const std::string& runtime) { return runtime.starts_with("provided"); }

}  // namespace

std::string runtime_label(const std::string& runtime) {
  std::string name = runtime.substr(0, runtime.find_first_of(".0123456789"));
  std::string version = runtime.substr(name.size());
  if (version.starts_with('.')) version.erase(0, 1);
  if (version.ends_with(".x")) version.resize(version.size() - 2);
  return version.empty() ? name : name + ":" + version;
}

sandbox::SandboxSpec launch_spec(const model::FunctionConfig& config,
                                 const LaunchContext& context) {
  const bool in_place = context.isolation == sandbox::Isolation::kNone;
  const std::string task_root = in_place ? context.task_dir : "/var/task";
  const bool has_layers = !context.layers_dir.empty();
  const std::string opt = in_place && has_layers ? context.layers_dir : "/opt";
  const std::string runtime_dir = in_place ? context.runtimes_dir : "/var/runtime";

  sandbox::SandboxSpec spec;
  spec.task_dir = context.task_dir;
  spec.layers_dir = context.layers_dir;
  spec.ephemeral_mb = config.ephemeral_mb;
  spec.limits.memory_mb = config.memory_mb;
  if (config.runtime.starts_with("python"))
    spec.argv = {find_program("python3"), runtime_dir + "/python/bootstrap.py"};
  else if (config.runtime.starts_with("nodejs"))
    spec.argv = {find_program("node"), runtime_dir + "/nodejs/bootstrap.mjs"};
  else if (has_layers && !is_there(context.task_dir + "/bootstrap") &&
           is_there(context.layers_dir + "/bootstrap"))
    spec.argv = {opt + "/bootstrap"};
  else
    spec.argv = {task_root + "/bootstrap"};

  // Not reserved: the function's own value wins.
  std::map<std::string, std::string> env = {
      {"LANG", "en_US.UTF-8"},
      {"TZ", ":UTC"},
      {"PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:" + opt + "/bin"},
      {"LD_LIBRARY_PATH",
       "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:" +
           opt + "/lib"},
      {"AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"},
      {"AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000"},
  };
  if (config.runtime.starts_with("python")) env["PYTHONPATH"] = runtime_dir;
  if (has_layers && config.runtime.starts_with("nodejs"))
    env["NODE_PATH"] = opt + "/nodejs/" + node_folder(config.runtime) + "/node_modules:" + opt +
                       "/nodejs/node_modules:" + runtime_dir + "/node_modules";
  if (!context.endpoint_url.empty()) env["AWS_ENDPOINT_URL"] = context.endpoint_url;
  for (const auto& [name, value] : config.environment) env[name] = value;
  // Layers are searched whatever PYTHONPATH the function sets. Only where there are any: each
  // folder of a search path costs every import a look.
  if (has_layers && config.runtime.starts_with("python"))
    env["PYTHONPATH"] = opt + "/python/lib/" + config.runtime + "/site-packages:" + opt +
                        "/python:" + env["PYTHONPATH"];

  // Reserved.
  env["AWS_ACCESS_KEY_ID"] = "AKIAKILNLOCALACCESS0";
  env["AWS_SECRET_ACCESS_KEY"] = "kiln-local-secret-access-key-00000000000";
  env["AWS_SESSION_TOKEN"] = "kiln-local-session-token";
  env["AWS_REGION"] = config.region;
  env["AWS_DEFAULT_REGION"] = config.region;
  env["AWS_LAMBDA_FUNCTION_NAME"] = config.name;
  env["AWS_LAMBDA_FUNCTION_VERSION"] = config.version;
  env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = std::to_string(config.memory_mb);
  env["AWS_LAMBDA_INITIALIZATION_TYPE"] = context.initialization_type;
  env["AWS_LAMBDA_LOG_GROUP_NAME"] = config.log_group();
  env["AWS_LAMBDA_LOG_STREAM_NAME"] = context.log_stream;
  if (config.logging.format == model::LogFormat::kJson) {
    env["AWS_LAMBDA_LOG_FORMAT"] = "JSON";
    if (!config.logging.application_level.empty())
      env["AWS_LAMBDA_LOG_LEVEL"] = config.logging.application_level;
  } else {
    env["AWS_LAMBDA_LOG_FORMAT"] = "Text";
  }
  env["_HANDLER"] = config.handler;
  env["LAMBDA_TASK_ROOT"] = task_root;
  env["LAMBDA_RUNTIME_DIR"] = runtime_dir;
  if (!is_provided(config.runtime)) env["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + config.runtime;
  for (const auto& [name, value] : env) spec.env.push_back(name + "=" + value);
  return spec;
}

}  // namespace kiln::engine
