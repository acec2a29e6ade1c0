#include "services/front/symbols.h"

#include <nlohmann/json.hpp>

#include "base/ids.h"
#include "base/json_access.h"
#include "engine/symbolizer.h"
#include "wire/rest_json_error.h"

namespace kiln::services {

bool is_symbols_request(const net::Request& request) {
  return request.method() == net::http::verb::post && net::target(request) == "/_kiln/symbols";
}

void keep_symbols(engine::Engine& engine, const net::Request& request, Reply reply) {
  const auto document = json_parse(request.body());
  const bool has_file = document.is_object() && document.size() == 1 && document.contains("file") &&
                        document["file"].is_string();
  const std::string file = has_file ? json_text(document["file"]) : "";
  if (!file.starts_with('/'))
    return reply(wire::rest_json_error({ErrorKind::kInvalid, "InvalidParameterValueException",
                                        "The body must be {\"file\": …} with an absolute path."},
                                       new_uuid()));
  const std::string folder = engine.options().data_dir + "/symbols";
  engine.post_worker([folder, file, reply = std::move(reply)] {
    const Result<void> kept = engine::Symbolizer::keep(folder, file);
    net::Response done;
    done.body = "{}";
    reply(kept ? std::move(done) : wire::rest_json_error(kept.error(), new_uuid()));
  });
}

}  // namespace kiln::services
