//! What nodes cost that are there: by their instance type, zone, and how they were bought.

use super::node::capacity_type;
use super::{Catalogue, Offering, label};
use crate::manifest::node::Node;

/// What nodes cost an hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cost {
    /// Those whose price is known, together, in millionths of the currency's unit.
    pub micros_hour: i64,
    /// Names of those whose price is not.
    pub unpriced: Vec<String>,
}

impl Catalogue {
    /// What these nodes cost.
    pub fn cost_of(&self, nodes: &[Node]) -> Cost {
        let mut cost = Cost::default();
        for node in nodes {
            match self.price_of(node) {
                Some(price) => cost.micros_hour = cost.micros_hour.saturating_add(price),
                None => cost.unpriced.push(node.metadata.name.clone()),
            }
        }
        cost
    }

    /// What a node costs an hour, in millionths: the offering of its type in its zone that was bought as its labels say, `on-demand` if they
    /// say nothing, or the only one there is. None if the catalogue does not say.
    pub fn price_of(&self, node: &Node) -> Option<i64> {
        let labels = &node.metadata.labels;
        let named = |key: &str| labels.get(key).and_then(|name| self.get(name));
        let like = || self.get(&format!("like-{}", node.metadata.name));
        let node_type = named(label::INSTANCE_TYPE).or_else(|| named("beta.kubernetes.io/instance-type")).or_else(like)?;
        let zone = [label::ZONE, "failure-domain.beta.kubernetes.io/zone"].iter().find_map(|key| labels.get(*key));
        let offered: Vec<&Offering> = match zone {
            Some(zone) => node_type.offered_in(zone).collect(),
            None => node_type.offerings.iter().filter(|offering| offering.zone.is_none()).collect(),
        };
        let bought = capacity_type(labels).unwrap_or_else(|| "on-demand".to_owned());
        let is_so = |offering: &&&Offering| offering.capacity_type.as_ref().is_none_or(|own| *own == bought);
        let offering = offered.iter().find(is_so).or(if offered.len() == 1 { offered.first() } else { None });
        offering?.price_micros_hour
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::NodeType;

    fn node(labels: &[(&str, &str)]) -> Node {
        let mut node = Node::default();
        node.metadata.name = "n".into();
        labels.iter().for_each(|(key, value)| _ = node.metadata.labels.insert((*key).to_owned(), (*value).to_owned()));
        node
    }

    #[test]
    fn a_node_costs_what_its_type_costs_in_its_zone_as_it_was_bought() {
        let offering = |zone: Option<&str>, capacity: &str, price| Offering {
            zone: zone.map(str::to_owned),
            capacity_type: Some(capacity.to_owned()),
            price_micros_hour: Some(price),
            limit: None,
        };
        let offerings = vec![offering(None, "on-demand", 10), offering(None, "spot", 3), offering(Some("b"), "on-demand", 12)];
        let catalogue = Catalogue { types: vec![NodeType { name: "m".into(), offerings, ..NodeType::default() }] };
        let (kind, zone) = ("node.kubernetes.io/instance-type", "topology.kubernetes.io/zone");
        assert_eq!(catalogue.price_of(&node(&[(kind, "m"), (zone, "a")])), Some(10));
        assert_eq!(catalogue.price_of(&node(&[(kind, "m"), (zone, "b")])), Some(12));
        assert_eq!(catalogue.price_of(&node(&[(kind, "m"), (zone, "b"), ("karpenter.sh/capacity-type", "spot")])), Some(3));
        assert_eq!(catalogue.price_of(&node(&[(kind, "x")])), None);
        let cost = catalogue.cost_of(&[node(&[(kind, "m")]), node(&[])]);
        assert_eq!(cost, Cost { micros_hour: 10, unpriced: vec!["n".to_owned()] });
    }
}
