#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/ascii.h"
#include "base/digest.h"
#include "base/json_access.h"
#include "cli/code_source.h"
#include "cli/command.h"
#include "cli/env_file.h"
#include "cli/function_api.h"
#include "cli/missing_packages.h"
#include "cli/named_function.h"
#include "cli/plain_words.h"
#include "cli/shell.h"
#include "cli/size_text.h"
#include "cli/usage.h"
#include "cli/usage_error.h"
#include "model/variable_name.h"

namespace kiln::cli {
namespace {

// What AWS asks for and Kiln does not use.
constexpr const char* kRole = "arn:aws:iam::000000000000:role/kiln";

#if defined(__aarch64__)
constexpr const char* kArchitecture = "arm64";
#else
constexpr const char* kArchitecture = "x86_64";
#endif

enum class IfExists { kFail, kUpdate };
enum class Publish { kNo, kYes };

struct CreateOptions {
  std::string name;
  std::string path;
  RuntimeChoice runtime;
  std::string role;
  std::optional<int> memory_mb;
  std::optional<int> timeout_s;
  std::vector<std::string> environment;  // K=V
  std::string environment_file;
  std::vector<std::string> layers;
  std::optional<std::string> description;
  Publish publish = Publish::kNo;
  IfExists if_exists = IfExists::kFail;
  CodeForm form = CodeForm::kPackage;
};

nlohmann::json code_document(const CodeSource& source) {
  if (source.form == CodeForm::kHotReload) {
    return {{"S3Bucket", "hot-reload"}, {"S3Key", source.hot_reload_dir}};
  }
  return {{"ZipFile", base64_encode(source.zip)}};
}

// What the user gave; what was left out stays with the default of AWS, or as it is in an update.
nlohmann::json settings_document(const CreateOptions& options) {
  nlohmann::json document = nlohmann::json::object();
  if (options.memory_mb) document["MemorySize"] = *options.memory_mb;
  if (options.timeout_s) document["Timeout"] = *options.timeout_s;
  if (options.description) document["Description"] = *options.description;
  if (!options.role.empty()) document["Role"] = options.role;
  if (!options.layers.empty()) document["Layers"] = options.layers;
  if (!options.environment.empty()) {
    nlohmann::json variables = nlohmann::json::object();
    for (const std::string& pair : options.environment) {
      const size_t equals = pair.find('=');
      variables[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    document["Environment"] = {{"Variables", std::move(variables)}};
  }
  return document;
}

// What Kiln says of the machine that it runs on. AWS says nothing of the kind.
std::string newest_runtime(ApiClient& client, const std::string& language) {
  const Result<nlohmann::json> newest = client.json({.path = "/_kiln/runtimes"});
  return newest ? string_at(*newest, language) : "";
}

Result<nlohmann::json> create(ApiClient& client, const CreateOptions& options,
                              const CodeSource& source, std::string& note) {
  Result<RuntimeChoice> runtime = choose_runtime(
      source, options.runtime,
      [&client](const std::string& language) { return newest_runtime(client, language); });
  if (!runtime) return runtime.error();
  nlohmann::json document = settings_document(options);
  if (!document.contains("Role")) document["Role"] = kRole;
  document["FunctionName"] = options.name;
  document["Runtime"] = runtime->runtime;
  document["Handler"] = runtime->handler;
  document["Architectures"] = {kArchitecture};
  document["Code"] = code_document(source);
  document["Publish"] = options.publish == Publish::kYes;
  Result<ApiResponse> answer = client.send({.method = "POST",
                                            .path = "/2015-03-31/functions",
                                            .body = json_dump(document),
                                            .headers = {{"Content-Type", "application/json"}}});
  if (!answer) return answer.error();
  if (answer->status != 201) return error_of(*answer);
  note = answer->header("x-kiln-note");
  const auto created = json_parse(answer->body);
  const std::string version = string_at(created, "Version");
  Result<nlohmann::json> active = wait_until_active(client, options.name);
  if (active) (*active)["Version"] = version;
  return active;
}

Result<nlohmann::json> update(ApiClient& client, const CreateOptions& options,
                              const CodeSource& source, std::string& note) {
  const std::string path = function_path(options.name);
  nlohmann::json settings = settings_document(options);
  if (!options.runtime.runtime.empty()) settings["Runtime"] = options.runtime.runtime;
  if (!options.runtime.handler.empty()) settings["Handler"] = options.runtime.handler;
  const Result<ApiResponse> answer =
      client.send({.method = "PUT",
                   .path = path + "/code",
                   .body = json_dump(code_document(source)),
                   .headers = {{"Content-Type", "application/json"}}});
  if (!answer) return answer.error();
  if (answer->status != 200) return error_of(*answer);
  note = answer->header("x-kiln-note");
  Result<nlohmann::json> step = wait_until_active(client, options.name);
  if (step && !settings.empty()) {
    const Result<ApiResponse> configured =
        client.send({.method = "PUT",
                     .path = path + "/configuration",
                     .body = json_dump(settings),
                     .headers = {{"Content-Type", "application/json"}}});
    if (!configured) return configured.error();
    if (configured->status != 200) return error_of(*configured);
    // The code still had the runtime from before.
    if (settings.contains("Runtime")) note = configured->header("x-kiln-note");
    step = wait_until_active(client, options.name);
  }
  if (step && options.publish == Publish::kYes) {
    step = send_document(client, "POST", path + "/versions", nlohmann::json::object());
    if (step) step = wait_for_version(client, options.name, *step);
  }
  return step;
}

// What a runtime without its own program needs; a layer may bring it.
void warn_if_without_bootstrap(Console& console, const CreateOptions& options,
                               const CodeSource& source) {
  const bool has_one =
      std::any_of(source.entries.begin(), source.entries.end(),
                  [](const CodeEntry& entry) { return entry.path == "bootstrap"; });
  if (has_one || !options.layers.empty() || !options.runtime.runtime.starts_with("provided."))
    return;
  warn(console, options.runtime.runtime + " starts the program bootstrap, and '" + options.path +
                    "' has none at its top; build it there, and create again with --update");
}

void warn_if_not_executable(Console& console, const CodeSource& source) {
  for (const CodeEntry& entry : source.entries) {
    if (entry.path == "bootstrap" && !entry.executable) {
      warn(console,
           "bootstrap is not executable, so it can't be started; `chmod +x bootstrap` and create "
           "again with --update");
    }
  }
}

// `function` is as the API describes it after the change.
void warn_of_handler(Console& console, const CreateOptions& options, const CodeSource& source,
                     const nlohmann::json& function) {
  if (const auto layers = function.find("Layers"); layers != function.end() && !layers->empty())
    return;
  const std::string fault =
      handler_fault(source, {string_at(function, "Runtime"), string_at(function, "Handler")});
  if (!fault.empty())
    warn(console, fault + "; `kiln create " + options.name + " " + shell_word(options.path) +
                      (source.hot_reload_dir.empty() ? "" : " --hot-reload") +
                      " --update --handler FILE.FUNCTION` names another");
}

// Hands over the symbols that kiln_lambda() puts beside a package, for stack traces. Where they are
// not taken, as by AWS, traces show addresses.
void send_symbols(Console& console, ApiClient& client, const std::string& path) {
  if (!path.ends_with(".zip")) return;
  std::error_code ec;
  const auto file = std::filesystem::absolute(path.substr(0, path.size() - 4) + ".debug", ec);
  if (ec || !std::filesystem::is_regular_file(file, ec)) return;
  if (send_document(client, "POST", "/_kiln/symbols", {{"file", file.string()}}))
    note(console, "took the symbols of " + file.filename().string() + " for stack traces");
}

// "packed 12 files, 3.4 MB (1.1 MB zipped)", and what was left out.
void say_what_was_packed(Console& console, const CodeSource& source) {
  const PackedFolder& packed = source.packed;
  if (packed.files == 0) return;
  std::string text = "packed " + count_text(packed.files, "file") + ", " + size_text(packed.bytes) +
                     " (" + size_text(static_cast<int64_t>(source.zip.size())) + " zipped)";
  constexpr size_t kNamed = 4;
  for (size_t i = 0; i < packed.left_out.size() && i < kNamed; ++i)
    text += (i == 0 ? "; left out " : ", ") + packed.left_out[i].path + " (" +
            packed.left_out[i].why + ")";
  if (packed.left_out.size() > kNamed)
    text += " and " + std::to_string(packed.left_out.size() - kNamed) + " more";
  note(console, text);
}

// NAME:VERSION as `kiln layer list` shows it, instead of the ARN, which the API wants.
Result<void> name_layers(ApiClient& client, std::vector<std::string>& layers) {
  for (std::string& layer : layers) {
    if (layer.starts_with("arn:")) continue;
    const size_t colon = layer.find(':');
    const std::string name = layer.substr(0, colon);
    const std::string version = colon == std::string::npos ? "" : layer.substr(colon + 1);
    if (name.empty() || version.empty() ||
        !std::all_of(version.begin(), version.end(), ascii::is_digit))
      return usage("--layer is '" + layer +
                   "'; it must be NAME:VERSION, or the ARN of a layer's version; `kiln layer list` "
                   "shows them");
    const auto found = client.json(
        {.path = "/2018-10-31/layers/" + percent_encode(name) + "/versions/" + version});
    if (!found && found.error().type == "ResourceNotFoundException")
      return Error{ErrorKind::kNotFound, found.error().type,
                   "there is no version " + version + " of a layer '" + name +
                       "'; `kiln layer list` shows them"};
    if (!found) return found.error();
    layer = string_at(*found, "LayerVersionArn");
  }
  return {};
}

// False as well when nobody answers: creating says why.
bool is_there(ApiClient& client, const std::string& name) {
  return client.json({.method = "GET", .path = function_path(name) + "/configuration"}).ok();
}

Error too_large_for_a_request(const std::string& path, size_t zipped) {
  return {ErrorKind::kTooLarge, "RequestEntityTooLargeException",
          "'" + path + "' has " + size_text(static_cast<int64_t>(zipped)) +
              " zipped; a request may bring 50 MB, as on AWS. Name what the function doesn't need "
              "in .kilnignore, put libraries into a layer, run the folder in place with "
              "--hot-reload, or deploy it in a stack, which takes it from a bucket"};
}

// `kiln create ./hello hello`: the other way round. Where the code is written as a path, or its
// name is nearly that of a file, that is what is wrong.
Error in_their_order(const CreateOptions& options, Error error) {
  std::error_code ec;
  if (std::filesystem::exists(options.path, ec) || !std::filesystem::exists(options.name, ec))
    return error;
  const bool path_first = options.name.find_first_of("/.") != std::string::npos;
  if (!path_first && (options.path.find_first_of("/.") != std::string::npos ||
                      error.message.find("did you mean") != std::string::npos))
    return error;
  error.message = "there is no file or folder '" + options.path +
                  "'; the name comes first: `kiln create " + shell_word(options.path) + " " +
                  shell_word(options.name) + "`";
  return error;
}

int run_create(Console& console, const ClientOptions& client_options, CreateOptions options) {
  if (const auto function = read_whole_function(options.name, client_options.api,
                                                "code and settings are those of a whole function");
      !function)
    return fail(console, function.error());
  if (!options.environment_file.empty()) {
    Result<std::vector<std::string>> pairs = read_env_file(options.environment_file);
    if (!pairs) return fail(console, pairs.error());
    // What the command line says comes later and wins.
    options.environment.insert(options.environment.begin(), pairs->begin(), pairs->end());
  }
  for (const std::string& pair : options.environment) {
    const size_t equals = pair.find('=');
    if (equals == 0 || equals == std::string::npos)
      return fail(console, usage(equals != 0 && model::is_variable_name(pair)
                                     ? "--env is '" + pair + "'; it must be " + pair + "=VALUE"
                                     : "--env takes NAME=VALUE"));
    if (const std::string name = pair.substr(0, equals); !model::is_variable_name(name))
      return fail(console, {ErrorKind::kInvalid, "Usage", not_a_variable_name(name)});
  }
  Result<CodeSource> source = read_code(options.path, options.form);
  if (!source) return fail(console, in_their_order(options, source.error()));
  warn_if_without_bootstrap(console, options, *source);
  warn_if_not_executable(console, *source);
  if (options.layers.empty() && std::filesystem::is_directory(options.path))
    if (const std::string missing = missing_packages(options.path, source->entries);
        !missing.empty())
      warn(console, missing);
  Result<ApiClient> client = ApiClient::create(client_options.api);
  if (!client) return fail(console, client.error());
  if (const auto named = name_layers(*client, options.layers); !named)
    return fail(console, named.error());

  std::string note;  // of the engine, on the function's runtime
  const bool updated = options.if_exists == IfExists::kUpdate && is_there(*client, options.name);
  const Result<nlohmann::json> result =
      updated ? update(*client, options, *source, note) : create(*client, options, *source, note);
  if (!result && result.error().type == "ResourceConflictException" && !updated)
    return fail(console, {ErrorKind::kConflict, result.error().type,
                          "the function '" + options.name + "' exists already; `kiln create " +
                              options.name + " " + shell_word(options.path) +
                              " --update` replaces its code"});
  if (!result) {
    if (result.error().type == "RequestEntityTooLargeException")
      return fail(console, too_large_for_a_request(options.path, source->zip.size()));
    return fail(console, in_plain_words(result.error(), [&](const std::string& language) {
                  return newest_runtime(*client, language);
                }));
  }
  if (!note.empty()) warn(console, note);
  warn_of_handler(console, options, *source, *result);
  send_symbols(console, *client, options.path);
  if (client_options.format == OutputFormat::kJson) {
    console.out << json_pretty(*result) << '\n';
    return kExitOk;
  }
  say_what_was_packed(console, *source);
  console.out << (updated ? "updated " : "created ")
              << console.paint(Style::kBold, string_at(*result, "FunctionName")) << "  "
              << string_at(*result, "Runtime") << "  " << string_at(*result, "Handler") << "  "
              << number_at(*result, "MemorySize") << " MB  " << number_at(*result, "Timeout")
              << " s";
  if (const std::string version = string_at(*result, "Version"); version != "$LATEST") {
    console.out << "  version " << version;
  }
  console.out << '\n';
  return kExitOk;
}

}  // namespace

void add_create_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("create", "Create a function from a folder or a zip archive");
  command->footer(
      "Kiln infers the runtime from the files: Python for a .py file, Node.js for a .js or .mjs\n"
      "file, and provided.al2023 for a bootstrap. Of Python and Node.js, it takes the newest\n"
      "version that the machine has. It packs everything in the folder except .git, the data\n"
      "folder of a Kiln, and the files that .kilnignore names, or .gitignore if there is no\n"
      ".kilnignore.\n"
      "\n"
      "Examples:\n"
      "  kiln create hello ./hello\n"
      "  kiln create hello hello.zip --memory 512 --timeout 10 --env STAGE=test --env DEBUG=1\n"
      "  kiln create hello ./hello --update --publish      new code, as a new version\n"
      "  kiln create hello ./hello --hot-reload            run the folder in place");
  auto options = std::make_shared<CreateOptions>();
  command->add_option("name", options->name, "Name of the function")->required();
  command->add_option("code", options->path, "Folder or zip archive")
      ->required()
      ->type_name("DIR_OR_ZIP");
  command
      ->add_option("--runtime", options->runtime.runtime,
                   "For example python3.12; default: by the files")
      ->type_name("NAME");
  command
      ->add_option("--handler", options->runtime.handler,
                   "Default lambda_function.lambda_handler, index.handler, bootstrap, or the only "
                   "one that the code has")
      ->type_name("NAME");
  command->add_option("--role", options->role, "ARN of the role; Kiln does not use it")
      ->type_name("ARN");
  command
      ->add_option("--memory", options->memory_mb,
                   "MemorySize, 128 to 10240; also with a unit, as in 1GB")
      ->type_name("MB")
      ->transform(megabytes_between(128, 10'240));
  command
      ->add_option("--timeout", options->timeout_s, "Timeout, 1 to 900; also with a unit, as in 5m")
      ->type_name("SECONDS")
      ->transform(seconds_between(1, 900));
  command->add_option("--env", options->environment, "Environment variable; repeat for more")
      ->type_name("NAME=VALUE")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--env-file", options->environment_file,
                   "File of environment variables: a line NAME=VALUE for each")
      ->type_name("FILE");
  command
      ->add_option("--layer", options->layers,
                   "A layer's version, as in deps:1, or its ARN; repeat for more")
      ->type_name("NAME:VERSION")
      ->expected(1)
      ->take_all();
  command->add_option("--description", options->description, "Description")->type_name("TEXT");
  command->add_flag_callback(
      "--publish", [options] { options->publish = Publish::kYes; }, "Publish a version");
  command->add_flag_callback(
      "--update", [options] { options->if_exists = IfExists::kUpdate; },
      "If it exists, replace its code and the settings given here");
  command->add_flag_callback(
      "--hot-reload", [options] { options->form = CodeForm::kHotReload; },
      "Run the folder in place; environments restart when it changes");
  auto client_options = add_client_options(*command);
  command->callback([&invocation, options, client_options] {
    invocation.exit_code = run_create(invocation.console, *client_options, *options);
  });
}

}  // namespace kiln::cli
