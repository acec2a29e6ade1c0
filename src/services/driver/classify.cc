#include "services/driver/classify.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "model/url_host.h"
#include "wire/cbor_protocol.h"
#include "wire/credential_scope.h"
#include "wire/json_protocol.h"
#include "wire/rest_json_error.h"
#include "wire/uri.h"

namespace kiln::services {
namespace {

using std::string_view_literals::operator""sv;
using net::http::verb;

constexpr size_t kDateBytes = 12;  // "/2015-03-31/"

constexpr std::array kLambdaFolders = {
    "functions"sv,
    "account-settings"sv,
    "tags"sv,
    "event-source-mappings"sv,
    "layers"sv,
    "code-signing-configs"sv,
    "layers-by-arn"sv,
    "capacity-providers"sv,
    "durable-executions"sv,
    "durable-execution-callbacks"sv,
};

struct Named {
  std::string_view key;
  std::string_view service;
};

// X-Amz-Target prefixes whose service can't be read from the prefix itself.
constexpr std::array kTargetServices = {
    Named{"Logs_20140328", "logs"},
    Named{"GraniteServiceVersion20100801", "cloudwatch"},
    Named{"AnyScaleFrontendService", "application-autoscaling"},
    Named{"DynamoDB_20120810", "dynamodb"},
    Named{"DynamoDBStreams_20120810", "dynamodbstreams"},
    Named{"AmazonSQS", "sqs"},
    Named{"AWSEvents", "events"},
    Named{"AmazonSSM", "ssm"},
    Named{"ComputeOptimizerService", "compute-optimizer"},
    Named{"TrentService", "kms"},
    Named{"AWSStepFunctions", "stepfunctions"},
    Named{"Kinesis_20131202", "kinesis"},
    Named{"AmazonEC2ContainerServiceV20141113", "ecs"},
    Named{"AmazonEC2ContainerRegistry_V20150921", "ecr"},
    Named{"CloudApiService", "cloudcontrolapi"},
    Named{"ResourceGroupsTaggingAPI_20170126", "tagging"},
};

constexpr std::array kQueryServices = {
    Named{"2011-06-15", "sts"},        Named{"2010-03-31", "sns"},
    Named{"2010-08-01", "cloudwatch"}, Named{"2010-05-15", "cloudformation"},
    Named{"2010-05-08", "iam"},        Named{"2012-11-05", "sqs"},
    Named{"2016-11-15", "ec2"},        Named{"2011-01-01", "autoscaling"},
};

// Services with the REST-XML protocol; the other REST services speak JSON.
constexpr std::array kRestXmlServices = {"s3"sv, "s3express"sv, "cloudfront"sv, "route53"sv};

std::string_view look_up(const auto& table, std::string_view key) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [&](const Named& named) { return named.key == key; });
  return found == table.end() ? std::string_view() : found->service;
}

bool contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view header_field(const net::RequestHeader& header, std::string_view name) {
  return header[name];
}

std::string_view host_of(const net::RequestHeader& header) { return header["Host"]; }

std::string_view header_target(const net::RequestHeader& header) { return header.target(); }

using ascii::is_digit;

// "/2015-03-31/…", the form of all of Lambda's paths.
bool has_date(std::string_view target) {
  if (target.size() < kDateBytes || !target.starts_with("/20") || target[5] != '-' ||
      target[8] != '-' || target[11] != '/') {
    return false;
  }
  return is_digit(target[3]) && is_digit(target[4]) && is_digit(target[6]) && is_digit(target[7]) &&
         is_digit(target[9]) && is_digit(target[10]);
}

bool is_lambda_path(std::string_view target) {
  if (!has_date(target)) return false;
  target.remove_prefix(kDateBytes);
  return contains(kLambdaFolders, target.substr(0, target.find_first_of("/?")));
}

// "monitoring" is what requests to CloudWatch are signed for.
std::string service_name(std::string_view signed_for) {
  return std::string(signed_for == "monitoring" ? "cloudwatch" : signed_for);
}

std::string rest_operation(const net::RequestHeader& header, const wire::Uri& uri) {
  const auto method = header.method_string();
  return std::string(method.data(), method.size()) + " " + uri.raw_path;
}

