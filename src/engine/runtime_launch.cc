#include "engine/runtime_launch.h"

#include <unistd.h>

#include <cstdlib>
#include <map>

#include "engine/channel_marker.h"
#include "engine/extension_programs.h"
#include "model/function_session.h"

namespace kiln::engine {
namespace {

constexpr std::string_view kSnapStart = "snap-start";

bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// "node20" of "nodejs20.x".
std::string node_folder(const std::string& runtime) {
  const size_t digits = runtime.find_first_of("0123456789");
  return digits == std::string::npos ? "node"
                                     : "node" + runtime.substr(digits, runtime.find('.') - digits);
}

bool is_provided(const std::string& runtime) { return runtime.starts_with("provided"); }

int number_at(const std::string& version, size_t part) {
  size_t at = 0;
  for (; part > 0 && at != std::string::npos; --part)
    if ((at = version.find('.', at)) != std::string::npos) ++at;
  return at == std::string::npos ? 0 : std::atoi(version.c_str() + at);
}

// Lambda switches experimental features off that Node.js has on, until NODE_OPTIONS asks for them.
// Only where the program knows the flag: it refuses to start with others.
void add_node_flags(const model::FunctionConfig& config, const std::string& version,
                    std::vector<std::string>& argv) {
  const std::string wanted = wanted_version(config.runtime);
  const auto options = config.environment.find("NODE_OPTIONS");
  const auto asked = [&](const char* flag) {
    return options != config.environment.end() && options->second.find(flag) != std::string::npos;
  };
  const int major = number_at(version, 0), minor = number_at(version, 1);
  const bool knows_require = major >= 22 || (major == 20 && minor >= 17);
  const bool knows_detect = major >= 22 || (major == 20 && minor >= 10);
  if ((wanted == "20" || wanted == "22") && knows_require &&
      !asked("--experimental-require-module"))
    argv.emplace_back("--no-experimental-require-module");
  if (wanted == "22" && knows_detect && !asked("--experimental-detect-module"))
    argv.emplace_back("--no-experimental-detect-module");
}

bool has_wrapper(const model::FunctionConfig& config) {
  const auto wrapper = config.environment.find("AWS_LAMBDA_EXEC_WRAPPER");
  return wrapper != config.environment.end() && !wrapper->second.empty();
}

struct Places {
  std::string task, opt, runtimes;  // as the function sees them
};

// The program of a managed runtime and its arguments; the last is the script, which wrapper scripts
// count on.
std::vector<std::string> managed_argv(const model::FunctionConfig& config,
                                      const LaunchContext& context, const Places& places) {
  const bool in_place = context.isolation == sandbox::Isolation::kNone;
  const Interpreter& program = context.interpreter;
  std::vector<std::string> argv;
  if (has_wrapper(config)) argv = {"/bin/sh", places.runtimes + "/exec_wrapper.sh"};
  argv.push_back(in_place ? program.path : program.path_inside());
  if (config.runtime.starts_with("python")) {
    argv.emplace_back("-S");
    argv.push_back(places.runtimes + "/python/bootstrap.py");
    if (places.opt != "/opt") argv.push_back(places.opt);
  } else {
    add_node_flags(config, program.version, argv);
    argv.push_back(places.runtimes + "/nodejs/bootstrap.mjs");
  }
  return argv;
}

// Variables that the function's own go before.
std::map<std::string, std::string> defaults(const model::FunctionConfig& config,
                                            const Places& places) {
  const bool lang = config.runtime != "provided.al2";  // has no /var/lang
  std::map<std::string, std::string> env = {
      {"LANG", "en_US.UTF-8"},
      {"TZ", ":UTC"},
      {"PATH", std::string(lang ? "/var/lang/bin:" : "") +
                   "/usr/local/bin:/usr/bin/:/bin:" + places.opt + "/bin"},
      {"LD_LIBRARY_PATH",
       std::string(lang ? "/var/lang/lib:" : "") +
           "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:" + places.opt +
           "/lib"},
      {"AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"},
      {"AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1:2000"},
      {"_AWS_XRAY_DAEMON_ADDRESS", "169.254.100.1"},
      {"_AWS_XRAY_DAEMON_PORT", "2000"},
  };
  if (is_provided(config.runtime)) return env;
  env["_LAMBDA_TELEMETRY_LOG_FD"] = "1";  // the bootstraps take it out again
  // As the shell script leaves them that starts a managed runtime.
  env["PWD"] = places.task;
  env["SHLVL"] = "0";
  if (config.runtime.starts_with("python")) env["PYTHONPATH"] = places.runtimes;
  if (config.runtime.starts_with("nodejs"))
    env["NODE_PATH"] = places.opt + "/nodejs/" + node_folder(config.runtime) +
                       "/node_modules:" + places.opt + "/nodejs/node_modules:" + places.runtimes +
                       "/node_modules:" + places.runtimes + ":" + places.task;
  return env;
}

void add_reserved(const model::FunctionConfig& config, const LaunchContext& context,
                  const Places& places, std::map<std::string, std::string>& env) {
  env["AWS_ACCESS_KEY_ID"] = model::kFunctionAccessKeyId;
  env["AWS_SECRET_ACCESS_KEY"] = model::kFunctionSecretAccessKey;
  env["AWS_SESSION_TOKEN"] = model::session_token({config.role, config.name});
  env["AWS_REGION"] = config.region;
  env["AWS_DEFAULT_REGION"] = config.region;
  env["AWS_LAMBDA_FUNCTION_NAME"] = config.name;
  env["AWS_LAMBDA_FUNCTION_VERSION"] = config.version;
  env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = std::to_string(config.memory_mb);
  env["AWS_LAMBDA_INITIALIZATION_TYPE"] = context.initialization_type;
  // A snapshot is of no log stream.
  if (context.initialization_type != kSnapStart) {
    env["AWS_LAMBDA_LOG_GROUP_NAME"] = config.log_group();
    env["AWS_LAMBDA_LOG_STREAM_NAME"] = context.log_stream;
  }
  env.erase("AWS_LAMBDA_LOG_FORMAT");
  if (config.logging->format == model::LogFormat::kJson) {
    env["AWS_LAMBDA_LOG_FORMAT"] = "JSON";
    if (!config.logging->application_level.empty())
      env["AWS_LAMBDA_LOG_LEVEL"] = config.logging->application_level;
  }
  env["_HANDLER"] = config.handler;
  env["LAMBDA_TASK_ROOT"] = places.task;
  env["LAMBDA_RUNTIME_DIR"] = places.runtimes;
  if (!is_provided(config.runtime)) env["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + config.runtime;
}

// Whether an interpreter can be told of the function's variables once it runs: not of those that it
// reads when it starts.
bool can_be_told(const std::map<std::string, std::string>& own) {
  for (const auto& [name, value] : own) {
    if (name == "LANG" || name == "LANGUAGE" || name == "TZ") return false;
    for (const char* prefix : {"PYTHON", "NODE_", "LD_", "LC_", "MALLOC_", "GLIBC_", "UV_",
                               "OPENSSL_", "SSL_", "ICU_", "AWS_LAMBDA_EXEC_WRAPPER"})
      if (name.starts_with(prefix)) return false;
  }
  return true;
}

}  // namespace

std::string runtime_label(const std::string& runtime) {
  std::string name = runtime.substr(0, runtime.find_first_of(".0123456789"));
  std::string version = runtime.substr(name.size());
  if (version.starts_with('.')) version.erase(0, 1);
  if (version.ends_with(".x")) version.resize(version.size() - 2);
  return version.empty() ? name : name + ":" + version;
}

std::string running_runtime(const std::string& runtime) {
  const Interpreter one = machine_interpreters().at_hand(runtime);
  if (!one.found || one.exact || one.version.empty()) return runtime;
  const bool python = runtime.starts_with("python");
  const size_t dot = one.version.find('.');
  const size_t end = python && dot != std::string::npos ? one.version.find('.', dot + 1) : dot;
  return (python ? "python" : "nodejs") + one.version.substr(0, end);
}

sandbox::SandboxSpec fork_spec(const model::FunctionConfig& config,
                               std::shared_ptr<sandbox::ForkSource> source) {
  sandbox::SandboxSpec spec;
  spec.fork_of = std::move(source);
  spec.limits.memory_mb = config.memory_mb;
  spec.ephemeral_mb = config.ephemeral_mb;
  spec.account = config.account;
  spec.env = {"AWS_LAMBDA_FUNCTION_NAME=" + config.name,
              "AWS_LAMBDA_FUNCTION_VERSION=" + config.version, "_HANDLER=" + config.handler};
  return spec;
}

bool frames_logs(const std::string& runtime) { return !is_provided(runtime); }

sandbox::SandboxSpec launch_spec(const model::FunctionConfig& config,
                                 const LaunchContext& context) {
  const bool in_place = context.isolation == sandbox::Isolation::kNone;
  const bool has_layers = !context.layers_dir.empty();
  const Places places{in_place ? context.task_dir : "/var/task",
                      in_place && has_layers ? context.layers_dir : "/opt",
                      in_place ? context.runtimes_dir : "/var/runtime"};

  sandbox::SandboxSpec spec;
  spec.account = config.account;
  spec.task_dir = context.task_dir;
  spec.layers_dir = context.layers_dir;
  spec.ephemeral_mb = config.ephemeral_mb;
  spec.limits.memory_mb = config.memory_mb;
  bool managed = false;
  if (!wanted_version(config.runtime).empty() && !is_provided(config.runtime)) {
    managed = true;
    spec.lang_dir = context.interpreter.prefix;
    // A script before the interpreter may use the descriptor for something else.
    spec.direct_channel = !has_wrapper(config);
    spec.snapshots = spec.direct_channel && config.runtime.starts_with("python");
    spec.argv = managed_argv(config, context, places);
  } else {
    const bool in_layer = has_layers && !is_there(context.task_dir + "/bootstrap") &&
                          is_there(context.layers_dir + "/bootstrap");
    spec.argv = {(in_layer ? places.opt : places.task) + "/bootstrap"};
    const BootstrapSkills skills =
        skills_of((in_layer ? context.layers_dir : context.task_dir) + "/bootstrap");
    spec.direct_channel = skills.direct_channel;
    spec.snapshots = skills.snapshots;
  }

  for (const auto& name : extension_programs(context.layers_dir))
    spec.extensions.push_back(places.opt + "/extensions/" + name);

  auto env = defaults(config, places);
  if (managed && !in_place && can_be_told(config.environment))
    for (const auto& [name, value] : env) spec.ahead_env.push_back(name + "=" + value);
  if (!context.endpoint_url.empty()) env["AWS_ENDPOINT_URL"] = context.endpoint_url;
  for (const auto& [name, value] : config.environment) env[name] = value;
  add_reserved(config, context, places, env);
  if (!managed && spec.direct_channel && !context.symbols.empty())
    env["KILN_SYMBOLS"] = context.symbols;
  for (const auto& [name, value] : env) spec.env.push_back(name + "=" + value);
  return spec;
}

}  // namespace kiln::engine
