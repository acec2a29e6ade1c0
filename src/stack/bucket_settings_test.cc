#include "stack/bucket_settings.h"

#include <gtest/gtest.h>

#include "base/json_access.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

constexpr std::string_view kSpace = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";

// The document of the one property, without the namespace.
std::string document_of(const char* property, const char* value) {
  json properties;
  properties[property] = json_parse(value);
  std::string out;
  for (const BucketSetting& setting : bucket_settings()) out += setting.document(properties);
  const size_t at = out.find(kSpace);
  return at == std::string::npos ? out : out.erase(at, kSpace.size());
}

TEST(BucketSettings, AreTheDocumentsOfTheApi) {
  const struct {
    const char *property, *value, *document;
  } cases[] = {
      {"VersioningConfiguration", R"({"Status":"Enabled"})",
       "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"},
      {"Tags", R"([{"Key":"team","Value":"a&b"},{"Key":"x","Value":""}])",
       "<Tagging><TagSet><Tag><Key>team</Key><Value>a&amp;b</Value></Tag><Tag><Key>x</Key><Value>"
       "</Value></Tag></TagSet></Tagging>"},
      {"OwnershipControls", R"({"Rules":[{"ObjectOwnership":"ObjectWriter"}]})",
       "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>"
       "</OwnershipControls>"},
      {"PublicAccessBlockConfiguration", R"({"BlockPublicAcls":true})",
       "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>"
       "</PublicAccessBlockConfiguration>"},
      {"BucketEncryption",
       R"({"ServerSideEncryptionConfiguration":[{"BucketKeyEnabled":true,
           "ServerSideEncryptionByDefault":{"SSEAlgorithm":"aws:kms"}}]})",
       "<ServerSideEncryptionConfiguration><Rule><BucketKeyEnabled>true</BucketKeyEnabled>"
       "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm>"
       "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"},
      {"CorsConfiguration",
       R"({"CorsRules":[{"AllowedMethods":["GET","PUT"],"AllowedOrigins":["*"],"MaxAge":60}]})",
       "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT"
       "</AllowedMethod><AllowedOrigin>*</AllowedOrigin><MaxAgeSeconds>60</MaxAgeSeconds>"
       "</CORSRule></CORSConfiguration>"},
      {"LifecycleConfiguration",
       R"({"Rules":[{"Id":"old","Status":"Enabled","Prefix":"logs/","ExpirationInDays":30,
           "Transitions":[{"StorageClass":"GLACIER","TransitionInDays":7}]}]})",
       "<LifecycleConfiguration><Rule><ID>old</ID><Status>Enabled</Status><Filter><Prefix>logs/"
       "</Prefix></Filter><Expiration><Days>30</Days></Expiration><Transition><Days>7</Days>"
       "<StorageClass>GLACIER</StorageClass></Transition></Rule></LifecycleConfiguration>"},
      {"LifecycleConfiguration",
       R"({"Rules":[{"Status":"Disabled","Prefix":"a","TagFilters":[{"Key":"k","Value":"v"}],
           "NoncurrentVersionExpirationInDays":3}]})",
       "<LifecycleConfiguration><Rule><Status>Disabled</Status><Filter><And><Prefix>a</Prefix><Tag>"
       "<Key>k</Key><Value>v</Value></Tag></And></Filter><NoncurrentVersionExpiration>"
       "<NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration></Rule>"
       "</LifecycleConfiguration>"},
      {"BucketName", R"("b")", ""},
      {"Tags", "[]", ""},
  };
  for (const auto& each : cases)
    EXPECT_EQ(document_of(each.property, each.value), each.document) << each.property;
}

}  // namespace
}  // namespace kiln::stack
