#include "net/http_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <optional>

#include "base/unique_function.h"
#include "net/asio_thread.h"
#include "net/libssl.h"
#include "net/local_name.h"

namespace kiln::net {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;
using boost::system::error_code;
using Socket = asio::ip::tcp::socket;
using Resolver = asio::ip::tcp::resolver;
using Timer = asio::steady_timer;

constexpr uint32_t kMaxHeaderBytes = 64 * 1024;

boost::beast::string_view beast_view(std::string_view text) { return {text.data(), text.size()}; }

// A line end in a header would begin another one.
bool has_line_end(const ClientHeaders& headers) {
  for (const auto& [name, value] : headers) {
    if (name.empty() || name.find_first_of("\r\n: ") != std::string::npos) return true;
    if (value.find_first_of("\r\n") != std::string::npos) return true;
  }
  return false;
}

ClientResponse to_response(beast_http::response<beast_http::string_body>&& message) {
  ClientResponse out;
  out.status = message.result_int();
  for (const auto& field : message) {
    out.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  out.body = std::move(message.body());
  return out;
}

}  // namespace

struct HttpClient::Tls {
  explicit Tls(Certificates wanted) : certificates(wanted) {}

  // For Asio's thread only.
  asio::ssl::context& context() {
    if (!made) {
      made.emplace(asio::ssl::context::tls_client);
      error_code ignored;
      made->set_default_verify_paths(ignored);
    }
    return *made;
  }

  const Certificates certificates;
  std::optional<asio::ssl::context> made;
};

namespace {

// Who waits for an answer. The loop holds it, and drops it when it goes.
struct Waiting {
  IoLoop& loop;
  HttpClient::Done done;
};

// One request from its name look-up to its answer, on Asio's thread. Handlers of pending operations
// keep it alive; finish() ends them all.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  using Done = UniqueFunction<void(Result<ClientResponse>)>;

  Exchange(asio::io_context& context, ClientRequest request, ClientUrl url, Done done)
      : request_(std::move(request)),
        url_(std::move(url)),
        done_(std::move(done)),
        resolver_(context),
        socket_(context),
        timer_(context) {}

