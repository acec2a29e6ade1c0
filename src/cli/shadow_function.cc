#include "cli/shadow_function.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/digest.h"
#include "base/json_access.h"
#include "cli/download.h"
#include "cli/environment_list.h"
#include "cli/function_api.h"
#include "cli/json_call.h"

namespace kiln::cli {
namespace {

constexpr std::string_view kSuffix = "-kiln-tune";
constexpr size_t kLongestName = 64;
constexpr size_t kLargestPackage = 300U << 20;
constexpr std::string_view kMark = "Made by kiln tune, process ";

// Two long names that begin alike have different copies.
std::string shadow_name(const std::string& name) {
  if (name.size() + kSuffix.size() <= kLongestName) return name + std::string(kSuffix);
  constexpr size_t kHash = 8;
  return name.substr(0, kLongestName - kSuffix.size() - kHash - 1) + "-" +
         sha256_hex(name).substr(0, kHash) + std::string(kSuffix);
}

std::string host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string description() {
  return std::string(kMark) + std::to_string(getpid()) + " on " + host_name() +
         "; may be deleted when that has ended";
}

// Whether the program that made a copy is still there, as far as this machine can tell.
bool maker_runs(const std::string& text) {
  if (!text.starts_with(kMark)) return true;
  const std::string_view rest = std::string_view(text).substr(kMark.size());
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), pid);
  if (error != std::errc() || pid <= 0) return true;
  const std::string_view where(end, rest.data() + rest.size());
  if (!where.starts_with(" on " + host_name() + ";")) return true;
  return pid != getpid() && (kill(pid, 0) == 0 || errno == EPERM);
}

// What CreateFunction takes of what GetFunctionConfiguration answers.
Json copied_settings(const Json& configuration) {
  Json settings = Json::object();
  for (const char* member :
       {"Runtime", "Role", "Handler", "Timeout", "MemorySize", "Environment", "TracingConfig",
        "FileSystemConfigs", "EphemeralStorage", "LoggingConfig", "Architectures"}) {
    if (const Json* value = configuration.find(member)) settings[member] = *value;
  }
  settings["Environment"].erase("Error");
  if (settings["Environment"].empty()) settings.erase("Environment");
  // The copy has a log group of its own.
  if (Json* logging = settings.find("LoggingConfig")) logging->erase("LogGroup");
  if (!configuration["Layers"].empty()) {
    Json layers = Json::array();
    for (const Json& layer : configuration["Layers"]) layers.push_back(layer["Arn"]);
    settings["Layers"] = std::move(layers);
  }
  if (const Json& vpc = configuration["VpcConfig"]; !vpc["SubnetIds"].empty()) {
    settings["VpcConfig"] =
        Json{{"SubnetIds", vpc["SubnetIds"]}, {"SecurityGroupIds", vpc["SecurityGroupIds"]}};
  }
  return settings;
}

Result<Json> code_of(const Json& function) {
  constexpr std::string_view kFolder = "file://";
  const std::string location = function["Code"].text_or("Location", "");
  if (location.starts_with(kFolder))
    return Json{{"S3Bucket", "hot-reload"}, {"S3Key", location.substr(kFolder.size())}};
  if (location.empty()) {
    return Error{ErrorKind::kInvalid, "Usage",
                 "the function's code can't be fetched; container images can't be tuned"};
  }
  Result<std::string> package = download(location, kLargestPackage);
  if (!package) return package.error();
  return Json{{"ZipFile", base64_encode(*package)}};
}

Result<void> remove_leftover(ApiClient& client, const std::string& name) {
  const Result<Json> found =
      json_call(client, {.method = "GET", .path = function_path(name) + "/configuration"});
  if (!found) {
    if (found.error().kind == ErrorKind::kNotFound) return {};
    return found.error();
  }
  if (maker_runs(found->text_or("Description", ""))) {
    return Error{
        ErrorKind::kConflict, "Usage",
        "there is a function '" + name +
            "': another kiln tune of this function may be running. If none is, `kiln delete " +
            name + "` and try again"};
  }
  const Result<Json> gone = json_call(client, {.method = "DELETE", .path = function_path(name)});
  if (!gone) return gone.error();
  return {};
}

// Environments of Kiln's have been told to end.
void wait_until_gone(ApiClient& client, const std::string& name) {
  constexpr auto kLook = std::chrono::milliseconds(20);
  for (int looks = 0; looks < 500; ++looks) {
    const auto environments = list_environments(client);
    if (!environments) return;
    const bool any = std::any_of(environments->begin(), environments->end(), [&](const auto& one) {
      return string_at(one, "function") == name;
    });
    if (!any) return;
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace

Result<ShadowFunction> ShadowFunction::make(ApiClient& client, const std::string& name,
                                            const std::string& qualifier) {
  const Result<Json> function = json_call(
      client, {.method = "GET", .path = function_path(name) + qualifier_query(qualifier)});
  if (!function) return function.error();
  ShadowFunction shadow;
  shadow.original_ = (*function)["Configuration"];
  shadow.name_ = shadow_name(shadow.original_.text_or("FunctionName", name));
  if (Result<void> free = remove_leftover(client, shadow.name_); !free) return free.error();
  Result<Json> code = code_of(*function);
  if (!code) return code.error();
  Json document = copied_settings(shadow.original_);
  document["FunctionName"] = shadow.name_;
  document["Description"] = description();
  document["Code"] = *std::move(code);
  const Result<Json> made = json_call(client, "POST", "/2015-03-31/functions", document);
  if (!made) return made.error();
  if (const auto ready = wait_until_active(client, shadow.name_); !ready) {
    (void)shadow.remove(client, Logs::kKeep);
    return ready.error();
  }
  return shadow;
}

Result<void> ShadowFunction::update(ApiClient& client, Json settings) {
  const Result<Json> updated =
      json_call(client, "PUT", function_path(name_) + "/configuration", settings);
  if (!updated) return updated.error();
  if (const auto ready = wait_until_active(client, name_); !ready) return ready.error();
  return {};
}

Result<void> ShadowFunction::resize(ApiClient& client, int64_t memory_mb) {
  return update(client, Json{{"MemorySize", memory_mb}});
}

// A new configuration has new environments, whatever is in it.
Result<void> ShadowFunction::renew(ApiClient& client) {
  return update(client, Json{{"Description", description() + " " + std::to_string(++renewals_)}});
}

Result<void> ShadowFunction::remove(ApiClient& client, Logs logs) {
  const Result<Json> gone = json_call(client, {.method = "DELETE", .path = function_path(name_)});
  if (!gone) return gone.error();
  if (logs == Logs::kKeep) return {};
  // One at work would make the log group anew with its last lines.
  const Result<Json> ended = json_call(
      client, {.method = "DELETE", .path = "/_kiln/environments/" + percent_encode(name_)});
  if (ended) wait_until_gone(client, name_);
  ApiRequest request{.method = "POST", .path = "/", .service = "logs"};
  request.body = Json{{"logGroupName", "/aws/lambda/" + name_}}.to_text();
  request.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                     {"X-Amz-Target", "Logs_20140328.DeleteLogGroup"}};
  (void)json_call(client, request);  // without an invocation there is none
  return {};
}

}  // namespace kiln::cli
