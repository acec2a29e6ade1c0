#include "wire/query_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::wire {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(QueryRequest, ActionVersionAndParameters) {
  const auto request =
      QueryRequest::parse("Action=Publish&Version=2010-03-31&Message=a+b%26c&Empty=");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->action(), "Publish");
  EXPECT_EQ(request->version(), "2010-03-31");
  EXPECT_EQ(request->get("Message"), "a b&c");
  EXPECT_EQ(request->find("Empty"), std::string_view(""));
  EXPECT_EQ(request->find("Absent"), std::nullopt);
  EXPECT_FALSE(QueryRequest::parse("Version=2010-03-31"));
  EXPECT_FALSE(QueryRequest::parse("Action="));
  EXPECT_FALSE(QueryRequest::parse(""));
  EXPECT_FALSE(QueryRequest::parse("{\"Action\":1}"));
}

TEST(QueryRequest, ListsGoByNumber) {
  const auto request = QueryRequest::parse(
      "Action=X&S.member.10=j&S.member.2=b&S.member.1=a&S.member.0=no&S.member.x=no&S.member.3x=no"
      "&S.member.4.Name=no&Other.member.1=no&S.member.99999999999=no");
  EXPECT_THAT(request->list("S"), ElementsAre("a", "b", "j"));
  EXPECT_THAT(request->list("Absent"), IsEmpty());
  EXPECT_THAT(QueryRequest::parse("Action=X&TagKeys.1=a&TagKeys.2=b")->list("TagKeys", ""),
              ElementsAre("a", "b"));
}

TEST(QueryRequest, Structures) {
  const auto request = QueryRequest::parse(
      "Action=X&Dimensions.member.1.Name=FunctionName&Dimensions.member.1.Value=f"
      "&Dimensions.member.2.Name=Resource&Dimensions.member.2.Value=f%3Aprod"
      "&M.entry.1.Value.DataType=String&D.member.1.S.member.1=x");
  const auto dimensions = request->structures("Dimensions");
  ASSERT_EQ(dimensions.size(), 2U);
  EXPECT_EQ(dimensions[0].get("Name"), "FunctionName");
  EXPECT_EQ(dimensions[1].get("Value"), "f:prod");
  EXPECT_EQ(request->structures("M", "entry").at(0).get("Value.DataType"), "String");
  EXPECT_THAT(request->structures("D").at(0).list("S"), ElementsAre("x"));
}

TEST(XmlAnswer, Form) {
  XmlAnswer answer("GetCallerIdentity", "https://sts.amazonaws.com/doc/2011-06-15/");
  const auto response =
      answer.add("Account", "000000000000").add("Odd", "<&>\"\x01").finish("id-1");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.content_type, "text/xml");
  EXPECT_EQ(response.body,
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
            "<GetCallerIdentityResult><Account>000000000000</Account>"
            "<Odd>&lt;&amp;&gt;\"\xEF\xBF\xBD</Odd></GetCallerIdentityResult>"
            "<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata>"
            "</GetCallerIdentityResponse>");
}

TEST(QueryError, Form) {
  const auto response = query_error({ErrorKind::kNotFound, "NotFound", "No topic \xff"}, "id-1");
  EXPECT_EQ(response.status, 404U);
  EXPECT_EQ(response.content_type, "text/xml");
  EXPECT_EQ(response.body,
            "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>No topic "
            "\xEF\xBF\xBD</Message></Error><RequestId>id-1</RequestId></ErrorResponse>");
  EXPECT_THAT(query_error({ErrorKind::kInternal, "", "m"}, "i", "urn:x").body,
              HasSubstr("<ErrorResponse xmlns=\"urn:x\"><Error><Type>Receiver</Type>"));
}

TEST(RestXmlError, Form) {
  const auto response =
      rest_xml_error(501, {ErrorKind::kInvalid, "NotImplemented", "S3 is not here"}, "id-1");
  EXPECT_EQ(response.status, 501U);
  EXPECT_EQ(response.body,
            "<Error><Code>NotImplemented</Code><Message>S3 is not here</Message>"
            "<RequestId>id-1</RequestId></Error>");
}

}  // namespace
}  // namespace kiln::wire
