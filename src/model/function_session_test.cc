#include "model/function_session.h"

#include <gtest/gtest.h>

namespace kiln::model {
namespace {

TEST(FunctionSession, ATokenSaysRoleAndFunction) {
  const std::string token = session_token({"arn:aws:iam::000000000000:role/service-role/r", "f"});
  EXPECT_TRUE(token.starts_with("IQoJb3JpZ2luX2Vj"));
  const auto session = read_session_token(token);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->role_arn, "arn:aws:iam::000000000000:role/service-role/r");
  EXPECT_EQ(session->function, "f");
}

TEST(FunctionSession, OtherTokensSayNothing) {
  for (const std::string token :
       {"", "t", "IQoJb3JpZ2luX2Vj", "IQoJb3JpZ2luX2Vj!!",
        "IQoJb3JpZ2luX2VjYQpiCmM=", "IQoJb3JpZ2luX2Vja2lsbi1mdW5jdGlvbgph"})
    EXPECT_FALSE(read_session_token(token)) << token;
  EXPECT_FALSE(read_session_token("IQoJb3JpZ2luX2Vj" + std::string(10'000, 'a')));
}

// The shapes of AWS's: ASIA and 16 more, 40 characters.
TEST(FunctionSession, KeysHaveAwssShapes) {
  EXPECT_EQ(std::string(kFunctionAccessKeyId).size(), 20u);
  EXPECT_TRUE(std::string(kFunctionAccessKeyId).starts_with("ASIA"));
  EXPECT_EQ(std::string(kFunctionSecretAccessKey).size(), 40u);
}

}  // namespace
}  // namespace kiln::model
