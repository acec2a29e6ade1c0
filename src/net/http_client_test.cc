// The client against our own server, against sockets that misbehave, and over TLS.
#include "net/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <future>

#include "base/unique_fd.h"
#include "net/connect.h"
#include "net/http_connection.h"
#include "net/http_server.h"
#include "tests/support/no_more_threads.h"

namespace kiln::net {
namespace {

using std::chrono::milliseconds;

class Answering final : public Session {
 public:
  explicit Answering(HttpConnection& c) : connection_(c) {}
  uint64_t body_limit(const RequestHeader&) override { return 1 << 22; }
  Response too_large(const RequestHeader&) override { return {}; }
  void on_request(Request&& request) override {
    Response r;
    const std::string path(target(request));
    if (path.starts_with("/size/")) {
      r.body.assign(std::stoul(path.substr(6)), 'b');
    } else if (path == "/moved") {
      r.status = 302;
      r.headers.emplace_back("Location", "/elsewhere");
    } else if (path == "/never") {
      return;
    } else {
      r.body = std::string(request.method_string()) + " " + path + " " +
               std::string(field(request, "Host")) + " " + std::string(field(request, "X-One")) +
               " " + request.body();
      r.headers.emplace_back("X-Answer", "yes");
    }
    connection_.reply(std::move(r));
  }
  void on_closed(bool) override {}

 private:
  HttpConnection& connection_;
};

// Takes connections and leaves them alone.
class SilentSocket {
 public:
  SilentSocket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in a = {};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
    EXPECT_EQ(::listen(fd_.get(), 16), 0);
    socklen_t size = sizeof a;
    EXPECT_EQ(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&a), &size), 0);
    port_ = ntohs(a.sin_port);
  }
  // Answers the next connection with `text`, then ends it.
  void answer_once(std::string text) {
    thread_ = std::thread([this, text = std::move(text)] {
      UniqueFd c(::accept(fd_.get(), nullptr, nullptr));
      char sink[4096];
      (void)!::recv(c.get(), sink, sizeof sink, 0);
      (void)!::send(c.get(), text.data(), text.size(), MSG_NOSIGNAL);
    });
  }
  ~SilentSocket() {
    if (thread_.joinable()) thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  UniqueFd fd_;
  uint16_t port_ = 0;
  std::thread thread_;
};

class HttpClientTest : public testing::Test {
 protected:
  void SetUp() override {
    server_ = std::make_unique<HttpServer>(
        std::vector<IoLoop*>{&server_loop_}, HttpLimits{},
        [](HttpConnection& c) { return std::make_unique<Answering>(c); });
    ASSERT_TRUE(server_->listen("127.0.0.1", 0));
    server_loop_.start();
    loop_.start();
  }
  void TearDown() override {
    server_->close();
    for (IoLoop* l : {&server_loop_, &loop_}) {
      l->stop();
      l->join();
    }
  }
  std::string url(const std::string& path) {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }
  Result<ClientResponse> send(ClientRequest request) {
    auto promise = std::make_shared<std::promise<Result<ClientResponse>>>();
    auto future = promise->get_future();
    client_.send(std::move(request),
                 [promise](Result<ClientResponse> r) { promise->set_value(std::move(r)); });
    if (future.wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
      return Error{ErrorKind::kInternal, "Test", "no answer within 20 s"};
    }
    return future.get();
  }
  Result<ClientResponse> get(std::string where, Duration limit = std::chrono::seconds(15)) {
    ClientRequest r;
    r.url = std::move(where);
    r.time_limit = limit;
    return send(std::move(r));
  }

  SystemClock clock_;
  IoLoop server_loop_{0, clock_};
  IoLoop loop_{1, clock_};
  HttpClient client_{loop_};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpClientTest, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
  ClientRequest r;
  r.method = "POST";
  r.url = url("/a/b?c=d");
  r.headers = {{"X-One", "1"}};
  r.body = "hello";
  const auto answer = send(r);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200u);
  EXPECT_EQ(answer->body,
            "POST /a/b?c=d 127.0.0.1:" + std::to_string(server_->port()) + " 1 hello");
  const std::pair<std::string, std::string> wanted("X-Answer", "yes");
  EXPECT_NE(std::find(answer->headers.begin(), answer->headers.end(), wanted),
            answer->headers.end());
}

