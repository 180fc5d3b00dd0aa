// Where nodes stand, and how far the racks are from each other.
#pragma once

#include "scenarios/plan_builder.h"

namespace scenarios {

// Does an entry of "racks" name somebody other than a broker: a controller, ZooKeeper?
bool is_other_server(const Value& item);
// Fills plan.places and plan.links.by_way, once all nodes are known. A client stands where its "rack" says; a consumer
// without one stands in its client.rack.
void read_places(const ClusterParts& parts, sim::Plan& plan, Problems& problems);

}  // namespace scenarios
