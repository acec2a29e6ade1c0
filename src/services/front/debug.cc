#include "services/front/debug.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "base/ids.h"
#include "base/json_access.h"
#include "engine/debug_launch.h"
#include "model/names.h"
#include "wire/credential_scope.h"
#include "wire/rest_json_error.h"
#include "wire/uri.h"

namespace kiln::services {
namespace {

using nlohmann::json;

net::Response answer(const json& document) {
  net::Response response;
  response.body = wire::to_json_text(document);
  return response;
}

std::string region_of(const net::Request& request) {
  return wire::CredentialScope::of(request.base()).region;
}

struct Wishes {
  uint16_t port = 0;
  engine::DebugWait wait = engine::DebugWait::kNo;
  engine::DebugRepeat repeat = engine::DebugRepeat::kNext;
  bool profile = false;
};

Error wrong(const std::string& what) {
  return {ErrorKind::kInvalid, "InvalidParameterValueException", what};
}

Result<Wishes> wishes_of(const std::string& body) {
  Wishes out;
  if (body.empty()) return out;
  const json document = json_parse(body);
  if (!document.is_object()) return wrong("The body is not a JSON object.");
  for (const auto& [name, value] : document.items()) {
    if (name == "port") {
      if (!value.is_number_integer() || value < 0 || value > 65'535)
        return wrong("port must be a number from 0 to 65535.");
      out.port = json_integer<uint16_t>(value);
    } else if (name == "wait" || name == "each" || name == "profile") {
      if (!value.is_boolean()) return wrong(name + " must be true or false.");
      if (!json_flag(value)) continue;
      if (name == "wait")
        out.wait = engine::DebugWait::kYes;
      else if (name == "profile")
        out.profile = true;
      else
        out.repeat = engine::DebugRepeat::kEach;
    } else {
      return wrong("There is no member '" + name + "'; there are port, wait, each, and profile.");
    }
  }
  return out;
}

}  // namespace

json environments_document(std::vector<engine::EnvironmentStatus> environments) {
  std::sort(environments.begin(), environments.end(), [](const auto& a, const auto& b) {
    return std::tie(a.region, a.function, a.version, b.age_ms, a.id) <
           std::tie(b.region, b.function, b.version, a.age_ms, b.id);
  });
  json list = json::array();
  for (const engine::EnvironmentStatus& e : environments) {
    list.push_back({{"id", e.id},
                    {"region", e.region},
                    {"function", e.function},
                    {"version", e.version},
                    {"logStream", e.log_stream},
                    {"phase", e.phase},
                    {"provisioned", e.provisioned},
                    {"pid", e.pid},
                    {"memoryBytes", e.memory_bytes},
                    {"memoryLimitMb", e.memory_mb},
                    {"ageMs", static_cast<int64_t>(e.age_ms)},
                    {"invocations", e.invocations},
                    {"debugger", e.debug ? json(engine::to_text(e.debug->debugger)) : json()},
                    {"debugPort", e.debug ? json(e.debug->port) : json()}});
  }
  return {{"environments", std::move(list)}};
}

json debug_document(const model::FunctionConfig& config, const engine::DebugLaunch& launch,
                    const std::string& task_root) {
  return {{"function", config.name},
          {"version", config.version},
          {"runtime", config.runtime},
          {"debugger", engine::to_text(launch.debugger)},
          {"host", "127.0.0.1"},
          {"port", launch.port},
          {"waits", launch.wait == engine::DebugWait::kYes ||
                        launch.debugger == engine::Debugger::kGdbserver},
          {"taskRoot", task_root},
          {"profileFile", engine::kProfileFile},
          {"hotReloadFolder", config.code.hot_reload_dir}};
}

void DebugService::handle(const net::Request& request, Reply reply) {
  const wire::Uri uri = wire::Uri::parse(net::target(request));
  const bool is_list = uri.segments.size() == 2;
  if (is_list) return list(std::move(reply));
  const std::string& name = uri.segments[2];
  if (uri.segments[1] == "environments") return end(request, name, std::move(reply));
  if (request.method() == net::http::verb::delete_) return stop(request, name, std::move(reply));
  start(request, name, std::string(uri.query.get("Qualifier")), std::move(reply));
}

void DebugService::list(Reply reply) {
  engine_.post_control([this, reply = std::move(reply)] {
    reply(answer(environments_document(engine_.environments())));
  });
}

void DebugService::end(const net::Request& request, const std::string& name, Reply reply) {
  engine_.end_environments(region_of(request), name,
                           [reply = std::move(reply)] { reply(answer(json::object())); });
}

void DebugService::start(const net::Request& request, const std::string& name,
                         const std::string& qualifier, Reply reply) {
  const Result<Wishes> wishes = wishes_of(request.body());
  if (!wishes) return reply(wire::rest_json_error(wishes.error(), new_uuid()));
  const std::string region = region_of(request);
  engine_.post_control([this, wishes = *wishes, region, name, qualifier,
                        reply = std::move(reply)]() mutable {
    const Result<model::FunctionPtr> function = engine_.registry().find(region, name);
    const model::ConfigPtr config =
        function ? model::resolve_qualifier(**function, qualifier, 0) : nullptr;
    if (!config)
      return reply(wire::rest_json_error(
          model::function_not_found({region, name, qualifier}, engine_.options().account,
                                    model::Operation::kInvoke),
          new_uuid()));
    engine::DebugLaunch launch;
    launch.debugger = wishes.profile ? engine::Debugger::kProfiler : engine::debugger_of(*config);
    launch.wait = wishes.wait;
    launch.repeat = wishes.repeat;
    const Result<uint16_t> port = engine::debug_port(launch.debugger, wishes.port);
    if (!port) return reply(wire::rest_json_error(port.error(), new_uuid()));
    launch.port = *port;
    engine_.debug(region, name, qualifier, launch,
                  [launch, task_root = engine_.task_root(*config),
                   reply = std::move(reply)](Result<model::ConfigPtr> started) {
                    reply(started ? answer(debug_document(**started, launch, task_root))
                                  : wire::rest_json_error(started.error(), new_uuid()));
                  });
  });
}

void DebugService::stop(const net::Request& request, const std::string& name, Reply reply) {
  engine_.debug(
      region_of(request), name, "", std::nullopt,
      [reply = std::move(reply)](Result<model::ConfigPtr> config) {
        reply(config ? answer(json::object()) : wire::rest_json_error(config.error(), new_uuid()));
      });
}

}  // namespace kiln::services
