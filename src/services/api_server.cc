#include "services/api_server.h"

#include "net/http_connection.h"
#include "services/classify.h"
#include "services/forward_relay.h"

namespace kiln::services {
namespace {

class ApiSession final : public net::Session {
 public:
  ApiSession(Router& router, net::HttpConnection& connection)
      : router_(router), connection_(connection) {}

  uint64_t body_limit(const net::RequestHeader& header) override {
    return router_.body_limit(header);
  }
  net::Response too_large(const net::RequestHeader& header) override {
    return router_.too_large(header);
  }

  bool wants_connection(const net::RequestHeader& header) override {
    return router_.forward_of(header) != nullptr;
  }
  void take_over(net::TcpSocket&& socket, net::RequestHeader&& header,
                 std::string&& rest) override {
    start_relay(connection_.loop(), std::move(socket), header, std::move(rest),
                *router_.forward_of(header), classify(header));
  }

  std::shared_ptr<net::BodySink> body_sink(const net::RequestHeader& header) override {
    return router_.body_sink(header);
  }
  void on_request(net::Request&& request) override { on_sunk_request(std::move(request), nullptr); }
  void on_sunk_request(net::Request&& request,
                       const std::shared_ptr<net::BodySink>& body) override {
    router_.handle(
        std::move(request),
        [connection = connection_.shared_from_this()](net::Response&& response) {
          if (connection->loop().on_this_loop()) return connection->reply(std::move(response));
          connection->loop().post([connection, response = std::move(response)]() mutable {
            connection->reply(std::move(response));
          });
        },
        [this] { return connection_.peer_address(); }, body);
  }
  // An invocation goes on without its caller, as on AWS.
  void on_closed(bool) override {}

 private:
  Router& router_;
  net::HttpConnection& connection_;
};

}  // namespace

ApiServer::ApiServer(engine::Engine& engine)
    : router_(engine), server_(engine.loops(), {}, [this](net::HttpConnection& connection) {
        return std::make_unique<ApiSession>(router_, connection);
      }) {}

ApiServer::~ApiServer() = default;

Result<void> ApiServer::listen(const std::string& host, uint16_t port) {
  return server_.listen(host, port);
}

}  // namespace kiln::services
