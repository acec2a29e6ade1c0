#include "services/front/runtimes.h"

#include <nlohmann/json.hpp>

#include "base/interpreters.h"
#include "base/json_access.h"
#include "model/runtimes.h"

namespace kiln::services {

bool is_runtimes_request(const net::Request& request) {
  return request.method() == net::http::verb::get && net::target(request) == "/_kiln/runtimes";
}

void tell_runtimes(engine::Engine& engine, Reply reply) {
  // Interpreters are asked for their versions.
  engine.post_worker([reply = std::move(reply), ending = engine.ending()] {
    nlohmann::json newest = nlohmann::json::object();
    for (const char* language : {"python", "nodejs"}) {
      std::string runtime = model::newest_runtime(language, [&](const std::string& name) {
        return machine_interpreters().find(name, ending).exact;
      });
      if (!runtime.empty()) newest[language] = std::move(runtime);
    }
    nlohmann::json remarks = nlohmann::json::object();
    for (const std::string& name : model::interpreted_runtimes())
      if (std::string remark = machine_interpreters().remark(name, ending); !remark.empty())
        remarks[name] = std::move(remark);
    newest["remarks"] = std::move(remarks);
    net::Response response;
    response.body = json_dump(newest);
    reply(std::move(response));
  });
}

}  // namespace kiln::services
