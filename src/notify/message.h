// A message as a publisher gives it, and as each kind of subscriber gets it. Pure.
//
// Kiln signs nothing: Signature, SignatureVersion and SigningCertURL are there, as receivers expect
// the members, but a receiver that verifies signatures has to be told not to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace kiln::notify {

enum class Protocol { kLambda, kHttp, kHttps, kSqs, kEmail, kEmailJson, kSms };
const char* protocol_name(Protocol protocol);  // "email-json"
std::optional<Protocol> protocol_of(std::string_view name);

struct MessageAttribute {
  std::string name;
  std::string type;   // String, String.Array, Number, Binary, or one of these with .LABEL
  std::string value;  // of a Binary, base64
};

struct Message {
  // kJson: the text is a JSON object with a text for each protocol, and one named default.
  enum class Structure { kPlain, kJson };

  std::string text;
  std::string group_id;          // "" where none was given, as the next two
  std::string deduplication_id;  // of a message for a FIFO topic, never "" once it was checked
  std::string trace_header;      // X-Amzn-Trace-Id of the publisher
  std::optional<std::string> subject;
  std::vector<MessageAttribute> attributes;
  Structure structure = Structure::kPlain;
};

// The text for subscribers of a protocol. REQUIRES, for kJson: check_message() found no fault.
std::string text_for(const Message& message, Protocol protocol);

// What an envelope says beside the message itself.
struct Envelope {
  std::string message_id;
  std::string topic_arn;
  std::string subscription_arn;
  std::string sequence_number;  // of a FIFO topic's message, which has no signature
  std::string kiln_url;         // http://HOST:PORT of this Kiln, which answers the links
  std::string signature_version = "1";
  WallTime time;
};

// What a publisher is told.
struct Published {
  std::string message_id;
  std::string sequence_number;  // "" but for FIFO topics
};

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// {"Type": "Notification", …}: the body for HTTP(S), SQS and email-json.
std::string notification(const Message& message, const std::string& text, const Envelope& envelope);
// {"Records": [{"EventSource": "aws:sns", …}]}
std::string lambda_event(const Message& message, const std::string& text, const Envelope& envelope);
// What is asked of an endpoint's owner: to confirm a subscription, or to restore one that has
// ended.
enum class Confirmation { kSubscribe, kUnsubscribe };
// {"Type": "SubscriptionConfirmation" or "UnsubscribeConfirmation", …}
std::string confirmation(Confirmation what, const std::string& token, const Envelope& envelope);
// KILN_URL/?Action=ConfirmSubscription&TopicArn=…&Token=…
std::string subscribe_url(const std::string& token, const Envelope& envelope);

enum class Delivery { kEnvelope, kRaw };
HttpHeaders notification_headers(const Envelope& envelope, Delivery delivery,
                                 const std::string& content_type);
HttpHeaders confirmation_headers(Confirmation what, const Envelope& envelope);

}  // namespace kiln::notify
