// AWS::Serverless::Application.
#include "template/serverless_resource.h"

namespace kiln::cfn {

void expand_application(SamTemplate& all, const SamResource& application, Made& made) {
  check_properties(
      all, application,
      {"Location", "TemplateURL", "Parameters", "NotificationARNs", "Tags", "TimeoutInMinutes"});
  const Node* location = application.find("Location");
  if (!location)
    return sam_problem(all, application, application.place,
                       "Resource is missing the required [Location] property.");
  // One of the Serverless Application Repository, whose templates are not here, stays what it is.
  if (location->is_map() && !sam::is_function(*location)) {
    made.push_back(
        make_main(all, application, "AWS::Serverless::Application", application.properties));
    return;
  }
  Node properties = sam::map({{"TemplateURL", *location}});
  sam::copy(application.properties, {"Parameters", "NotificationARNs", "TimeoutInMinutes"},
            properties);
  Node tags = sam::tag_list(application.find("Tags"));
  tags.list.insert(tags.list.begin(), sam::map({{"Key", "lambda:createdBy"}, {"Value", "SAM"}}));
  sam::put(properties, "Tags", std::move(tags));
  made.push_back(make_main(all, application, "AWS::CloudFormation::Stack", std::move(properties)));
}

}  // namespace kiln::cfn
