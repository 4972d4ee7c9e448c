//! Karpenter's `instance_types.json`: what its kwok provider simulates.
//!
//! A type has resources (what the machine has), an architecture, operating systems and offerings, each with a price and requirements: the
//! zone and the capacity type are those with one value. Offerings that are not available are left out. What a node keeps for itself is
//! what the provider says: 100 millicores and 10 MiB. Labels are those the provider gives its nodes.
//!
//! Source: kubernetes-sigs/karpenter, kwok/cloudprovider/helpers.go and kwok/apis/v1alpha1/labels.go.

use super::collect::{Collector, Draft};
use super::fields::scalar;
use crate::catalogue::{NodeType, Offering, Reserve, label};
use crate::manifest::meta::StringMap;
use crate::manifest::pod::ResourceList;
use crate::manifest::read::tree::{Node, Value};

/// Reads the types.
pub(super) fn read(items: &[Node], collector: &mut Collector) {
    for item in items {
        let errors = collector.errors();
        let draft = draft(item, collector);
        if collector.errors() == errors && !draft.node_type.offerings.is_empty() {
            collector.add(draft);
        }
    }
}

fn draft(item: &Node, collector: &mut Collector) -> Draft {
    let name = get(item, "name").and_then(|node| collector.text(node, "name")).unwrap_or_default();
    let resources = get(item, "resources").map_or_else(ResourceList::new, |node| collector.resources(node, "resources"));
    let mut offerings = Vec::new();
    for offering in get(item, "offerings").map_or(&[][..], |node| collector.items(node, "offerings")) {
        let is_available = get(offering, "available").is_none_or(|node| node.value != Value::Bool(false));
        let mut of = requirements(offering);
        of.price_micros_hour = get(offering, "price").and_then(|node| collector.price(node, "price"));
        offerings.extend(is_available.then_some(of));
    }
    if offerings.is_empty() {
        collector.warning(item.position, format!("{name} is not available in any zone"), "it is left out");
    }
    let labels = labels(item, &name, &resources);
    let node_type = NodeType { labels, name, offerings, ..NodeType::default() };
    Draft { position: item.position, node_type, capacity: Some((resources, Reserve::Kwok)) }
}

/// A field, whose first letter may be large: the file is written by Go, in part without names for JSON.
fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let large = || key[..1].to_uppercase() + &key[1..];
    node.get(key).or_else(|| node.get(&large()))
}

/// An offering as far as its requirements say it: those that allow one value.
fn requirements(offering: &Node) -> Offering {
    let mut of = Offering::default();
    let Some(Value::List(items)) = get(offering, "requirements").map(|node| &node.value) else { return of };
    for item in items {
        let is_in = get(item, "operator").and_then(scalar).is_none_or(|operator| operator == "In");
        let Some(Value::List(values)) = get(item, "values").map(|node| &node.value) else { continue };
        let value = if is_in && values.len() == 1 { scalar(&values[0]) } else { None };
        match get(item, "key").and_then(scalar).as_deref() {
            Some(label::ZONE) => of.zone = value,
            Some(label::CAPACITY_TYPE) => of.capacity_type = value,
            _ => {}
        }
    }
    of
}

fn labels(item: &Node, name: &str, resources: &ResourceList) -> StringMap {
    let amount = |resource: &str| resources.get(resource).map(ToString::to_string).unwrap_or_default();
    let systems = match get(item, "operatingSystems").map(|node| &node.value) {
        Some(Value::List(systems)) => systems.first().and_then(scalar),
        _ => None,
    };
    // upstream tells the size of Amazon's types from their name, that of others from their cores
    let size = name.split_once('.').map_or_else(|| amount("cpu"), |(_, size)| size.to_owned());
    let family = name.split(['.', '-']).next().filter(|family| family.len() < name.len()).unwrap_or(name.get(..1).unwrap_or_default());
    let pairs = [
        (label::ARCH, get(item, "architecture").and_then(scalar).unwrap_or_default()),
        (label::OS, systems.unwrap_or_default()),
        ("karpenter.kwok.sh/instance-type", name.to_owned()),
        ("karpenter.kwok.sh/instance-size", size),
        ("karpenter.kwok.sh/instance-family", family.to_owned()),
        ("karpenter.kwok.sh/instance-cpu", amount("cpu")),
        ("karpenter.kwok.sh/instance-memory", amount("memory")),
    ];
    pairs.into_iter().filter(|(_, value)| !value.is_empty()).map(|(key, value)| (key.to_owned(), value)).collect()
}
