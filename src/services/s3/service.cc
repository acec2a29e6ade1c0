#include "services/s3/service.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fence.h"
#include "base/ids.h"
#include "services/s3/call.h"
#include "services/s3/cors.h"
#include "services/s3/presigned.h"
#include "services/s3/xml.h"
#include "wire/credential_scope.h"

namespace kiln::services {
namespace {

// Of the second request id, in hexadecimal digits twice as many.
constexpr size_t kSecondIdBytes = 28;
constexpr int64_t kMsPerSecond = 1000;
constexpr uint64_t kMaxXmlBytes = uint64_t{4} * 1024 * 1024;
// What aws-chunked adds to a body is little; how much there is of content is counted as it comes.
constexpr uint64_t kMaxFramedBytes = uint64_t{kMaxUploadBytes} + (uint64_t{1} << 30);

struct Target {
  S3Address address;
  wire::QueryParams query;
  bool is_copy;
};

Target target_of(const net::RequestHeader& header) {
  const auto text = header.target();
  wire::Uri uri = wire::Uri::parse({text.data(), text.size()});
  return {s3_address(net::field(header, "Host"), uri.raw_path), std::move(uri.query),
          !net::field(header, "x-amz-copy-source").empty()};
}

bool is_upload(const net::RequestHeader& header) {
  const Target target = target_of(header);
  return is_s3_upload(header.method(), target.address, target.query, target.is_copy);
}

// As HTTP has them: names and values out of an address may hold any byte.
bool is_field_name(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return ascii::is_alnum(c) || kMarks.find(c) != kMarks.npos;
  });
}

bool is_field_value(std::string_view value) {
  return std::none_of(value.begin(), value.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
  });
}

// What SDKs move from the headers into a presigned address says the same there.
void take_hoisted_headers(net::RequestHeader& header, const wire::QueryParams& query) {
  const bool presigned = query.find("X-Amz-Signature") || query.find("Signature");
  if (!presigned) return;
  constexpr std::array kHoisted = {"x-amz-acl",     "x-amz-storage-class",
                                   "x-amz-tagging", "x-amz-server-side-encryption",
                                   "if-match",      "if-none-match"};
  for (const auto& [name, value] : query.items()) {
    const std::string key = ascii::lower(name);
    const bool known = std::find(kHoisted.begin(), kHoisted.end(), key) != kHoisted.end();
    if ((known || key.starts_with("x-amz-meta-")) && net::field(header, key).empty() &&
        is_field_name(key) && is_field_value(value))
      header.set(key, value);
  }
}

// Hands the parts of a body to a worker, one after the other.
class UploadSink final : public net::BodySink, public std::enable_shared_from_this<UploadSink> {
 public:
  UploadSink(engine::Engine& engine, const net::RequestHeader& header)
      : engine_(engine), body_(std::make_shared<S3Body>(header)) {}

  void put(std::string&& part, std::function<void()> more) override {
    engine_.post_worker(
        [self = shared_from_this(), part = std::move(part), more = std::move(more)] {
          fenced(
              "an upload", [&] { self->body_->add(self->engine_.objects(), part); },
              [&] { self->body_->fail(); });
          more();
        });
  }
  const std::shared_ptr<S3Body>& body() const { return body_; }

 private:
  engine::Engine& engine_;
  std::shared_ptr<S3Body> body_;
};

Error not_implemented(const net::Request& request, std::string_view what) {
  const auto method = request.method_string();
  std::string name = std::string(method.data(), method.size());
  name += what.empty() ? " " + std::string(net::target(request).substr(0, 200))
                       : " ?" + std::string(what);
  return {ErrorKind::kInvalid, "NotImplemented",
          "Kiln's S3 has no operation " + name +
              "; docs/compatibility.md lists what there is, and --forward s3=URL passes all of S3 "
              "on to another server."};
}

// Whom the caller takes for the bucket's owner: all buckets are this account's.
Result<void> check_expected_owner(const S3Call& call) {
  const std::string owner(call.header("x-amz-expected-bucket-owner"));
  if (owner.empty() || owner == call.account) return {};
  const bool is_account =
      owner.size() == 12 && std::all_of(owner.begin(), owner.end(), ascii::is_digit);
  if (!is_account)
    return s3_invalid("InvalidBucketOwnerAWSAccountID",
                      "The value of the expected bucket owner parameter must be an AWS Account "
                      "ID... [" +
                          owner + "]");
  return Error{ErrorKind::kForbidden, "AccessDenied", "Access Denied"};
}

