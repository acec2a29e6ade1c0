#include "services/s3/expiry.h"

#include <gtest/gtest.h>

#include "services/s3/least_size.h"

namespace kiln::services {
namespace {

const std::string kDays3 = "<Expiration><Days>3</Days></Expiration>";

std::string lifecycle_rule(const std::string& id, const std::string& inside) {
  return "<Rule><ID>" + id + "</ID><Status>Enabled</Status>" + inside + "</Rule>";
}

// Of an object of ten bytes from 1970-01-02 that is called logs/a and has the tag a=1.
std::string expiry(const std::string& rules) {
  store::Object object;
  object.key = "logs/a";
  object.size = 10;
  object.modified_ms = 86'400'001;
  ObjectDocument document;
  document.tags = {{"a", "1"}};
  return expiry_of("<LifecycleConfiguration>" + rules + "</LifecycleConfiguration>", object,
                   document);
}

TEST(S3Expiry, TheNextMidnightAfterItsDays) {
  EXPECT_EQ(expiry(lifecycle_rule("a rule", "<Filter/>" + kDays3)),
            "expiry-date=\"Tue, 06 Jan 1970 00:00:00 GMT\", rule-id=\"a%20rule\"");
  for (const char* date : {"1970-02-01T00:00:00Z", "1970-02-01", "1970-02-01T00:00:00.000Z"})
    EXPECT_EQ(expiry(lifecycle_rule(
                  "r", std::string("<Filter/><Expiration><Date>") + date + "</Date></Expiration>")),
              "expiry-date=\"Sun, 01 Feb 1970 00:00:00 GMT\", rule-id=\"r\"")
        << date;
  EXPECT_EQ(expiry("varies_by_storage_class"), "");
  EXPECT_EQ(expiry(lifecycle_rule(
                "r", "<Filter/><Expiration><Days>9223372036854775807</Days></Expiration>")),
            "");
}

TEST(S3Expiry, TheEarliestOfTheRulesThatAreForTheObject) {
  const auto id_of = [](const std::string& rules) {
    const std::string said = expiry(rules);
    const size_t at = said.find("rule-id=");
    return at == said.npos ? "" : said.substr(at + 8);
  };
  const std::string later = "<Expiration><Days>9</Days></Expiration>";
  EXPECT_EQ(
      id_of(lifecycle_rule("a", "<Filter/>" + later) + lifecycle_rule("b", "<Filter/>" + kDays3) +
            lifecycle_rule("c", "<Filter/>" + kDays3)),
      "\"b\"");
  const struct {
    const char* filter;
    bool is_for;
  } cases[] = {
      {"<Filter/>", true},
      {"<Filter><Prefix></Prefix></Filter>", true},
      {"<Filter><Prefix>logs/</Prefix></Filter>", true},
      {"<Filter><Prefix>other/</Prefix></Filter>", false},
      {"<Prefix>logs/</Prefix>", true},
      {"<Prefix>other/</Prefix>", false},
      {"<Filter><ObjectSizeGreaterThan>9</ObjectSizeGreaterThan></Filter>", true},
      {"<Filter><ObjectSizeGreaterThan>10</ObjectSizeGreaterThan></Filter>", false},
      {"<Filter><ObjectSizeLessThan>11</ObjectSizeLessThan></Filter>", true},
      {"<Filter><ObjectSizeLessThan>10</ObjectSizeLessThan></Filter>", false},
      {"<Filter><Tag><Key>a</Key><Value>1</Value></Tag></Filter>", true},
      {"<Filter><Tag><Key>a</Key><Value>2</Value></Tag></Filter>", false},
      {"<Filter><And><Prefix>logs/</Prefix><Tag><Key>a</Key><Value>1</Value></Tag></And></Filter>",
       true},
      {"<Filter><And><Prefix>logs/</Prefix><Tag><Key>b</Key><Value>1</Value></Tag></And></Filter>",
       false},
  };
  for (const auto& [filter, is_for] : cases)
    EXPECT_EQ(id_of(lifecycle_rule("r", filter + kDays3)), is_for ? "\"r\"" : "") << filter;
  // One that is off, that has no end, or that nobody gave an ID.
  EXPECT_EQ(id_of("<Rule><ID>r</ID><Status>Disabled</Status><Filter/>" + kDays3 + "</Rule>"), "");
  EXPECT_EQ(id_of("<Rule><Status>Enabled</Status><Filter/>" + kDays3 + "</Rule>"), "");
  EXPECT_EQ(id_of(lifecycle_rule("r",
                                 "<Filter/><Expiration><ExpiredObjectDeleteMarker>true"
                                 "</ExpiredObjectDeleteMarker></Expiration>")),
            "");
}

TEST(S3LeastSize, IsTakenFromTheStoredForm) {
  for (const std::string_view size : {kAllClasses, kByClass}) {
    std::string document = "<LifecycleConfiguration/>";
    put_least_size(document, size);
    EXPECT_EQ(take_least_size(document), size);
    EXPECT_EQ(document, "<LifecycleConfiguration/>");
  }
}

}  // namespace
}  // namespace kiln::services
