#include "wire/xml_document.h"

#include <gtest/gtest.h>

#include "wire/query_protocol.h"

namespace kiln::wire {
namespace {

using nlohmann::json;

TEST(XmlDocument, ReadsWhatXmlAnswerWrites) {
  const json document = {{"Text", "a <b> & c"},
                         {"Blank", " "},
                         {"List", {"x", "y"}},
                         {"Objects", {{{"K", "1"}}, {{"K", "2"}}}},
                         {"Inner", {{"Deep", {{"Deeper", "z"}}}}}};
  XmlAnswer answer("DoIt", "http://example.com/");
  const auto response = answer.add(document, {}).finish("id");
  EXPECT_EQ(query_result("DoIt", response.body), document);
}

TEST(XmlDocument, NothingIsAnEmptyObject) {
  for (const char* xml :
       {"", "<", "<a/>", "<DoItResponse/>", "<DoItResponse><DoItResult/></DoItResponse>",
        "<DoItResponse><Other><X>1</X></Other></DoItResponse>"})
    EXPECT_EQ(query_result("DoIt", xml), json::object()) << xml;
}

TEST(XmlDocument, FindsErrorsOfBothShapes) {
  const Error asked{ErrorKind::kInvalid, "ValidationError", "Stack <x> does not exist"};
  for (const std::string& body :
       {query_error(asked, "id").body, rest_xml_error(400, asked, "id").body}) {
    const Error read = xml_error(ErrorKind::kInvalid, body);
    EXPECT_EQ(read.type, asked.type);
    EXPECT_EQ(read.message, asked.message);
  }
  EXPECT_EQ(xml_error(ErrorKind::kInternal, "garbage").type, "");
}

TEST(XmlDocument, DepthIsLimited) {
  std::string xml = "<DoItResponse><DoItResult>";
  for (int i = 0; i < 10'000; ++i) xml += "<a>";
  EXPECT_TRUE(query_result("DoIt", xml).is_object());
}

}  // namespace
}  // namespace kiln::wire
