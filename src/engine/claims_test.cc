#include "engine/claims.h"

#include <gtest/gtest.h>

namespace kiln::engine {
namespace {

model::Function reserving(int units) {
  model::Function function;
  function.reserved_concurrency = units;
  return function;
}

TEST(Claims, AddUpByRegion) {
  Claims claims;
  const auto ten = reserving(10), five = reserving(5);
  EXPECT_EQ(claims.set("us-east-1", "a", &ten), 10);
  EXPECT_EQ(claims.set("us-east-1", "b", &five), 15);
  EXPECT_EQ(claims.set("eu-west-1", "a", &five), 5);
}

TEST(Claims, ChangesReplaceAndUnchangedOnesSayNothing) {
  Claims claims;
  const auto ten = reserving(10), five = reserving(5);
  claims.set("us-east-1", "a", &ten);
  EXPECT_EQ(claims.set("us-east-1", "a", &ten), std::nullopt);
  EXPECT_EQ(claims.set("us-east-1", "a", &five), 5);
}

TEST(Claims, AFunctionThatIsGoneClaimsNothing) {
  Claims claims;
  const auto ten = reserving(10), none = model::Function{}, zero = reserving(0);
  EXPECT_EQ(claims.set("us-east-1", "a", nullptr), std::nullopt);
  EXPECT_EQ(claims.set("us-east-1", "a", &none), std::nullopt);
  claims.set("us-east-1", "a", &ten);
  EXPECT_EQ(claims.set("us-east-1", "a", nullptr), 0);
  claims.set("us-east-1", "a", &ten);
  EXPECT_EQ(claims.set("us-east-1", "a", &zero), 0);
}

TEST(Claims, AReserveCoversWhatIsProvisionedInIt) {
  Claims claims;
  model::Function function;
  function.provisioned["1"].requested = 7;
  EXPECT_EQ(claims.set("us-east-1", "a", &function), 7);
  function.reserved_concurrency = 20;
  EXPECT_EQ(claims.set("us-east-1", "a", &function), 20);
}

}  // namespace
}  // namespace kiln::engine
