// One HTTP/1.1 connection of a server. Its loop holds it while the socket is open; a session holds
// no reference to it but may reply until on_closed was called. Threading: the connection's loop
// only. Cost: one read and one write for a request on a warm connection, and no timer's change.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fence.h"
#include "net/body_stream.h"
#include "net/http_crowd.h"
#include "net/http_message.h"
#include "net/http_parser.h"
#include "net/http_server.h"
#include "net/io_loop.h"
#include "net/stream.h"

namespace kiln::net {

class HttpConnection final : public std::enable_shared_from_this<HttpConnection>,
                             private StreamUser,
                             private Scheduled {
 public:
  // `crowd` expects it.
  HttpConnection(UniqueFd socket, IoLoop& loop, const HttpLimits& limits,
                 std::shared_ptr<HttpCrowd> crowd);
  ~HttpConnection();

  // REQUIRES: called once.
  void start(std::unique_ptr<Session> session);
  // Answers the request in hand. Ignored when the peer has gone.
  void reply(Response&& response);
  // Ends the connection; the session gets on_closed unless it asked for this.
  void close();
  // The same, at once: whatever is still on its way is lost.
  void drop();

  // Whether the peer has taken more of its answer since the last time that this was asked.
  bool has_taken_more();

  // Whether the peer has yet to take some of an answer.
  bool is_sending() const { return state_ == State::kWriting; }

  // Whether a large request of that group is on its way.
  bool holds_room_of(uint64_t group) const {
    return member_.held() > 0 && member_.group() == group;
  }

  IoLoop& loop() { return loop_; }
  // The socket's descriptor; it stays the connection's.
  int descriptor() const { return stream_->fd(); }
  // The address that the peer connected to; 0 when it is none of IPv4.
  uint32_t local_ipv4() const;
  // The address of the peer; "" when it has gone.
  std::string peer_address() const;

 private:
  enum class State { kReading, kSinking, kHandling, kWriting, kHandingOver, kClosed };

  void on_data(std::string_view bytes) override;
  void on_end(int error) override;
  void on_send_failed(int error) override;
  void on_sent() override;
  void on_writable() override;
  void on_released(UniqueFd socket) override;
  SteadyTime on_time(SteadyTime now) override;

  // Memory that a request or an answer takes without asking for room.
  static constexpr uint64_t kUnasked = uint64_t{64} * 1024;
  static constexpr std::string_view kWhere = "an HTTP connection";
  // Does it; what it throws is contained.
  template <class Work>
  void guarded(Work&& work) {
    const auto self = shared_from_this();
    if (!fenced(kWhere, work)) contain();
  }
  void contain();
  void take_in(std::string_view bytes);
  void parse(std::string_view& in);
  void parse_kept();
  void keep(std::string_view in);
  void read_on();
  bool begin_body(size_t here);
  bool find_room();
  bool hold(uint64_t bytes);
  void refuse_rest(Response&& response);
  bool sink_part();
  void on_part_taken();
  void finish_request();
  void fail_parse(HttpParser::Step step);
  void finish_with(Response&& response);
  void write(Response&& response);
  void await_peer();
  void go_on_writing();
  void write_file();
  void write_stream();
  void on_part();
  void let_stream_go();
  void written();
  void shut(bool mid_request);
  void end();
  void set_deadline(Duration from_now);
  void set_lookout();
  SteadyTime look_out(SteadyTime now);
  void now_awaits(HttpCrowd::Awaited who) {
    if (who == HttpCrowd::Awaited::kUs && peer_done_) who = HttpCrowd::Awaited::kUsByNobody;
    crowd_->move(member_, who);
  }

  std::unique_ptr<Stream> stream_;
  IoLoop& loop_;
  const HttpLimits& limits_;
  const std::shared_ptr<HttpCrowd> crowd_;
  HttpCrowd::Member member_;
  std::unique_ptr<Session> session_;
  HttpParser parser_;
  std::string kept_;  // what has come and can't be parsed yet
  size_t kept_at_ = 0;
  std::shared_ptr<BodySink> sink_;  // of the request that is read
  State state_ = State::kReading;
  bool paused_ = false;
  bool keep_alive_ = true;
  bool head_timed_ = false;  // the deadline is that of a head that has begun
  bool head_request_ = false;
  bool takes_chunks_ = true;
  bool peer_done_ = false;  // it sends no more, and may wait for its answers
  bool draining_ = false;   // closed, but what the peer still sends is read
  SteadyTime deadline_ = SteadyTime::max();
  uint64_t taken_ = 0;            // by the peer, of all answers, when it was last asked
  uint64_t refusals_before_ = 0;  // memory_refusals() when the request was given away
  std::string out_head_;
  std::shared_ptr<FilePart> out_file_;
  std::shared_ptr<BodyStream> out_stream_;
  std::function<void()> part_gone_;  // of the part that is with the kernel, or on its way there
  bool awaits_part_ = false;
};

}  // namespace kiln::net