Api api_of(std::string_view service) {
  if (service == "logs") return Api::kLogs;
  if (service == "cloudwatch") return Api::kCloudWatch;
  if (service == "sns") return Api::kSns;
  if (service == "cloudformation") return Api::kCloudFormation;
  if (service == "application-autoscaling") return Api::kAutoScaling;
  if (service == "sts") return Api::kSts;
  if (service == "ssm") return Api::kSsm;
  if (service == "compute-optimizer") return Api::kComputeOptimizer;
  return Api::kAbsent;
}

Classification of_json(const wire::JsonTarget& target, std::string_view content_type,
                       std::string_view signed_for) {
  Classification c;
  c.shape =
      content_type.find("json-1.0") != std::string_view::npos ? Shape::kJson10 : Shape::kJson11;
  c.operation = target.operation;
  c.service = look_up(kTargetServices, target.prefix);
  if (c.service.empty()) c.service = service_name(signed_for);
  if (c.service.empty()) c.service = target.prefix;
  c.api = api_of(c.service);
  return c;
}

Classification of_query(wire::QueryRequest&& query, std::string_view signed_for) {
  Classification c;
  c.shape = Shape::kQuery;
  c.operation = query.action();
  c.service = service_name(signed_for);
  if (c.service.empty()) c.service = look_up(kQueryServices, query.version());
  // The links in SNS's messages have no version.
  if (c.service.empty() && query.version().empty() &&
      (c.operation == "ConfirmSubscription" || c.operation == "Unsubscribe"))
    c.service = "sns";
  if (c.service.empty()) c.service = "of version " + query.version();
  c.api = api_of(c.service);
  c.query = std::move(query);
  return c;
}

// POST /service/NAME/operation/OPERATION with smithy-protocol: rpc-v2-cbor.
Classification of_cbor(const wire::Uri& uri) {
  Classification c;
  c.shape = Shape::kCbor;
  const std::string_view known = look_up(kTargetServices, uri.segments[1]);
  c.service = known.empty() ? uri.segments[1] : std::string(known);
  c.operation = uri.segments[3];
  c.api = c.service == "cloudwatch" ? Api::kCloudWatch : Api::kAbsent;
  return c;
}

bool is_debug(verb method, const wire::Uri& uri) {
  if (uri.segments.size() < 2 || uri.segments[0] != "_kiln") return false;
  if (uri.segments[1] == "environments")
    return uri.segments.size() == 2 ? method == verb::get
                                    : uri.segments.size() == 3 && method == verb::delete_;
  return uri.segments[1] == "debug" && uri.segments.size() == 3 &&
         (method == verb::post || method == verb::delete_);
}

// What providers of custom resources answer to, without a signature.
bool is_stack_response(verb method, const wire::Uri& uri) {
  return method == verb::put && uri.segments.size() == 3 && uri.segments[0] == "_kiln" &&
         uri.segments[1] == "stack-responses";
}

Classification of_path(const net::RequestHeader& header, const wire::Uri& uri,
                       std::string_view signed_for) {
  Classification c;
  c.operation = rest_operation(header, uri);
  const bool is_read = header.method() == verb::get || header.method() == verb::head;
  const bool is_health = uri.raw_path == "/_kiln/health";
  // The address that GetFunction gives for the package; fetched without a signature.
  const bool is_package =
      uri.segments.size() == 3 && uri.segments[0] == "_kiln" && uri.segments[1] == "code";
  // GET / is also S3's ListBuckets: then it is signed.
  if (is_read && (is_health || (uri.segments.empty() && signed_for.empty()))) {
    c.api = Api::kHealth;
  } else if (is_read && uri.raw_path == "/_kiln/status") {
    c.api = Api::kStatus;
  } else if (is_read && signed_for.empty() && uri.raw_path == "/metrics") {
    c.api = Api::kMetrics;
  } else if (is_debug(header.method(), uri)) {
    c.api = Api::kDebug;
  } else if (is_stack_response(header.method(), uri)) {
    c.api = Api::kCloudFormation;
    c.service = "cloudformation";
  } else if (is_read && is_package) {
    c.api = Api::kLambda;
  } else if (!signed_for.empty() && signed_for != "lambda") {
    c.api = Api::kAbsent;
    c.service = service_name(signed_for);
    if (contains(kRestXmlServices, signed_for)) c.shape = Shape::kRestXml;
  } else if (has_date(header_target(header))) {
    c.api = Api::kLambda;
  }
  return c;
}