// Of an address that says until when it may be used.
Result<void> check_time_limit(const S3Call& call) {
  // A browser asks before it sends what was signed.
  if (call.request.method() == net::http::verb::options) return {};
  if (!call.header("Authorization").empty()) return {};
  return check_presigned(call.query, epoch_ms(std::chrono::system_clock::now()) / kMsPerSecond);
}

S3Result result_of(S3Call& call, bool is_copy) {
  if (auto in_time = check_time_limit(call); !in_time) return in_time.error();
  if (auto owned = check_expected_owner(call); !owned) return owned.error();
  const S3Route route = find_s3_route(call.request.method(), call.address, call.query, is_copy);
  if (route.operation == nullptr) return not_implemented(call.request, route.name);
  return route.operation(call);
}

// The ids and what else every answer has. Errors also have the ids in their document.
void sign_off(net::Response& response) {
  const std::string id = new_uuid(), second = base64_encode(new_hex(kSecondIdBytes));
  constexpr std::string_view kEnd = "</Error>";
  if (response.body.ends_with(kEnd))
    response.body.insert(response.body.size() - kEnd.size(),
                         "<RequestId>" + id + "</RequestId><HostId>" + second + "</HostId>");
  response.headers.emplace_back("x-amz-request-id", id);
  response.headers.emplace_back("x-amz-id-2", second);
  response.headers.emplace_back("Date", http_time(epoch_ms(std::chrono::system_clock::now())));
  response.headers.emplace_back("Server", "AmazonS3");
}

net::Response answer(S3Call& call, bool is_copy) {
  S3Result result = result_of(call, is_copy);
  net::Response response =
      result ? std::move(*result) : s3_error(result.error(), call.address.bucket, call.address.key);
  let_page_read(call, response);
  sign_off(response);
  return response;
}

}  // namespace

uint64_t S3Service::body_limit(const net::RequestHeader& header) {
  return is_upload(header) ? kMaxFramedBytes : kMaxXmlBytes;
}

net::Response S3Service::too_large(const net::RequestHeader& header) {
  const Target target = target_of(header);
  return s3_error(
      is_upload(header)
          ? s3_invalid("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
          : s3_invalid("MaxMessageLengthExceeded", "Your request was too big."),
      target.address.bucket, target.address.key);
}

std::shared_ptr<net::BodySink> S3Service::body_sink(const net::RequestHeader& header) {
  if (!is_upload(header)) return nullptr;
  return std::make_shared<UploadSink>(engine_, header);
}

void S3Service::handle(net::Request&& request, std::shared_ptr<net::BodySink> body, Reply reply) {
  engine_.post_worker([this, request = std::move(request), body = std::move(body),
                       reply = std::move(reply)]() mutable {
    Target target = target_of(request.base());
    take_hoisted_headers(request.base(), target.query);
    std::string region = wire::CredentialScope::of(request.base()).region;
    S3Call call{engine_.objects(),         engine_.options().account, std::move(region),
                std::move(target.address), std::move(target.query),   std::move(request)};
    if (body) {
      call.upload = static_cast<UploadSink&>(*body).body();
    } else if (is_upload(call.request.base())) {
      // From within, with all of its body at once.
      call.upload = std::make_shared<S3Body>(call.request.base());
      call.upload->add(call.objects, call.request.body());
    }
    reply(answer(call, target.is_copy));
  });
}

void S3Service::handle_unsigned(net::Request&& request, net::Response&& otherwise, Reply reply) {
  engine_.post_worker([this, request = std::move(request), otherwise = std::move(otherwise),
                       reply = std::move(reply)]() mutable {
    const S3Address address = target_of(request.base()).address;
    const bool is_object = check_bucket_name(address.bucket).ok() &&
                           (is_s3_host(net::field(request, "Host")) ||
                            engine_.objects().find_bucket(address.bucket).ok());
    if (!is_object) return reply(std::move(otherwise));
    handle(std::move(request), nullptr, std::move(reply));
  });
}

}  // namespace kiln::services
