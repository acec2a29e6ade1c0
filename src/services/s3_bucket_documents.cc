// What a bucket is given to keep and gives back as it came: versioning, encryption, policy, public
// access block, tagging, lifecycle, CORS, ownership. None of it acts.
#include <array>
#include <nlohmann/json.hpp>
#include <pugixml.hpp>

#include "services/s3_call.h"
#include "services/s3_xml.h"

namespace kiln::services {
namespace {

#define KILN_S3_NS " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

constexpr size_t kMaxPolicy = size_t{20} * 1024;

struct Kind {
  std::string_view parameter;
  const char* root;      // of its XML; nullptr: it is JSON
  const char* standard;  // what a bucket has that was given nothing; nullptr: an error
  const char* missing;   // that error's code and text
  const char* missing_text;
  unsigned put_status = 200;
  bool is_erasable = true;
};

constexpr std::array kKinds = {
    Kind{"versioning", "VersioningConfiguration", "<VersioningConfiguration" KILN_S3_NS "/>", "",
         "", 200, false},
    Kind{"encryption", "ServerSideEncryptionConfiguration",
         "<ServerSideEncryptionConfiguration" KILN_S3_NS
         "><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
         "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule>"
         "</ServerSideEncryptionConfiguration>",
         "", ""},
    Kind{"policy", nullptr, nullptr, "NoSuchBucketPolicy", "The bucket policy does not exist", 204},
    Kind{"publicAccessBlock", "PublicAccessBlockConfiguration",
         "<PublicAccessBlockConfiguration" KILN_S3_NS
         "><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>"
         "<BlockPublicPolicy>true</BlockPublicPolicy>"
         "<RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
         "", ""},
    Kind{"tagging", "Tagging", nullptr, "NoSuchTagSet", "The TagSet does not exist", 204},
    Kind{"lifecycle", "LifecycleConfiguration", nullptr, "NoSuchLifecycleConfiguration",
         "The lifecycle configuration does not exist"},
    Kind{"cors", "CORSConfiguration", nullptr, "NoSuchCORSConfiguration",
         "The CORS configuration does not exist"},
    Kind{"ownershipControls", "OwnershipControls",
         "<OwnershipControls" KILN_S3_NS
         "><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>",
         "", ""},
};

#undef KILN_S3_NS

// REQUIRES: the route said that there is one.
const Kind& kind_of(const S3Call& call) {
  for (const Kind& kind : kKinds)
    if (call.query.find(kind.parameter)) return kind;
  return kKinds.front();
}

Result<void> check_document(const Kind& kind, const std::string& body) {
  if (kind.root == nullptr) {
    if (body.size() > kMaxPolicy || !body.starts_with('{') || !nlohmann::json::accept(body))
      return s3_invalid("MalformedPolicy",
                        "Policies must be valid JSON and the first byte must be '{'");
    return {};
  }
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size()) || !document.child(kind.root))
    return malformed_xml();
  return {};
}

}  // namespace

S3Result s3_get_bucket_document(S3Call& call) {
  const Kind& kind = kind_of(call);
  auto document = call.objects.bucket_document(call.address.bucket, std::string(kind.parameter));
  if (!document) return document.error();
  if (document->empty()) {
    if (kind.standard == nullptr)
      return Error{ErrorKind::kNotFound, kind.missing, kind.missing_text};
    *document = kind.standard;
  }
  net::Response response;
  response.content_type = kind.root == nullptr ? "application/json" : "application/xml";
  response.body = std::move(*document);
  return response;
}

S3Result s3_put_bucket_document(S3Call& call) {
  const Kind& kind = kind_of(call);
  const std::string& body = call.request.body();
  if (auto whole = check_s3_body(call.request.base(), body); !whole) return whole.error();
  if (auto valid = check_document(kind, body); !valid) return valid.error();
  if (auto done =
          call.objects.set_bucket_document(call.address.bucket, std::string(kind.parameter), body);
      !done)
    return done.error();
  return empty_answer(kind.put_status);
}

S3Result s3_delete_bucket_document(S3Call& call) {
  const Kind& kind = kind_of(call);
  if (!kind.is_erasable)
    return Error{ErrorKind::kInvalid, "MethodNotAllowed",
                 "The specified method is not allowed against this resource."};
  if (auto done =
          call.objects.set_bucket_document(call.address.bucket, std::string(kind.parameter), "");
      !done)
    return done.error();
  return empty_answer(204);
}

}  // namespace kiln::services
