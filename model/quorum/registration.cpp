// A broker's process registers (controller/ClusterControlManager.registerBroker).
#include "model/quorum/controller.h"
#include "model/rules.h"

namespace model {

// The broker epoch is where what this controller has written ended before: at most the offset of the registration
// itself, since records that take the incarnation before out of partitions come first. They are no use without the
// registration and it is last, so that nothing is lost if they stand alone.
void on_register_broker(const ControllerContext& c, const ConnectionId& via, const BrokerRegistrationRequest& request) {
  const KraftRules& rules = c.context.rules.kraft;
  const BrokerRegistration* known = find_broker(c.image(), request.broker);
  const bool is_new = known == nullptr || known->incarnation != request.incarnation;
  if (known != nullptr && is_new && rules.duplicate_registration_is_refused && has_valid_session(c, request.broker)) {
    return c.context.send(via, BrokerRegistrationResponse{ErrorCode::duplicate_broker_registration, -1});
  }
  RegisterBrokerRecord record{request.broker, request.incarnation, c.image().offset, true, false};
  Records records;
  if (!is_new) {  // it repeats itself, and stays what it is (KAFKA-16757)
    record.broker_epoch = known->broker_epoch;
    record.fenced = known->fenced;
    record.in_controlled_shutdown = known->in_controlled_shutdown;
  } else if (known != nullptr && !rules.new_registration_has_new_epoch) {
    record.broker_epoch = known->broker_epoch;
  } else if (known != nullptr && rules.new_incarnation_leaves_isr) {
    add_shutdown(c, request.broker, request.previous_broker_epoch == known->broker_epoch, records);
  }
  records.push_back(record);
  const std::optional<Offset> written = write(c, records);
  answer(c, via, written, BrokerRegistrationResponse{ErrorCode::none, record.broker_epoch});
  if (written && is_new) begin_contact(c, request.broker, record.broker_epoch);
}

}  // namespace model
