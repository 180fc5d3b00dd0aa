#include "model/path.h"

namespace model {

std::string_view text_of(Word word) {
  switch (word) {
    using enum Word;
    case brokers:
      return "brokers";
    case ids:
      return "ids";
    case topics:
      return "topics";
    case partitions:
      return "partitions";
    case state:
      return "state";
    case controller:
      return "controller";
    case controller_epoch:
      return "controller_epoch";
    case config:
      return "config";
    case isr_change_notification:
      return "isr_change_notification";
    case isr_change_:
      return "isr_change_";
    case admin:
      return "admin";
    case delete_topics:
      return "delete_topics";
    case preferred_replica_election:
      return "preferred_replica_election";
    case changes:
      return "changes";
    case config_change_:
      return "config_change_";
    case free_words:
      break;
  }
  return "?";
}

}  // namespace model
