#include "services/driver/object_fetch.h"

#include <future>
#include <pugixml.hpp>

#include "net/http_client.h"
#include "wire/uri.h"

namespace kiln::services {
namespace {

Error unavailable(const std::string& url, const std::string& why) {
  return {ErrorKind::kUnavailable, "ServiceUnavailable",
          "The server of --forward s3=URL did not give " + url + ": " + why};
}

// What the other server says is wrong.
Error refused(const std::string& url, const net::ClientResponse& response) {
  pugi::xml_document document;
  if (document.load_buffer(response.body.data(), response.body.size())) {
    const pugi::xml_node error = document.child("Error");
    const std::string code = error.child("Code").text().get();
    if (!code.empty() && code != "AccessDenied")
      return {ErrorKind::kInvalid, code, error.child("Message").text().get()};
  }
  const bool forbidden = response.status == 401 || response.status == 403;
  return {ErrorKind::kForbidden, "AccessDenied",
          unavailable(url, "status " + std::to_string(response.status)).message +
              (forbidden ? ". Kiln asks without a signature: let everyone read there, or leave "
                           "--forward s3=URL out."
                         : ".")};
}

Result<std::string> fetch_from(const std::string& server, engine::Engine& engine,
                               const std::string& bucket, const std::string& key, int64_t most) {
  std::string url = server;
  if (url.ends_with('/')) url.pop_back();
  url += "/" + wire::percent_encode(bucket) + "/" + wire::percent_encode(key);
  net::ClientRequest request;
  request.url = url;
  request.time_limit = std::chrono::seconds(60);
  request.body_limit = static_cast<uint64_t>(most);
  auto promise = std::make_shared<std::promise<Result<net::ClientResponse>>>();
  auto future = promise->get_future();
  net::HttpClient client(*engine.loops().front());
  client.send(std::move(request), [promise](Result<net::ClientResponse> answer) {
    promise->set_value(std::move(answer));
  });
  auto answer = future.get();
  if (!answer) return unavailable(url, answer.error().message);
  if (answer->status != 200) return refused(url, *answer);
  return std::move(answer->body);
}

}  // namespace

Result<std::string> fetch_object(engine::Engine& engine, const std::string& bucket,
                                 const std::string& key, int64_t most) {
  const auto forward = engine.options().forwards.find("s3");
  if (forward != engine.options().forwards.end())
    return fetch_from(forward->second, engine, bucket, key, most);
  return engine.objects().read(bucket, key, most);
}

}  // namespace kiln::services