// Signature version 2: presigned addresses of S3 are still made so.
bool is_signed_in_the_old_way(const net::RequestHeader& header) {
  if (header_field(header, "Authorization").starts_with("AWS ")) return true;
  const std::string_view target = header_target(header);
  return target.find("AWSAccessKeyId=") != std::string_view::npos &&
         target.find("Signature=") != std::string_view::npos;
}

Classification of_s3(const net::RequestHeader& header) {
  Classification c;
  c.api = Api::kS3;
  c.shape = Shape::kRestXml;
  c.service = "s3";
  c.operation = rest_operation(header, wire::Uri::parse(header_target(header)));
  return c;
}

Classification classify_with(const net::RequestHeader& header, std::string_view body) {
  if (model::is_url_host(host_of(header))) {
    Classification c;
    c.api = Api::kFunctionUrl;
    return c;
  }
  const std::string_view target = header_target(header);
  if (is_lambda_path(target)) {
    Classification c;
    c.api = Api::kLambda;
    return c;
  }
  const wire::CredentialScope scope = wire::CredentialScope::of(header);
  // Before the rest: a key of S3 may look like anything.
  if (scope.service == "s3" || is_signed_in_the_old_way(header)) return of_s3(header);
  const wire::Uri uri = wire::Uri::parse(target);
  if (const auto json = wire::JsonTarget::parse(header_field(header, "X-Amz-Target"))) {
    return of_json(*json, header_field(header, "Content-Type"), scope.service);
  }
  if (uri.segments.size() == 4 && uri.segments[0] == "service" && uri.segments[2] == "operation") {
    return of_cbor(uri);
  }
  if (uri.segments.empty()) {
    // The parameters may be in the address, whatever the method.
    const size_t question = target.find('?');
    const std::string_view in_address =
        question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
    std::optional<wire::QueryRequest> query;
    if (header.method() == verb::post) query = wire::QueryRequest::parse(body);
    if (!query) query = wire::QueryRequest::parse(in_address);
    if (query) return of_query(*std::move(query), scope.service);
  }
  return of_path(header, uri, scope.service);
}

bool ends_with_segment(const wire::Uri& uri, std::string_view last) {
  return uri.segments.size() == 4 && uri.segments[1] == "functions" && uri.segments[3] == last;
}

struct Limit {
  uint64_t bytes;
  const char* operation;  // nullptr: none with a text of its own
};

Limit limit_of(const net::RequestHeader& header) {
  if (model::is_url_host(host_of(header))) return {kMaxInvokeBytes, "InvokeFunction"};
  if (is_invocation(header)) {
    const bool is_event = header_field(header, "X-Amz-Invocation-Type") == "Event";
    return {is_event ? kMaxEventInvokeBytes : kMaxInvokeBytes, "InvokeFunction"};
  }
  const std::string_view target = header_target(header);
  if (!is_lambda_path(target)) {
    const bool is_logs = header_field(header, "X-Amz-Target").starts_with("Logs_");
    return {is_logs ? kMaxLogsRequestBytes : kMaxJsonRequestBytes, nullptr};
  }
  const wire::Uri uri = wire::Uri::parse(target);
  if (header.method() == verb::post) {
    if (ends_with_segment(uri, "response-streaming-invocations")) {
      return {kMaxInvokeBytes, "InvokeWithResponseStream"};
    }
    if (ends_with_segment(uri, "invoke-async")) return {kMaxEventInvokeBytes, "InvokeAsync"};
    if (uri.segments.size() == 2 && uri.segments[1] == "functions") {
      return {kMaxCodeRequestBytes, "CreateFunction"};
    }
  }
  if (header.method() == verb::post && uri.segments.size() == 4 && uri.segments[1] == "layers" &&
      uri.segments[3] == "versions") {
    return {kMaxCodeRequestBytes, "PublishLayerVersion"};
  }
  if (header.method() == verb::put && ends_with_segment(uri, "code")) {
    return {kMaxCodeRequestBytes, "UpdateFunctionCode"};
  }
  return {kMaxOtherBytes, nullptr};
}

std::string printable(std::string_view text) {
  constexpr size_t kShown = 200;
  std::string out(text.substr(0, kShown));
  if (text.size() > kShown) out += "…";
  return out;
}

}  // namespace

