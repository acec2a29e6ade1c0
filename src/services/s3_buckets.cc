// Buckets themselves: ListBuckets, CreateBucket, HeadBucket, DeleteBucket, GetBucketLocation, and
// the one ACL that everything has.
#include <pugixml.hpp>

#include "base/digest.h"
#include "services/s3_call.h"
#include "services/s3_xml.h"

namespace kiln::services {
namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";

// The canonical user id: 64 hex digits, the same for every account of a number.
std::string owner_id(const S3Call& call) { return sha256_hex("kiln account " + call.account); }

void add_owner(XmlText& xml, const S3Call& call) {
  xml.open("Owner").text("ID", owner_id(call)).text("DisplayName", call.account).close();
}

// LocationConstraint of CreateBucketConfiguration; "": none.
Result<std::string> read_location(const std::string& body) {
  if (body.empty()) return std::string();
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return malformed_xml();
  const pugi::xml_node root = document.child("CreateBucketConfiguration");
  if (!root) return malformed_xml();
  return std::string(root.child("LocationConstraint").text().get());
}

}  // namespace

S3Result s3_list_buckets(S3Call& call) {
  auto all = call.objects.buckets();
  if (!all) return all.error();
  XmlText xml("ListAllMyBucketsResult");
  add_owner(xml, call);
  xml.open("Buckets");
  const std::string_view prefix = call.query.get("prefix");
  for (const store::Bucket& bucket : *all) {
    if (!bucket.name.starts_with(prefix)) continue;
    xml.open("Bucket").text("Name", bucket.name).text("CreationDate", s3_time(bucket.created_ms));
    xml.text("BucketRegion", bucket.region).close();
  }
  return xml.answer();
}

S3Result s3_create_bucket(S3Call& call) {
  const std::string& name = call.address.bucket;
  if (auto valid = check_bucket_name(name); !valid) return valid.error();
  auto location = read_location(call.request.body());
  if (!location) return location.error();
  const bool is_default = call.region == kDefaultRegion;
  if (location->empty() && !is_default)
    return s3_invalid("IllegalLocationConstraintException",
                      "The unspecified location constraint is incompatible for the region specific "
                      "endpoint this request was sent to.");
  if (*location == kDefaultRegion)
    return s3_invalid("InvalidLocationConstraint",
                      "The specified location-constraint is not valid");
  if (!is_default && *location != call.region && !(call.region == "eu-west-1" && *location == "EU"))
    return s3_invalid("IllegalLocationConstraintException",
                      "The " + *location +
                          " location constraint is incompatible for the region specific endpoint "
                          "this request was sent to.");
  const std::string region = location->empty()   ? std::string(kDefaultRegion)
                             : *location == "EU" ? "eu-west-1"
                                                 : *location;
  auto made = call.objects.create_bucket(name, region);
  // In us-east-1 AWS lets an owner create a bucket again.
  const bool again = !made && made.error().type == "BucketAlreadyOwnedByYou" && is_default &&
                     region == kDefaultRegion;
  if (!made && !again) return made.error();
  net::Response response = empty_answer(200);
  response.headers.emplace_back("Location", "/" + name);
  return response;
}

S3Result s3_head_bucket(S3Call& call) {
  auto bucket = call.objects.find_bucket(call.address.bucket);
  if (!bucket) return bucket.error();
  net::Response response = empty_answer(200);
  response.headers.emplace_back("x-amz-bucket-region", bucket->region);
  return response;
}

S3Result s3_delete_bucket(S3Call& call) {
  if (auto erased = call.objects.erase_bucket(call.address.bucket); !erased) return erased.error();
  return empty_answer(204);
}

S3Result s3_get_bucket_location(S3Call& call) {
  auto bucket = call.objects.find_bucket(call.address.bucket);
  if (!bucket) return bucket.error();
  // The root is the value itself; us-east-1 is written as nothing.
  net::Response response;
  response.content_type = "application/xml";
  response.body =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint "
      "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">" +
      (bucket->region == kDefaultRegion ? std::string() : bucket->region) + "</LocationConstraint>";
  return response;
}

S3Result s3_get_acl(S3Call& call) {
  if (call.address.key.empty()) {
    if (auto bucket = call.objects.find_bucket(call.address.bucket); !bucket) return bucket.error();
  } else if (auto object = call.objects.find(call.address.bucket, call.address.key); !object) {
    return object.error();
  }
  XmlText xml("AccessControlPolicy");
  add_owner(xml, call);
  xml.open("AccessControlList").open("Grant");
  xml.open("Grantee",
           " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"");
  xml.text("ID", owner_id(call)).text("DisplayName", call.account).close();
  xml.text("Permission", "FULL_CONTROL");
  return xml.answer();
}

// As AWS answers for every bucket whose ownership is left at its default.
S3Result s3_put_acl(S3Call& call) {
  if (auto bucket = call.objects.find_bucket(call.address.bucket); !bucket) return bucket.error();
  return s3_invalid("AccessControlListNotSupported", "The bucket does not allow ACLs");
}

}  // namespace kiln::services
