// Buckets themselves: ListBuckets, CreateBucket, HeadBucket, DeleteBucket, GetBucketLocation, and
// the one ACL that everything has.
#include <algorithm>
#include <array>
#include <charconv>
#include <pugixml.hpp>

#include "base/arn.h"
#include "base/ascii.h"
#include "base/digest.h"
#include "base/system_tags.h"
#include "services/s3/call.h"
#include "services/s3/object_document.h"
#include "services/s3/xml.h"

namespace kiln::services {
namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";
constexpr int64_t kMaxBuckets = 10'000;
// The old name of eu-west-1. A bucket that was made with it keeps it as its location, in this
// document.
constexpr const char *kOldEurope = "EU", *kLocationDocument = "location";

// AWS's Regions begin with one of these places and end with a digit.
constexpr std::array<std::string_view, 22> kPlaces = {
    "af-south", "ap-east",     "ap-northeast", "ap-south",   "ap-southeast", "ca-central",
    "ca-west",  "cn-north",    "cn-northwest", "eu-central", "eu-north",     "eu-south",
    "eu-west",  "il-central",  "me-central",   "me-south",   "mx-central",   "sa-east",
    "us-east",  "us-gov-east", "us-gov-west",  "us-west"};

bool is_known_region(std::string_view text) {
  const size_t dash = text.rfind('-');
  return dash != std::string_view::npos && text.size() == dash + 2 && text.back() >= '1' &&
         text.back() <= '9' &&
         std::find(kPlaces.begin(), kPlaces.end(), text.substr(0, dash)) != kPlaces.end();
}

std::string bucket_arn(const std::string& name, const std::string& region) {
  return global_arn_start("s3", region) + ":" + name;
}

// eu-west-1, us-gov-west-1; or EU, which is eu-west-1.
bool is_region(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return ascii::is_lower(c) || ascii::is_digit(c) || c == '-';
  });
  return text == kOldEurope ||
         (plain && std::count(text.begin(), text.end(), '-') >= 2 && ascii::is_digit(text.back()));
}

// Which buckets a list shows.
struct BucketPage {
  std::string after;  // the name of the last one that was shown
  std::string region;
  int64_t most = kMaxBuckets;
};

Result<BucketPage> read_bucket_page(const S3Call& call) {
  BucketPage page;
  const auto refused = [](const char* name, std::string text) {
    return s3_with(s3_invalid("InvalidArgument", std::move(text)), "ArgumentName", name);
  };
  if (const auto text = call.query.find("max-buckets"); text && !text->empty()) {
    const char* const end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, page.most);
    if (error != std::errc() || stop != end || page.most < 1 || page.most > kMaxBuckets)
      return refused("max-buckets", "Argument value " + std::string(*text) +
                                        " is not a number between 1 and 10000");
  }
  page.region = call.query.get("bucket-region");
  if (!page.region.empty() && !is_known_region(page.region))
    return refused("bucket-region", "Argument value " + page.region + " is not a valid AWS Region");
  const std::string token(call.query.get("continuation-token"));
  const auto after = base64_decode(token);
  if (!after) return refused("continuation-token", "The continuation token provided is incorrect");
  page.after = *after;
  return page;
}

// LocationConstraint of CreateBucketConfiguration; "": none.
struct NewBucket {
  std::string location;
  std::map<std::string, std::string> tags;
};

Result<std::map<std::string, std::string>> read_new_tags(const pugi::xml_node& list) {
  auto tags = read_tags(list);
  // As recorded.
  if (!tags && tags.error().message.starts_with("Cannot provide multiple"))
    return Error{ErrorKind::kInternal, "InternalError",
                 "We encountered an internal error. Please try again."};
  if (!tags) return tags;
  for (const auto& [key, value] : *tags)
    if (system_tags::is_reserved(key))
      return s3_invalid("InvalidTag",
                        "User-defined tag keys can't start with \"aws:\". This prefix is reserved "
                        "for system tags. Remove \"aws:\" from your tag keys and try again.");
  if (auto valid = check_s3_tags(*tags); !valid) return valid.error();
  return tags;
}

Result<NewBucket> read_configuration(const std::string& body) {
  if (body.empty()) return NewBucket();
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return malformed_xml();
  const pugi::xml_node root = document.child("CreateBucketConfiguration");
  if (!root) return malformed_xml();
  auto tags = read_new_tags(root.child("Tags"));
  if (!tags) return tags.error();
  return NewBucket{root.child("LocationConstraint").text().get(), std::move(*tags)};
}

}  // namespace

S3Result s3_list_buckets(S3Call& call) {
  auto all = call.objects.buckets();
  if (!all) return all.error();
  auto page = read_bucket_page(call);
  if (!page) return page.error();
  XmlText xml("ListAllMyBucketsResult");
  add_owner(xml, "Owner", call.account);
  const auto prefix = call.query.find("prefix");
  if (prefix) xml.text("Prefix", *prefix);
  xml.open("Buckets");
  // A Region is said only where the question has a parameter, as AWS does.
  const bool details = !call.query.items().empty();
  int64_t shown = 0;
  std::string last, next;
  for (const store::Bucket& bucket : *all) {
    if ((prefix && !bucket.name.starts_with(*prefix)) || bucket.name <= page->after ||
        (!page->region.empty() && bucket.region != page->region))
      continue;
    if (shown++ == page->most) {
      next = last;
      break;
    }
    last = bucket.name;
    xml.open("Bucket").text("Name", bucket.name).text("CreationDate", s3_time(bucket.created_ms));
    if (details) xml.text("BucketRegion", bucket.region);
    xml.text("BucketArn", bucket_arn(bucket.name, bucket.region)).close();
  }
  xml.close();
  if (!next.empty()) xml.text("ContinuationToken", base64_encode(next));
  return xml.answer();
}