TEST_F(HttpClientTest, LocalhostAndNamesAreFound) {
  EXPECT_TRUE(get("http://localhost:" + std::to_string(server_->port()) + "/"));
  const std::string below = "http://id.lambda-url.us-east-1.LOCALHOST:";
  EXPECT_TRUE(get(below + std::to_string(server_->port()) + "/"));
  const auto unknown = get("http://no-such-host.invalid/", std::chrono::seconds(10));
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("no-such-host.invalid"), std::string::npos);
}

TEST_F(HttpClientTest, ARedirectIsAnAnswer) {
  const auto answer = get(url("/moved"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302u);
}

TEST_F(HttpClientTest, BodyLimitOnBothSides) {
  ClientRequest r;
  r.body_limit = 1000;
  r.url = url("/size/1000");
  const auto fits = send(r);
  ASSERT_TRUE(fits) << fits.error().message;
  EXPECT_EQ(fits->body.size(), 1000u);
  r.url = url("/size/1001");
  const auto over = send(r);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().type, "TooLarge");
  EXPECT_TRUE(get(url("/size/1048576")));  // the limit unless one is given
  EXPECT_FALSE(get(url("/size/1048577")));
}

TEST_F(HttpClientTest, ManyAtOnceEachGetTheirOwnAnswer) {
  std::vector<std::future<std::string>> answers;
  for (int i = 0; i < 50; ++i) {
    auto promise = std::make_shared<std::promise<std::string>>();
    answers.push_back(promise->get_future());
    ClientRequest r;
    r.url = url("/" + std::to_string(i));
    client_.send(r, [promise](Result<ClientResponse> a) {
      promise->set_value(a ? a->body : a.error().message);
    });
  }
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(answers[static_cast<size_t>(i)].get().starts_with("GET /" + std::to_string(i)));
  }
}

TEST_F(HttpClientTest, ASocketThatNeverAnswersEndsInTimeAndHoldsNobodyUp) {
  SilentSocket silent;
  auto promise = std::make_shared<std::promise<Error>>();
  auto timed_out = promise->get_future();
  ClientRequest r;
  r.url = silent.url();
  r.time_limit = milliseconds(300);
  client_.send(
      r, [promise](Result<ClientResponse> a) { promise->set_value(a ? Error{} : a.error()); });
  EXPECT_TRUE(get(url("/meanwhile")));
  const Error error = timed_out.get();
  EXPECT_EQ(error.type, "Timeout");
  EXPECT_NE(error.message.find("127.0.0.1"), std::string::npos);
  const auto never = get(url("/never"), milliseconds(100));
  ASSERT_FALSE(never);
  EXPECT_EQ(never.error().type, "Timeout");
}

