#include <algorithm>

#include "sdk/clients/aws/error.h"
#include "sdk/clients/aws/s3_service.h"
#include "sdk/clients/aws/xml.h"

namespace kiln::s3 {
namespace {

constexpr size_t kMaxParts = 10'000;

std::string create(Service& service, const std::string& bucket, const std::string& key,
                   const PutOptions& options) {
  aws::Call call = service.on_object("CreateMultipartUpload", "POST", bucket, key);
  call.query = {{"uploads", ""}};
  call.headers = {{"content-type", options.content_type}};
  const http::Response response = service.call(call);
  const auto root = aws::xml::parse(response.body);
  std::string id = root ? root->text_of("UploadId") : "";
  if (id.empty()) {
    throw aws::bad_answer("s3", call.operation, response, "the answer has no UploadId");
  }
  return id;
}

std::string upload(Service& service, const std::string& bucket, const std::string& key,
                   const std::string& id, size_t number, std::string_view part) {
  aws::Call call = service.on_object("UploadPart", "PUT", bucket, key);
  call.query = {{"partNumber", std::to_string(number)}, {"uploadId", id}};
  call.body = part;
  const http::Response response = service.call(call);
  std::string etag(response.header("etag"));
  if (etag.empty()) throw aws::bad_answer("s3", call.operation, response, "the answer has no ETag");
  return etag;
}

std::string complete(Service& service, const std::string& bucket, const std::string& key,
                     const std::string& id, const std::vector<std::string>& etags) {
  std::string body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (size_t i = 0; i < etags.size(); ++i) {
    body += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" +
            aws::xml::escaped(etags[i]) + "</ETag></Part>";
  }
  body += "</CompleteMultipartUpload>";
  aws::Call call = service.on_object("CompleteMultipartUpload", "POST", bucket, key);
  call.query = {{"uploadId", id}};
  call.headers = {{"content-type", "application/xml"}};
  call.body = body;
  const http::Response response = service.call(call);
  // S3 begins its answer before it is done, so a failure can come with status 200.
  const auto root = aws::xml::parse(response.body);
  if (root && root->name == "Error") throw aws::error_of("s3", call.operation, response);
  std::string etag = root ? root->text_of("ETag") : "";
  if (etag.empty()) throw aws::bad_answer("s3", call.operation, response, "the answer has no ETag");
  return etag;
}

// As well as it can: the failure that led here is what the caller is told.
void abort(Service& service, const std::string& bucket, const std::string& key,
           const std::string& id) noexcept {
  try {
    aws::Call call = service.on_object("AbortMultipartUpload", "DELETE", bucket, key);
    call.query = {{"uploadId", id}};
    service.call(call);
  } catch (const std::exception&) {
  }
}

}  // namespace

size_t part_size_for(size_t size, size_t wanted) {
  return std::max({wanted, size_t{1}, (size + kMaxParts - 1) / kMaxParts});
}

std::string put_in_parts(Service& service, const std::string& bucket, const std::string& key,
                         std::string_view body, const PutOptions& options, size_t part_size) {
  const std::string id = create(service, bucket, key, options);
  try {
    const size_t each = part_size_for(body.size(), part_size);
    std::vector<std::string> etags;
    for (size_t at = 0; at < body.size(); at += each) {
      etags.push_back(upload(service, bucket, key, id, etags.size() + 1, body.substr(at, each)));
    }
    return complete(service, bucket, key, id, etags);
  } catch (...) {
    abort(service, bucket, key, id);
    throw;
  }
}

}  // namespace kiln::s3