net::Response error_in_shape(Shape shape, const Error& error, const std::string& request_id) {
  switch (shape) {
    case Shape::kJson10:
      return wire::json_error(error, request_id, wire::JsonVersion::k10);
    case Shape::kJson11:
      return wire::json_error(error, request_id, wire::JsonVersion::k11);
    case Shape::kQuery:
      return wire::query_error(error, request_id);
    case Shape::kRestXml:
      return wire::rest_xml_error(501, error, request_id);
    case Shape::kCbor:
      return wire::cbor_error(error, request_id);
    case Shape::kRestJson:
      break;
  }
  return wire::rest_json_error(error, request_id);
}

std::string_view invoked_function(const net::RequestHeader& header) {
  constexpr std::string_view kFunctions = "/2015-03-31/functions/", kInvocations = "/invocations";
  if (header.method() != verb::post) return {};
  std::string_view path = header_target(header);
  if (!path.starts_with(kFunctions)) return {};
  path = path.substr(kFunctions.size(), path.find('?') - kFunctions.size());
  if (!path.ends_with(kInvocations)) return {};
  path.remove_suffix(kInvocations.size());
  return path;
}

bool is_s3(const net::RequestHeader& header) {
  return !is_lambda_path(header_target(header)) && !model::is_url_host(host_of(header)) &&
         (wire::CredentialScope::of(header).service == "s3" || is_signed_in_the_old_way(header));
}

Classification classify(const net::Request& request) {
  return classify_with(request.base(), request.body());
}

Classification classify(const net::RequestHeader& header) { return classify_with(header, {}); }

uint64_t body_limit(const net::RequestHeader& header) { return limit_of(header).bytes; }

net::Response too_large(const net::RequestHeader& header, const std::string& request_id) {
  const Classification what = classify(header);
  // The body does not matter where nobody would read it.
  if (what.api == Api::kAbsent && what.shape != Shape::kQuery) return not_here(what, request_id);
  const Limit limit = limit_of(header);
  const std::string_view operation = limit.operation ? limit.operation : "";
  // AWS names 6 MiB where it enforces 100 bytes more.
  const uint64_t named = limit.bytes == kMaxInvokeBytes ? 6'291'456 : limit.bytes;
  std::string message = "Request must be smaller than " + std::to_string(named) + " bytes for the ";
  message += operation.empty() ? printable(header_target(header)) : std::string(operation);
  message += " operation";
  // An event is measured as a payload, where its size was said.
  if (const auto length = header_field(header, "Content-Length");
      limit.bytes == kMaxEventInvokeBytes && operation == "InvokeFunction" && !length.empty())
    message = printable(length) +
              " byte payload is too large for the Event invocation type (limit " +
              std::to_string(limit.bytes) + " bytes)";
  const Error error{ErrorKind::kTooLarge, "RequestEntityTooLargeException", std::move(message)};
  return error_in_shape(what.shape, error, request_id);
}

net::Response not_here(const Classification& what, const std::string& request_id) {
  const std::string operation = printable(what.operation);
  if (what.api == Api::kUnknown) {
    return wire::rest_json_error(
        {ErrorKind::kNotFound, "UnknownOperationException",
         "Kiln has no operation for " + operation +
             ". It serves the AWS APIs "
             "lambda, cloudwatch, logs, sns, application-autoscaling, cloudformation, s3, ssm, "
             "iam, "
             "sts, cloudcontrol, tagging and compute-optimizer, and GET /_kiln/health."},
        request_id);
  }
  const std::string type = what.shape == Shape::kQuery     ? "InvalidAction"
                           : what.shape == Shape::kRestXml ? "NotImplemented"
                                                           : "UnknownOperationException";
  const ErrorKind kind =
      what.shape == Shape::kRestJson ? ErrorKind::kNotFound : ErrorKind::kInvalid;
  return error_in_shape(
      what.shape,
      {kind, type,
       "Kiln has no service " + printable(what.service) + " (operation " + operation +
           "). It serves lambda, cloudwatch, logs, sns, application-autoscaling, cloudformation, "
           "s3, "
           "ssm, iam, sts, cloudcontrol, tagging and compute-optimizer; start it with --forward "
           "SERVICE=URL to pass others on."},
      request_id);
}

}  // namespace kiln::services