S3Result s3_create_bucket(S3Call& call) {
  const std::string& name = call.address.bucket;
  if (auto valid = check_bucket_name(name); !valid) return valid.error();
  auto wanted = read_configuration(call.request.body());
  if (!wanted) return wanted.error();
  const std::string* location = &wanted->location;
  const bool is_default = call.region == kDefaultRegion;
  if (location->empty() && !is_default)
    return s3_invalid("IllegalLocationConstraintException",
                      "The unspecified location constraint is incompatible for the region specific "
                      "endpoint this request was sent to.");
  if (is_default && !location->empty() && (*location == kDefaultRegion || !is_region(*location)))
    return s3_with(
        s3_invalid("InvalidLocationConstraint", "The specified location-constraint is not valid"),
        "LocationConstraint", *location);
  if (!is_default && *location != call.region &&
      !(call.region == "eu-west-1" && *location == kOldEurope))
    return s3_invalid("IllegalLocationConstraintException",
                      "The " + *location +
                          " location constraint is incompatible for the region specific endpoint "
                          "this request was sent to.");
  const std::string region = location->empty()         ? std::string(kDefaultRegion)
                             : *location == kOldEurope ? "eu-west-1"
                                                       : *location;
  constexpr std::string_view kOwnership = "x-amz-object-ownership";
  const bool is_owned = call.request.has(kOwnership);
  const std::string owned(call.header(kOwnership));
  if (is_owned && !is_s3_ownership(owned))
    return s3_with(s3_invalid("InvalidArgument", "Invalid x-amz-object-ownership header: " + owned),
                   "ArgumentName", "x-amz-object-ownership");
  auto made = call.objects.create_bucket(name, region);
  // In us-east-1 AWS lets an owner create a bucket again, but with tags.
  const bool again = !made && made.error().type == "BucketAlreadyOwnedByYou" && is_default &&
                     region == kDefaultRegion && wanted->tags.empty();
  if (!made && !again) return made.error();
  if (is_owned && made) {
    XmlText controls("OwnershipControls");
    controls.open("Rule").text("ObjectOwnership", owned);
    if (auto kept =
            call.objects.set_bucket_document(name, "ownershipControls", controls.answer().body);
        !kept)
      return kept.error();
  }
  if (*location == kOldEurope && made)
    if (auto kept = call.objects.set_bucket_document(name, kLocationDocument, *location); !kept)
      return kept.error();
  if (!wanted->tags.empty() && made) {
    XmlText tagging("Tagging");
    tagging.open("TagSet");
    for (const auto& [key, value] : wanted->tags)
      tagging.open("Tag").text("Key", key).text("Value", value).close();
    if (auto kept = call.objects.set_bucket_document(name, "tagging", tagging.answer().body); !kept)
      return kept.error();
  }
  net::Response response = empty_answer(200);
  // In us-east-1 it is a path, elsewhere an address.
  response.headers.emplace_back(
      "Location", region == kDefaultRegion ? "/" + name : "http://" + name + ".s3.amazonaws.com/");
  response.headers.emplace_back("x-amz-bucket-arn", bucket_arn(name, region));
  return response;
}

S3Result s3_head_bucket(S3Call& call) {
  auto bucket = call.objects.find_bucket(call.address.bucket);
  if (!bucket) return bucket.error();
  net::Response response = empty_answer(200);
  response.content_type = "application/xml";
  response.headers.emplace_back("x-amz-bucket-region", bucket->region);
  response.headers.emplace_back("x-amz-bucket-arn", bucket_arn(bucket->name, bucket->region));
  response.headers.emplace_back("x-amz-access-point-alias", "false");
  return response;
}

S3Result s3_delete_bucket(S3Call& call) {
  if (auto erased = call.objects.erase_bucket(call.address.bucket); !erased) return erased.error();
  return empty_answer(204);
}

S3Result s3_get_bucket_location(S3Call& call) {
  auto bucket = call.objects.find_bucket(call.address.bucket);
  if (!bucket) return bucket.error();
  auto location = call.objects.bucket_document(bucket->name, kLocationDocument);
  if (!location) return location.error();
  if (location->empty()) *location = bucket->region;
  // The root is the value itself; us-east-1 is written as nothing.
  net::Response response;
  response.content_type = "application/xml";
  response.body =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<LocationConstraint "
      "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"" +
      (*location == kDefaultRegion ? "/>" : ">" + *location + "</LocationConstraint>");
  return response;
}

S3Result s3_get_acl(S3Call& call) {
  if (call.address.key.empty()) {
    if (auto bucket = call.objects.find_bucket(call.address.bucket); !bucket) return bucket.error();
  } else if (auto object = call.objects.find(call.address.bucket, call.address.key); !object) {
    return object.error();
  }
  XmlText xml("AccessControlPolicy");
  add_owner(xml, "Owner", call.account);
  xml.open("AccessControlList").open("Grant");
  xml.open("Grantee",
           " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"");
  xml.text("ID", s3_owner_id(call.account)).close();
  xml.text("Permission", "FULL_CONTROL");
  return xml.answer();
}

// As AWS answers for every bucket whose ownership is left at its default.
S3Result s3_put_acl(S3Call& call) {
  if (auto bucket = call.objects.find_bucket(call.address.bucket); !bucket) return bucket.error();
  return s3_invalid("AccessControlListNotSupported", "The bucket does not allow ACLs");
}

}  // namespace kiln::services