  // `tls` is null for http.
  void start(asio::ssl::context* tls, HttpClient::Certificates certificates) {
    timer_.expires_after(request_.time_limit);
    timer_.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec) self->fail(ErrorKind::kUnavailable, "Timeout", "did not answer in time");
    });
    if (tls && !prepare_tls(*tls, certificates)) return;
    error_code ec;
    const std::string host = url_.host == "localhost" ? "127.0.0.1" : host_to_connect(url_.host);
    const auto address = asio::ip::make_address(host, ec);
    if (!ec) {
      unsigned port = 0;
      for (const char c : url_.port) port = port * 10 + static_cast<unsigned>(c - '0');
      socket_.async_connect({address, static_cast<uint16_t>(port)},
                            [self = shared_from_this()](error_code e) { self->on_connected(e); });
      return;
    }
    resolver_.async_resolve(
        url_.host, url_.port,
        [self = shared_from_this()](error_code e, Resolver::results_type found) {
          if (!self->done_) return;
          if (e) return self->fail(ErrorKind::kUnavailable, "ConnectFailed", e);
          asio::async_connect(self->socket_, found,
                              [self](error_code e2, const auto&) { self->on_connected(e2); });
        });
  }

  void fail(ErrorKind kind, const char* type, const std::string& what) {
    const std::string scheme = url_.scheme == ClientUrl::Scheme::kHttp ? "http://" : "https://";
    finish(Error{kind, type, scheme + url_.host_header() + " " + what + "."});
  }

 private:
  using TlsStream = asio::ssl::stream<Socket&>;

  void fail(ErrorKind kind, const char* type, error_code ec) {
    fail(kind, type, "failed: " + ec.message());
  }

  void finish(Result<ClientResponse> result) {
    if (!done_) return;
    Done done = std::move(done_);
    timer_.cancel();
    resolver_.cancel();
    error_code ignored;
    socket_.close(ignored);
    done(std::move(result));
  }

  bool prepare_tls(asio::ssl::context& context, HttpClient::Certificates certificates) {
    tls_.emplace(socket_, context);
    error_code ec;
    if (certificates == HttpClient::Certificates::kVerify) {
      tls_->set_verify_mode(asio::ssl::verify_peer, ec);
      if (!ec) tls_->set_verify_callback(asio::ssl::host_name_verification(url_.host), ec);
    } else {
      tls_->set_verify_mode(asio::ssl::verify_none, ec);
    }
    // The name for servers that have several; a literal address is none.
    if (!ec && !SSL_set_tlsext_host_name(tls_->native_handle(), url_.host.c_str())) {
      ec = asio::error::invalid_argument;
    }
    if (ec) fail(ErrorKind::kUnavailable, "TlsFailed", ec);
    return !ec;
  }

  void on_connected(error_code ec) {
    if (!done_) return;
    if (ec) return fail(ErrorKind::kUnavailable, "ConnectFailed", ec);
    socket_.set_option(asio::ip::tcp::no_delay(true), ec);
    if (!tls_) return write(socket_);
    tls_->async_handshake(asio::ssl::stream_base::client,
                          [self = shared_from_this()](error_code e) {
                            if (!self->done_) return;
                            if (e) return self->fail(ErrorKind::kUnavailable, "TlsFailed", e);
                            self->write(*self->tls_);
                          });
  }

  template <class Stream>
  void write(Stream& stream) {
    message_.method_string(beast_view(request_.method));
    message_.target(beast_view(url_.target));
    message_.version(11);
    for (const auto& [name, value] : request_.headers) {
      message_.insert(beast_view(name), beast_view(value));
    }
    message_.set(beast_http::field::host, url_.host_header());
    message_.set(beast_http::field::connection, "close");
    message_.body() = std::move(request_.body);
    message_.prepare_payload();
    parser_.header_limit(kMaxHeaderBytes);
    parser_.body_limit(request_.body_limit);
    parser_.skip(request_.method == "HEAD");
    beast_http::async_write(stream, message_,
                            [self = shared_from_this(), &stream](error_code ec, size_t) {
                              if (!self->done_) return;
                              // The peer may have answered and gone before it had read everything.
                              self->write_error_ = ec;
                              self->read(stream);
                            });
  }

  template <class Stream>
  void read(Stream& stream) {
    beast_http::async_read(
        stream, buffer_, parser_, [self = shared_from_this()](error_code ec, size_t) {
          if (!self->done_) return;
          if (ec == beast_http::error::body_limit || ec == beast_http::error::header_limit) {
            return self->fail(ErrorKind::kTooLarge, "TooLarge",
                              "sent a larger answer than is read");
          }
          // A peer that ends TLS without a word ends a body of unknown length, as a plain one does.
          if (ec == asio::ssl::error::stream_truncated && self->parser_.is_header_done() &&
              self->parser_.need_eof()) {
            self->parser_.put_eof(ec);
          }
          if (ec && !self->parser_.is_done()) {
            if (self->write_error_) ec = self->write_error_;
            return self->fail(ErrorKind::kUnavailable, "BadAnswer", ec);
          }
          self->finish(to_response(self->parser_.release()));
        });
  }

  ClientRequest request_;
  ClientUrl url_;
  Done done_;
  Resolver resolver_;
  Socket socket_;
  Timer timer_;
  std::optional<TlsStream> tls_;
  beast_http::request<beast_http::string_body> message_;
  beast_http::response_parser<beast_http::string_body> parser_;
  boost::beast::flat_buffer buffer_;
  error_code write_error_;
};

}  // namespace

HttpClient::HttpClient(IoLoop& loop, Certificates certificates)
    : loop_(loop), tls_(std::make_shared<Tls>(certificates)) {}

HttpClient::~HttpClient() = default;

void HttpClient::send(ClientRequest request, Done done) {
  loop_.post([&loop = loop_, tls = tls_, request = std::move(request),
              done = std::move(done)]() mutable {
    auto url = ClientUrl::parse(request.url);
    if (!url) return done(url.error());
    if (has_line_end(request.headers)) {
      return done(Error{ErrorKind::kInvalid, "InvalidHeader",
                        "A header of the request to " + request.url +
                            " has an empty name or a line end; give names and values without."});
    }
    const auto context = asio_thread();
    if (!context) return done(context.error());
    const auto waiting = std::make_shared<Waiting>(Waiting{loop, std::move(done)});
    loop.hold(waiting);
    auto answer = [remote = loop.remote(),
                   waits = std::weak_ptr(waiting)](Result<ClientResponse> result) {
      remote.post([waits, result = std::move(result)]() mutable {
        const auto caller = waits.lock();
        if (!caller) return;
        const Done told = std::move(caller->done);
        caller->loop.drop(caller.get());
        told(std::move(result));
      });
    };
    const bool secure = url->scheme == ClientUrl::Scheme::kHttps;
    asio::post(**context, [exchange = std::make_shared<Exchange>(
                               **context, std::move(request), std::move(*url), std::move(answer)),
                           secure, tls] {
      // With the first https request OpenSSL is opened, which takes milliseconds: not on a loop.
      if (auto there = secure ? ssl_library().load() : Result<void>{}; !there)
        return exchange->fail(ErrorKind::kUnavailable, "TlsFailed", there.error().message);
      try {
        exchange->start(secure ? &tls->context() : nullptr, tls->certificates);
      } catch (const std::exception& error) {  // an OpenSSL that lacks what is asked of it
        exchange->fail(ErrorKind::kUnavailable, "TlsFailed", error.what());
      }
    });
  });
}

}  // namespace kiln::net