TEST_F(HttpClientTest, BrokenAnswersAreErrors) {
  struct Case {
    const char* text;
    bool whole;
  };
  for (const Case& c :
       std::initializer_list<Case>{{"HTTP/1.1 200 OK\r\n\r\nto the end", true},
                                   {"HTTP/1.1 204 No Content\r\n\r\n", true},
                                   {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", true},
                                   {"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort", false},
                                   {"garbage\r\n\r\n", false},
                                   {"", false}}) {
    SilentSocket socket;
    socket.answer_once(c.text);
    const auto answer = get(socket.url());
    EXPECT_EQ(answer.ok() ? "" : answer.error().type, c.whole ? "" : "BadAnswer") << c.text;
  }
}

TEST_F(HttpClientTest, NobodyListening) {
  uint16_t port = 0;
  {
    HttpServer gone({&server_loop_}, {},
                    [](HttpConnection& c) { return std::make_unique<Answering>(c); });
    ASSERT_TRUE(gone.listen("127.0.0.1", 0));
    port = gone.port();
    gone.close();
  }
  // The port is free once the server's loop has closed it.
  std::promise<void> closed;
  server_loop_.post([&] { closed.set_value(); });
  closed.get_future().wait();
  const auto answer = get("http://127.0.0.1:" + std::to_string(port) + "/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().type, "ConnectFailed");
}

TEST_F(HttpClientTest, HeadersThatWouldBecomeOthersAreRefused) {
  for (const auto& header : std::initializer_list<std::pair<std::string, std::string>>{
           {"X", "a\r\nInjected: 1"}, {"X\r\nY", "a"}, {"", "a"}}) {
    ClientRequest r;
    r.url = url("/");
    r.headers = {header};
    const auto answer = send(r);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().type, "InvalidHeader");
  }
}

TEST(HttpClientLoop, ALoopThatGoesDropsWhatIsUnderWay) {
  SilentSocket silent;
  SystemClock clock;
  auto alive = std::make_shared<int>(0);
  {
    IoLoop loop(0, clock);
    HttpClient client(loop);
    ClientRequest r;
    r.url = silent.url();
    client.send(r, [alive](Result<ClientResponse>) { ++*alive; });
    loop.drain();
    EXPECT_EQ(alive.use_count(), 2);
  }
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_EQ(*alive, 0);
}

TEST(ClientUrlParse, Forms) {
  struct Case {
    const char* url;
    const char* host;
    const char* port;
    const char* target;
    const char* header;
  };
  for (const Case& c :
       std::initializer_list<Case>{{"http://h", "h", "80", "/", "h"},
                                   {"HTTP://h/", "h", "80", "/", "h"},
                                   {"https://h", "h", "443", "/", "h"},
                                   {"http://h:443/x", "h", "443", "/x", "h:443"},
                                   {"https://h:443/x", "h", "443", "/x", "h"},
                                   {"http://h:8080?q=/x#f", "h", "8080", "/?q=/x", "h:8080"},
                                   {"http://[::1]:9/x", "::1", "9", "/x", "[::1]:9"},
                                   {"http://h:/x", "h", "80", "/x", "h"}}) {
    const auto url = ClientUrl::parse(c.url);
    ASSERT_TRUE(url) << c.url;
    EXPECT_EQ(url->host, c.host) << c.url;
    EXPECT_EQ(url->port, c.port) << c.url;
    EXPECT_EQ(url->target, c.target) << c.url;
    EXPECT_EQ(url->host_header(), c.header) << c.url;
  }
  for (const char* bad : {"", "h", "ftp://h/", "http://", "http:///x", "http://h:0/",
                          "http://h:65536/", "http://h:x/", "http://u:p@h/", "http://[::1/",
                          "http://[::1]x/", "http://h/a b", "http://h/\r\nX: y"}) {
    const auto url = ClientUrl::parse(bad);
    ASSERT_FALSE(url) << bad;
    EXPECT_EQ(url.error().type, "InvalidUrl");
  }
}

// A TLS server for one connection, with a certificate that it has just signed itself.
class TlsServer {
 public:
  TlsServer() : acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}) {
    make_certificate();
    thread_ = std::thread([this] {
      boost::system::error_code ec;
      boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream(io_, context_);
      acceptor_.accept(stream.next_layer(), ec);
      if (!ec) stream.handshake(boost::asio::ssl::stream_base::server, ec);
      if (ec) return;
      char sink[4096];
      stream.read_some(boost::asio::buffer(sink), ec);
      const std::string text = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
      boost::asio::write(stream, boost::asio::buffer(text), ec);
    });
  }
  ~TlsServer() { thread_.join(); }
  std::string url() const {
    return "https://localhost:" + std::to_string(acceptor_.local_endpoint().port()) + "/";
  }

 private:
  void make_certificate() {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_sign(certificate, key, EVP_sha256());
    SSL_CTX_use_certificate(context_.native_handle(), certificate);
    SSL_CTX_use_PrivateKey(context_.native_handle(), key);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  boost::asio::io_context io_;
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
  boost::asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

TEST_F(HttpClientTest, TlsVerifiesUnlessToldOtherwise) {
  {
    TlsServer server;
    const auto refused = get(server.url());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().type, "TlsFailed") << refused.error().message;
  }
  TlsServer server;
  HttpClient trusting(loop_, HttpClient::Certificates::kNone);
  std::promise<std::string> body;
  ClientRequest r;
  r.url = server.url();
  trusting.send(r,
                [&](Result<ClientResponse> a) { body.set_value(a ? a->body : a.error().message); });
  EXPECT_EQ(body.get_future().get(), "secret");
}

// In a process of its own, which is given no more threads.
TEST(HttpClientThread, WithoutAThreadRequestsAndConnectionsAreAnswered) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        tests::allow_no_more_threads();
        const SystemClock clock;
        IoLoop loop(0, clock);
        HttpClient client(loop);
        std::string answer;
        std::string connection;
        ClientRequest request;
        request.url = "http://127.0.0.1:1/";
        client.send(std::move(request),
                    [&](Result<ClientResponse> got) { answer = got ? "" : got.error().type; });
        connect(loop, "127.0.0.1", "1",
                [&](Result<UniqueFd> got) { connection = got ? "" : got.error().type; });
        while (loop.turn(Duration::zero())) {
        }
        std::cerr << answer << ' ' << connection << '\n';
        ::_exit(0);
      },
      testing::ExitedWithCode(0), "Threads Threads");
}

}  // namespace
}  // namespace kiln::net
