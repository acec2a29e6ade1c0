#include "sdk/clients/aws/xml.h"

#include <gtest/gtest.h>

namespace kiln::aws::xml {
namespace {

TEST(Xml, ReadsAnAnswer) {
  const auto root = parse(
      "\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<!-- list --><a:List xmlns:a='x>y' b = \"/>\">"
      "<Key>a&lt;b&amp;c&#65;&#xe4;&#x1F600;</Key><Empty/><Key><![CDATA[<raw>&amp;]]> end</Key>"
      "<!-- <Key>no</Key> --><Deep><Key>in</Key></Deep >\n</a:List>\n<!-- bye -->");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "List");
  ASSERT_EQ(root->children("Key").size(), 2u);
  EXPECT_EQ(root->text_of("Key"), "a<b&cA\u00e4\U0001F600");
  EXPECT_EQ(root->children("Key")[1]->text, "<raw>&amp; end");
  EXPECT_EQ(root->child("Deep")->text_of("Key"), "in");
  EXPECT_EQ(root->text_of("Empty"), "");
  EXPECT_EQ(root->child("None"), nullptr);
  EXPECT_EQ(root->text_of("None"), "");
}

TEST(Xml, RefusesWhatIsNotWellFormed) {
  for (const char* bad : {"",
                          " ",
                          "text",
                          "<",
                          "<a",
                          "<a>",
                          "</a>",
                          "<a></b>",
                          "<a></a",
                          "<a/><b/>",
                          "<a/>text",
                          "text<a/>",
                          "<a b></a>",
                          "<a b=c/>",
                          "<a b=\"c/>",
                          "<a>&nope;</a>",
                          "<a>&#0;</a>",
                          "<a>&#xD800;</a>",
                          "<a>&#x110000;</a>",
                          "<a>&#99999999999;</a>",
                          "<a>&#;</a>",
                          "<a>&#x;</a>",
                          "<a>&amp</a>",
                          "<a><![CDATA[x</a>",
                          "<a><!-- x</a>",
                          "<!-- x",
                          "<?xml",
                          "< a/>",
                          "<a/",
                          "<>",
                          "<></>",
                          "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
                          "<a><!DOCTYPE b></a>"}) {
    EXPECT_FALSE(parse(bad)) << bad;
  }
}

std::string nested_elements(int depth) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += "<a>";
  for (int i = 0; i < depth; ++i) text += "</a>";
  return text;
}

TEST(Xml, DepthIsBounded) {
  EXPECT_TRUE(parse(nested_elements(64)));
  EXPECT_FALSE(parse(nested_elements(65)));
  EXPECT_FALSE(parse(nested_elements(1'000'000)));
}

TEST(Xml, EveryPrefixOfADocumentIsRefused) {
  const std::string whole =
      "<?xml version=\"1.0\"?><a b='c'><d>&#x41;&lt;</d><!-- e --><![CDATA[f]]></a>";
  ASSERT_TRUE(parse(whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse(std::string_view(whole).substr(0, size))) << size;
  }
}

TEST(Xml, EscapedTextsComeBack) {
  const std::string text = "a<b>&\"c\"';";
  EXPECT_EQ(parse("<a>" + escaped(text) + "</a>")->text, text);
}

}  // namespace
}  // namespace kiln::aws::xml
