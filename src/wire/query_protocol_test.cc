#include "wire/query_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "wire/query_fault.h"

namespace kiln::wire {
namespace {

using testing::HasSubstr;

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

TEST(QueryRequest, WhatIsNoUtf8IsAFault) {
  const auto fault = [](const char* form) { return query_fault(form); };
  EXPECT_FALSE(fault("Action=Publish&Message=%C3%A4%F0%9F%98%80"));
  for (const char* form :
       {"Action=Publish&Message=%FF", "Action=Publish&%C3=a", "Action=Publish&M=%ED%A0%80",
        "Action=A%80", "Action=A&Version=%C0%AF"}) {
    const auto found = fault(form);
    ASSERT_TRUE(found) << form;
    EXPECT_EQ(found->type, "MalformedQueryString");
  }
  EXPECT_THAT(fault("Action=Publish&Message=%FF")->message, HasSubstr("\"Message\""));
}

TEST(QueryRequest, DocumentHasListsByNumber) {
  const auto document =
      QueryRequest::parse(
          "Action=X&Version=1&S.member.10=j&S.member.2=b&S.member.1=a&TagKeys.1=a&TagKeys.2=b"
          "&M.entry.1.Value.DataType=String&Plain=p&Empty=")
          ->document();
  EXPECT_EQ(document,
            nlohmann::json({{"S", {"a", "b", "j"}},
                            {"TagKeys", {"a", "b"}},
                            {"M", nlohmann::json::array({{{"Value", {{"DataType", "String"}}}}})},
                            {"Plain", "p"},
                            {"Empty", ""}}));
}

TEST(QueryRequest, DocumentHasStructures) {
  const auto document =
      QueryRequest::parse(
          "Action=X&Dimensions.member.1.Name=FunctionName&Dimensions.member.1.Value=f"
          "&Dimensions.member.2.Name=Resource&Dimensions.member.2.Value=f%3Aprod"
          "&D.member.1.S.member.1=x&Metric.Stat.Period=60")
          ->document();
  EXPECT_EQ(document["Dimensions"][1], nlohmann::json({{"Name", "Resource"}, {"Value", "f:prod"}}));
  EXPECT_EQ(document["D"][0]["S"][0], "x");
  EXPECT_EQ(document["Metric"]["Stat"]["Period"], "60");
}

TEST(QueryRequest, DocumentOfOddNames) {
  const auto document =
      QueryRequest::parse("Action=X&S.member.x=1&S.member.1=2&T..=3&a.b.c.d.e.f.g.h.i.j.k.l.m.n=4")
          ->document();
  EXPECT_EQ(document["S"]["member"]["x"], "1");
  EXPECT_TRUE(document.is_object());
}

TEST(XmlAnswer, Documents) {
  XmlAnswer::Style style;
  style.is_time = [](std::string_view name) { return name == "At" || name == "Times"; };
  style.is_entry_list = [](std::string_view name) { return name == "Map"; };
  const nlohmann::json document = {
      {"At", 0}, {"List", {1, true, 2.5}}, {"Map", {{{"key", "k"}}}}, {"Times", {1.5}}};
  const auto response = XmlAnswer("A", "u").add(document, style).finish("i");
  EXPECT_THAT(response.body,
              HasSubstr("<AResult><At>1970-01-01T00:00:00Z</At><List><member>1</member>"
                        "<member>true</member><member>2.5</member></List><Map><entry><key>k</key>"
                        "</entry></Map><Times><member>1970-01-01T00:00:01.500Z</member></Times>"
                        "</AResult>"));
}

TEST(XmlAnswer, MapsHaveTheirNamesAsData) {
  XmlAnswer::Style style;
  style.is_map = [](std::string_view member) { return member == "Extended"; };
  const auto response =
      XmlAnswer("A", "u").add({{"Extended", {{"p50", 1.5}, {"p99.9", 2}}}}, style).finish("i");
  EXPECT_NE(response.body.find("<Extended><entry><key>p50</key><value>1.5</value></entry>"
                               "<entry><key>p99.9</key><value>2</value></entry></Extended>"),
            std::string::npos)
      << response.body;
}

// As recorded: UnsubscribeResponse has its metadata alone; TagResource's result is there, and
// empty.
TEST(XmlAnswer, OperationsWithoutOutputHaveNoResult) {
  const auto ended = XmlAnswer("Unsubscribe", "u").add({{"Not", "this"}}, {}).finish("i");
  EXPECT_EQ(ended.body.find("UnsubscribeResult"), std::string::npos) << ended.body;
  const auto tagged = XmlAnswer("TagResource", "u").finish("i");
  EXPECT_NE(tagged.body.find("TagResourceResult"), std::string::npos) << tagged.body;
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
  EXPECT_THAT(query_error({ErrorKind::kInternal, "DatabaseError", "m"}, "i").body,
              HasSubstr("<Code>InternalFailure</Code>"));
  EXPECT_THAT(query_error({ErrorKind::kInternal, "", "m"}, "i", "urn:x").body,
              HasSubstr("<ErrorResponse xmlns=\"urn:x\"><Error><Type>Receiver</Type>"));
}

// Found by sweeping: a reader of XML stops at these.
TEST(QueryError, HoldsOnlyWhatXmlCanHold) {
  const auto message = [](std::string_view text) {
    const auto body = query_error({ErrorKind::kInvalid, "E", std::string(text)}, "i").body;
    const size_t start = body.find("<Message>") + 9;
    return body.substr(start, body.find("</Message>") - start);
  };
  EXPECT_EQ(message("ä€😀\t"), "ä€😀\t");
  EXPECT_EQ(message("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // a surrogate
  EXPECT_EQ(message("\xef\xbf\xbe\xef\xbf\xbf\xef\xbf\xbd."),
            "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd.");
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
