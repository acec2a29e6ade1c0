#include "notify/message.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/json_access.h"
#include "base/time_format.h"
#include "notify/json_text.h"

namespace kiln::notify {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::array kNames = {"lambda", "http", "https", "sqs", "email", "email-json", "sms"};
constexpr const char* kPlainText = "text/plain; charset=UTF-8";

std::string signature() { return base64_encode("Kiln does not sign messages."); }

std::string certificate_url(const Envelope& envelope) {
  return envelope.kiln_url + "/SimpleNotificationService-kiln.pem";
}

std::string unsubscribe_url(const Envelope& envelope) {
  return envelope.kiln_url + "/?Action=Unsubscribe&SubscriptionArn=" + envelope.subscription_arn;
}

OrderedJson attributes_of(const Message& message) {
  OrderedJson out = OrderedJson::object();
  for (const MessageAttribute& a : message.attributes) {
    out[a.name] = {{"Type", a.type}, {"Value", a.value}};
  }
  return out;
}

// As SNS lays its documents out: a member on each line, with blanks around the colon.
std::string laid_out(const OrderedJson& document) {
  std::string out = "{";
  for (const auto& [name, value] : document.items()) {
    if (out.size() > 1) out += ",";
    out += "\n  " + to_text(OrderedJson(name)) + " : ";
    if (!value.is_object()) {
      out += to_text(value);
      continue;
    }
    out += "{";
    bool first = true;
    for (const auto& [inner_name, inner] : value.items()) {
      if (!first) out += ",";
      first = false;
      out += "\n    " + to_text(OrderedJson(inner_name)) + " : " + to_text(inner);
    }
    out += "\n  }";
  }
  return out + "\n}";
}

const char* type_of(Confirmation what) {
  return what == Confirmation::kSubscribe ? "SubscriptionConfirmation" : "UnsubscribeConfirmation";
}

HttpHeaders headers(const char* type, const Envelope& envelope) {
  return {{"x-amz-sns-message-type", type},
          {"x-amz-sns-message-id", envelope.message_id},
          {"x-amz-sns-topic-arn", envelope.topic_arn}};
}

}  // namespace

const char* protocol_name(Protocol protocol) { return kNames[static_cast<size_t>(protocol)]; }

std::optional<Protocol> protocol_of(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<Protocol>(i);
  }
  return std::nullopt;
}

std::string text_for(const Message& message, Protocol protocol) {
  if (message.structure == Message::Structure::kPlain) return message.text;
  const auto texts = json_parse(message.text);
  for (const char* name : {protocol_name(protocol), "default"}) {
    const auto found = texts.is_object() ? texts.find(name) : texts.end();
    if (found != texts.end() && found->is_string()) return json_text(*found);
  }
  return {};
}

std::string notification(const Message& message, const std::string& text,
                         const Envelope& envelope) {
  OrderedJson out = {{"Type", "Notification"}, {"MessageId", envelope.message_id}};
  const bool fifo = !envelope.sequence_number.empty();
  if (fifo) out["SequenceNumber"] = envelope.sequence_number;
  out["TopicArn"] = envelope.topic_arn;
  if (message.subject) out["Subject"] = *message.subject;
  out["Message"] = text;
  out["Timestamp"] = format_iso_ms(envelope.time);
  if (!fifo) {
    out["SignatureVersion"] = envelope.signature_version;
    out["Signature"] = signature();
    out["SigningCertURL"] = certificate_url(envelope);
  }
  out["UnsubscribeURL"] = unsubscribe_url(envelope);
  if (!message.attributes.empty()) out["MessageAttributes"] = attributes_of(message);
  return laid_out(out);
}

std::string lambda_event(const Message& message, const std::string& text,
                         const Envelope& envelope) {
  const OrderedJson sns = {
      {"Type", "Notification"},
      {"MessageId", envelope.message_id},
      {"TopicArn", envelope.topic_arn},
      {"Subject", message.subject ? OrderedJson(*message.subject) : OrderedJson()},
      {"Message", text},
      {"Timestamp", format_iso_ms(envelope.time)},
      // As recorded, whatever the topic's SignatureVersion is.
      {"SignatureVersion", "1"},
      {"Signature", signature()},
      {"SigningCertUrl", certificate_url(envelope)},
      {"UnsubscribeUrl", unsubscribe_url(envelope)},
      {"MessageAttributes", attributes_of(message)}};
  const OrderedJson record = {{"EventSource", "aws:sns"},
                              {"EventVersion", "1.0"},
                              {"EventSubscriptionArn", envelope.subscription_arn},
                              {"Sns", sns}};
  return to_text(OrderedJson{{"Records", OrderedJson::array({record})}});
}

std::string subscribe_url(const std::string& token, const Envelope& envelope) {
  return envelope.kiln_url + "/?Action=ConfirmSubscription&TopicArn=" + envelope.topic_arn +
         "&Token=" + token;
}

std::string confirmation(Confirmation what, const std::string& token, const Envelope& envelope) {
  const std::string text =
      what == Confirmation::kSubscribe
          ? "You have chosen to subscribe to the topic " + envelope.topic_arn +
                ".\nTo confirm the subscription, visit the SubscribeURL included in this message."
          : "You have chosen to deactivate subscription " + envelope.subscription_arn +
                ".\nTo cancel this operation and restore the subscription, visit the SubscribeURL "
                "included in this message.";
  return laid_out({{"Type", type_of(what)},
                   {"MessageId", envelope.message_id},
                   {"Token", token},
                   {"TopicArn", envelope.topic_arn},
                   {"Message", text},
                   {"SubscribeURL", subscribe_url(token, envelope)},
                   {"Timestamp", format_iso_ms(envelope.time)},
                   {"SignatureVersion", envelope.signature_version},
                   {"Signature", signature()},
                   {"SigningCertURL", certificate_url(envelope)}});
}

HttpHeaders notification_headers(const Envelope& envelope, Delivery delivery,
                                 const std::string& content_type) {
  HttpHeaders out = headers("Notification", envelope);
  out.emplace_back("x-amz-sns-subscription-arn", envelope.subscription_arn);
  if (delivery == Delivery::kRaw) out.emplace_back("x-amz-sns-rawdelivery", "true");
  out.emplace_back("Content-Type", content_type);
  out.emplace_back("User-Agent", "Amazon Simple Notification Service Agent");
  out.emplace_back("Accept-Encoding", "gzip,deflate");
  return out;
}

HttpHeaders confirmation_headers(Confirmation what, const Envelope& envelope) {
  HttpHeaders out = headers(type_of(what), envelope);
  if (what == Confirmation::kUnsubscribe)
    out.emplace_back("x-amz-sns-subscription-arn", envelope.subscription_arn);
  out.emplace_back("Content-Type", kPlainText);
  out.emplace_back("User-Agent", "Amazon Simple Notification Service Agent");
  out.emplace_back("Accept-Encoding", "gzip,deflate");
  return out;
}

}  // namespace kiln::notify
