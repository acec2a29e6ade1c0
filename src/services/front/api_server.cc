#include "services/front/api_server.h"

#include <functional>
#include <optional>

#include "base/system_tags.h"
#include "net/http_connection.h"
#include "sandbox/descriptors.h"
#include "sandbox/peer_uid.h"
#include "services/cloudformation/service.h"
#include "services/driver/classify.h"
#include "services/front/relay.h"
#include "services/front/status.h"

namespace kiln::services {
namespace {

net::HttpLimits api_limits() {
  net::HttpLimits limits;
  limits.connections = sandbox::descriptors_for_callers();
  limits.largest_body = kMaxCodeRequestBytes + 2 * uint64_t{limits.header_bytes};
  return limits;
}

class ApiSession final : public net::Session {
 public:
  ApiSession(Router& router, const Doors& doors, net::HttpConnection& connection)
      : router_(router), doors_(doors), connection_(connection) {}

  // Little is read of what may not come in.
  uint64_t body_limit(const net::RequestHeader& header) override {
    return may_come_in_ ? router_.body_limit(header) : kRefusedBytes;
  }
  net::Response too_large(const net::RequestHeader& header) override {
    if (auto refused = doors_.refusal(header)) return *std::move(refused);
    return router_.too_large(header);
  }

  // The first that is asked of a request.
  bool wants_connection(const net::RequestHeader& header) override {
    may_come_in_ = !doors_.refusal(header);
    return may_come_in_ && router_.forward_of(header) != nullptr;
  }
  void take_over(UniqueFd&& socket, net::RequestHeader&& header, std::string&& rest) override {
    start_relay(connection_.loop(), std::move(socket), header, std::move(rest),
                *router_.forward_of(header), classify(header));
  }

  std::shared_ptr<net::BodySink> body_sink(const net::RequestHeader& header) override {
    return may_come_in_ ? router_.body_sink(header) : nullptr;
  }
  bool serves_callers() const override { return true; }
  // By user on this machine, so that no function takes the room of others; by machine elsewhere.
  uint64_t room_group() override {
    if (room_group_) return *room_group_;
    constexpr uint64_t kNoUid = uint64_t{1} << 32;
    if (const auto uid = sandbox::peer_uid(connection_.descriptor()))
      room_group_ = *uid;
    else
      room_group_ = kNoUid | std::hash<std::string>()(connection_.peer_address());
    return *room_group_;
  }
  bool is_answered_by_holders() const override { return true; }
  void on_request(net::Request&& request) override { on_sunk_request(std::move(request), nullptr); }
  void on_sunk_request(net::Request&& request,
                       const std::shared_ptr<net::BodySink>& body) override {
    if (!may_come_in_) return connection_.reply(*doors_.refusal(request.base()));
    if (auto allowed = doors_.preflight(request.base()))
      return router_.preflight(std::move(request), *std::move(allowed), to_caller({}));
    // Only Kiln's own requests, which don't come through here, may say so.
    request.erase(system_tags::kHeader);
    Reply reply = to_caller(Doors::origin_of(request.base()));
    router_.handle(
        std::move(request), std::move(reply), [this] { return connection_.peer_address(); }, body);
  }
  // An invocation goes on without its caller, as on AWS.
  void on_closed(bool) override {}

 private:
  // `origin`: of the page that may read the answer.
  Reply to_caller(std::string origin) {
    return [connection = connection_.shared_from_this(),
            origin = std::move(origin)](net::Response&& response) {
      Doors::let_read(origin, response);
      if (connection->loop().on_this_loop()) return connection->reply(std::move(response));
      connection->loop().post([connection, response = std::move(response)]() mutable {
        connection->reply(std::move(response));
      });
    };
  }

  static constexpr uint64_t kRefusedBytes = uint64_t{64} * 1024;

  Router& router_;
  const Doors& doors_;
  net::HttpConnection& connection_;
  std::optional<uint64_t> room_group_;
  bool may_come_in_ = false;  // the request whose head came last
};

}  // namespace

ApiServer::ApiServer(engine::Engine& engine, DoorOptions doors)
    : router_(engine),
      doors_(std::move(doors)),
      server_(engine.loops(), api_limits(), [this](net::HttpConnection& connection) {
        return std::make_unique<ApiSession>(router_, doors_, connection);
      }) {
  router_.status().count_connections([this] { return server_.connections(); });
}

ApiServer::~ApiServer() = default;

void ApiServer::set_functions_url(const std::string& url) {
  router_.cloudformation().set_functions_url(url);
}

void ApiServer::skip_unsupported() { router_.cloudformation().skip_unsupported(); }

Result<void> ApiServer::listen(const std::string& host, uint16_t port) {
  return server_.listen(host, port);
}

}  // namespace kiln::services
