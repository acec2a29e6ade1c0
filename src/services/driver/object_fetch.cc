#include "services/driver/object_fetch.h"

#include <atomic>
#include <future>
#include <memory>
#include <pugixml.hpp>
#include <stop_token>

#include "base/stopping.h"
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

// The first word on how it went, waited for by one thread.
class Outcome {
 public:
  void set(Result<net::ClientResponse> answer) {
    if (!is_set_.exchange(true)) promise_.set_value(std::move(answer));
  }
  Result<net::ClientResponse> get() { return promise_.get_future().get(); }

 private:
  std::atomic<bool> is_set_{false};
  std::promise<Result<net::ClientResponse>> promise_;
};

Result<std::string> fetch_from(const std::string& server, engine::Engine& engine,
                               const std::string& bucket, const std::string& key, int64_t most) {
  std::string url = server;
  if (url.ends_with('/')) url.pop_back();
  url += "/" + wire::percent_encode(bucket) + "/" + wire::percent_encode(key);
  net::ClientRequest request;
  request.url = url;
  request.time_limit = std::chrono::seconds(60);
  request.body_limit = static_cast<uint64_t>(most);
  const auto outcome = std::make_shared<Outcome>();
  net::HttpClient client(*engine.loops().front());
  client.send(std::move(request),
              [outcome](Result<net::ClientResponse> answer) { outcome->set(std::move(answer)); });
  const std::stop_callback ends(engine.ending(),
                                [&outcome] { outcome->set(stopping("ServiceUnavailable")); });
  auto answer = outcome->get();
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
