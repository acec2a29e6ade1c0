#include "engine/notifier.h"

#include "base/ids.h"
#include "model/names.h"
#include "model/trace_header.h"

namespace kiln::engine {
namespace {

using notify::Protocol;

constexpr const char* kNamespace = "AWS/SNS";
constexpr int kRedirections = 300, kTooManyRequests = 429, kServerErrors = 500;

bool is_http(Protocol protocol) {
  return protocol == Protocol::kHttp || protocol == Protocol::kHttps;
}

std::string get(const notify::Attributes& attributes, const char* name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? std::string() : found->second;
}

}  // namespace

Notifier::Notifier(net::IoLoop& control, const ScaledClock& clock, notify::TopicBook& topics,
                   QueueSender& queues, Ports ports)
    : control_(control),
      clock_(clock),
      topics_(topics),
      queues_(queues),
      ports_(std::move(ports)),
      client_(control) {}

Notifier::~Notifier() { control_.cancel(this); }

notify::Envelope Notifier::envelope_of(const notify::TopicArn& topic) const {
  notify::Envelope out;
  out.message_id = new_uuid();
  out.topic_arn = topic.text();
  out.kiln_url = kiln_url_;
  out.time = clock_.wall_now();
  return out;
}

void Notifier::count(const notify::TopicArn& topic, const char* metric, double value,
                     const char* unit) {
  MetricPoint point;
  point.key = {topic.region, kNamespace, metric, {{"TopicName", topic.name}}};
  point.unit = unit;
  point.time_s = epoch_s(clock_.wall_now()) / 60 * 60;
  point.values.add(value);
  ports_.record(std::move(point));
}

notify::Published Notifier::publish(const notify::Topic& topic, const notify::Message& message) {
  notify::Envelope envelope = envelope_of(topic.arn);
  if (topic.arn.is_fifo()) {
    const auto [taken, entry] =
        topics_.fifo_log().take(topic, message, envelope.message_id, envelope.time);
    if (taken == notify::FifoLog::Taken::kAgain) return {entry.message_id, entry.sequence_number};
    envelope.sequence_number = entry.sequence_number;
  }
  if (const std::string version = get(topic.attributes, "SignatureVersion"); !version.empty())
    envelope.signature_version = version;
  count(topic.arn, "NumberOfMessagesPublished", 1, "Count");
  count(topic.arn, "PublishSize", static_cast<double>(message.text.size()), "Bytes");
  for (const auto& subscription : topics_.subscriptions(topic.arn)) {
    if (!subscription->confirmed) continue;
    if (!subscription->wants(message)) {
      count(topic.arn, "NumberOfNotificationsFilteredOut", 1, "Count");
      continue;
    }
    envelope.subscription_arn = subscription->arn;
    deliver(subscription, topic, message, envelope);
  }
  return {envelope.message_id, envelope.sequence_number};
}

void Notifier::deliver(const notify::SubscriptionPtr& to, const notify::Topic& topic,
                       const notify::Message& message, const notify::Envelope& envelope) {
  const std::string text = text_for(message, to->protocol);
  const bool raw = to->delivery == notify::Delivery::kRaw;
  switch (to->protocol) {
    case Protocol::kLambda:
      return invoke_function(to, message, text, envelope);
    case Protocol::kEmail:
      ports_.log("e-mail to " + to->endpoint + ": " +
                 message.subject.value_or("AWS Notification Message") + ": " + text);
      return ended(*to, {});
    case Protocol::kEmailJson:
      ports_.log("e-mail to " + to->endpoint + ": " + notification(message, text, envelope));
      return ended(*to, {});
    case Protocol::kSms:
      this->text(to->endpoint, text);
      return ended(*to, {});
    case Protocol::kSqs: {
      QueueMessage out;
      if (raw) out.attributes = message.attributes;
      out.body = raw ? text : notification(message, text, envelope);
      out.trace_header = message.trace_header;
      // A standard queue of a FIFO topic gets no group; one of a standard topic does.
      const bool to_fifo = to->endpoint.ends_with(".fifo");
      if (to_fifo || !to->topic.is_fifo()) out.group_id = message.group_id;
      if (to_fifo) out.deduplication_id = message.deduplication_id;
      return send_to_queue(to, std::move(out));
    }
    case Protocol::kHttp:
    case Protocol::kHttps: {
      auto delivery = std::make_shared<Delivery>();
      delivery->to = to;
      if (auto policy = notify::DeliveryPolicy::of_subscription(
              get(to->attributes, "DeliveryPolicy"), topic.delivery))
        delivery->policy = *policy;
      delivery->request.method = "POST";
      delivery->request.url = to->endpoint;
      delivery->request.headers =
          notification_headers(envelope, to->delivery, delivery->policy.content_type());
      delivery->request.body = raw ? text : notification(message, text, envelope);
      delivery->dead_letter.body = delivery->request.body;
      delivery->dead_letter.trace_header = message.trace_header;
      if (raw) delivery->dead_letter.attributes = message.attributes;
      return post(std::move(delivery));
    }
  }
}

std::string Notifier::text(const std::string& phone, const std::string& message) {
  ports_.log("text message to " + phone + ": " + message);
  return new_uuid();
}

void Notifier::send_to_queue(const notify::SubscriptionPtr& to, QueueMessage message) {
  const auto send = [this, to, message = std::move(message)](const FifoLanes::Done& done) {
    queues_.send(to->endpoint, message, [this, to, message, done](const Result<void>& sent) {
      if (sent) {
        ended(*to, sent);
      } else {
        lost(to, sent.error(), message);
      }
      done();
    });
  };
  if (to->topic.is_fifo()) return in_order_.add(to->arn, send);
  send([] {});
}

void Notifier::invoke_function(const notify::SubscriptionPtr& to, const notify::Message& message,
                               const std::string& text, const notify::Envelope& envelope) {
  const auto function = model::parse_function_ref(to->endpoint, "", to->topic.region,
                                                  topics_.account(), model::Operation::kInvoke);
  QueueMessage letter;  // for a dead-letter queue
  letter.trace_header = message.trace_header;
  if (!to->dead_letter_arn.empty()) letter.body = notification(message, text, envelope);
  if (!function) return lost(to, function.error(), letter);
  InvokeRequest request;
  request.region = function->region;
  request.function_name = function->name;
  request.qualifier = function->qualifier;
  request.payload = lambda_event(message, text, envelope);
  request.request_id = new_uuid();
  request.trace_id = model::complete_trace_header(message.trace_header, request.function_name,
                                                  epoch_s(envelope.time));
  ports_.invoke(std::move(request), [this, to, letter](const Result<void>& accepted) {
    control_.dispatch([this, to, letter, accepted] {
      if (accepted) return ended(*to, accepted);
      lost(to, accepted.error(), letter);
    });
  });
}

void Notifier::ask_confirmation(notify::Confirmation what, const notify::SubscriptionPtr& to) {
  notify::Envelope envelope = envelope_of(to->topic);
  envelope.subscription_arn = to->arn;
  if (!is_http(to->protocol)) {
    ports_.log("e-mail to " + to->endpoint + ": to confirm the subscription to " +
               envelope.topic_arn + ", open " + subscribe_url(to->token, envelope));
    return;
  }
  auto delivery = std::make_shared<Delivery>();
  delivery->what = Delivery::What::kConfirmation;
  delivery->to = to;
  delivery->request.method = "POST";
  delivery->request.url = to->endpoint;
  delivery->request.headers = confirmation_headers(what, envelope);
  delivery->request.body = confirmation(what, to->token, envelope);
  post(std::move(delivery));
}

void Notifier::post(DeliveryPtr delivery) {
  const std::string subscriber = delivery->to->arn;
  Lane& lane = lanes_[subscriber];
  if (lane.held >= kWaiting)
    return give_up(delivery, std::to_string(kWaiting) + " messages wait for it already");
  ++lane.held;
  lane.ready.push_back(std::move(delivery));
  pump(subscriber);
}

void Notifier::pump(const std::string& subscriber) {
  Lane& lane = lanes_[subscriber];
  while (lane.in_flight < kPerSubscriber && !lane.ready.empty()) {
    const DeliveryPtr delivery = std::move(lane.ready.front());
    lane.ready.pop_front();
    ++lane.in_flight;
    ++delivery->tries;
    client_.send(delivery->request, [this, delivery](Result<net::ClientResponse> answer) {
      answered(delivery, answer);
    });
  }
  if (lane.held == 0) lanes_.erase(subscriber);
}

void Notifier::answered(const DeliveryPtr& delivery, const Result<net::ClientResponse>& answer) {
  const std::string subscriber = delivery->to->arn;
  Lane& lane = lanes_[subscriber];
  --lane.in_flight;
  const int status = answer ? static_cast<int>(answer->status) : 0;
  const bool taken = status / 100 == 2;
  // What the endpoint calls the request's own fault doesn't get better by repeating it, nor does
  // what is elsewhere: redirections are not followed.
  const bool permanent =
      status >= kRedirections && status < kServerErrors && status != kTooManyRequests;
  std::optional<Duration> delay;
  if (!taken && !permanent) delay = delivery->policy.delay(delivery->tries);
  if (delay) {
    const SteadyTime when = control_.clock().steady_now() +
                            std::chrono::duration_cast<SteadyTime::duration>(clock_.real(*delay));
    retries_.emplace(when, delivery);
    control_.schedule(this, when);
  } else {
    --lane.held;
    if (!taken)
      give_up(delivery, answer ? "it answered " + std::to_string(status) : answer.error().message);
    else if (delivery->what == Delivery::What::kMessage)
      ended(*delivery->to, {});
  }
  pump(subscriber);
}

SteadyTime Notifier::on_time(SteadyTime now) {
  while (!retries_.empty() && retries_.begin()->first <= now) {
    const DeliveryPtr delivery = std::move(retries_.begin()->second);
    retries_.erase(retries_.begin());
    const std::string subscriber = delivery->to->arn;
    lanes_[subscriber].ready.push_back(delivery);
    pump(subscriber);
  }
  return retries_.empty() ? SteadyTime::max() : retries_.begin()->first;
}

void Notifier::give_up(const DeliveryPtr& delivery, const std::string& why) {
  const Error error{ErrorKind::kUnavailable, "NotDelivered",
                    "after " + std::to_string(delivery->tries) + " attempts: " + why};
  if (delivery->what == Delivery::What::kMessage)
    return lost(delivery->to, error, delivery->dead_letter);
  ports_.log("SNS's request to confirm " + delivery->to->arn + " at " + delivery->to->endpoint +
             " not delivered: " + error.message);
}

void Notifier::lost(const notify::SubscriptionPtr& to, const Error& why,
                    const QueueMessage& message) {
  ended(*to, why);
  if (to->dead_letter_arn.empty()) return;
  queues_.send(to->dead_letter_arn, message, [this, to](const Result<void>& sent) {
    if (!sent) ports_.log("dead-letter queue of " + to->arn + ": " + sent.error().message);
  });
}

void Notifier::ended(const notify::Subscription& to, const Result<void>& how) {
  count(to.topic, how ? "NumberOfNotificationsDelivered" : "NumberOfNotificationsFailed", 1,
        "Count");
  if (!how)
    ports_.log("SNS message for " + to.endpoint + " (" + to.arn +
               ") not delivered: " + how.error().message);
}

}  // namespace kiln::engine
