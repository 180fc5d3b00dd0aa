#include "model/message.h"

#include "model/one_of_members.h"

#include <array>

namespace model {

template class OneOf<Body::Alternatives>;
namespace {

struct BodyRow {
  std::string_view name;
  bool answer;
};
// In the order of Body's alternatives.
constexpr std::array<BodyRow, kBodyKinds> kBodies{{{"Fetch", false},
                                                   {"Fetch answer", true},
                                                   {"Produce", false},
                                                   {"Produce answer", true},
                                                   {"ZkConnect", false},
                                                   {"ZkConnect answer", true},
                                                   {"ZkPing", false},
                                                   {"ZkPing answer", true},
                                                   {"ZkRequest", false},
                                                   {"ZkRequest answer", true},
                                                   {"ZkEvent", true},
                                                   {"LeaderAndIsr", false},
                                                   {"UpdateMetadata", false},
                                                   {"StopReplica", false},
                                                   {"Control answer", true},
                                                   {"AlterPartition", false},
                                                   {"AlterPartition answer", true},
                                                   {"ControlledShutdown", false},
                                                   {"ControlledShutdown answer", true},
                                                   {"OffsetsForLeaderEpoch", false},
                                                   {"OffsetsForLeaderEpoch answer", true},
                                                   {"ListOffsets", false},
                                                   {"ListOffsets answer", true},
                                                   {"Metadata", false},
                                                   {"Metadata answer", true},
                                                   {"InitProducerId", false},
                                                   {"InitProducerId answer", true},
                                                   {"Vote", false},
                                                   {"Vote answer", true},
                                                   {"BeginQuorumEpoch", false},
                                                   {"BeginQuorumEpoch answer", true},
                                                   {"EndQuorumEpoch", false},
                                                   {"EndQuorumEpoch answer", true},
                                                   {"Fetch of metadata", false},
                                                   {"Fetch of metadata answer", true},
                                                   {"FetchSnapshot", false},
                                                   {"FetchSnapshot answer", true},
                                                   {"BrokerRegistration", false},
                                                   {"BrokerRegistration answer", true},
                                                   {"BrokerHeartbeat", false},
                                                   {"BrokerHeartbeat answer", true}}};

}  // namespace

std::string_view name_of_body(std::size_t alternative) { return kBodies[alternative].name; }
std::string_view name_of(const Body& body) { return kBodies[body.index()].name; }
bool is_answer(const Body& body) { return kBodies[body.index()].answer; }

}  // namespace model
