//! What an input does not know of: a server would refuse what refers to it, but the cluster may well have it.
//!
//! A dump is known to be whole about a kind when it has at least one object of it: every cluster has namespaces, priority classes
//! and service accounts. About other kinds, what is named is presumed to be there.

use std::collections::BTreeSet;

use crate::admission::ApiServer;
use crate::manifest::Objects;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::node::Namespace;
use crate::manifest::objects::Other;
use crate::manifest::pod::PodSpec;
use crate::manifest::policy::{PriorityClass, RuntimeClass};
use crate::manifest::read::Written;
use crate::manifest::resource::Resource;

/// Namespaces that written objects name and that the cluster of the input does not have; none where nothing is known of its namespaces.
pub fn missing_namespaces(objects: &Objects, written: &Written) -> BTreeSet<String> {
    if !knows(&objects.namespaces, written) {
        return BTreeSet::new();
    }
    let there: BTreeSet<&str> = objects.namespaces.iter().map(|namespace| namespace.metadata.name.as_str()).collect();
    let others = objects.others.iter().filter(|other| !other.metadata.namespace.is_empty()).map(Resource::metadata);
    let named = modelled(objects).filter(|metadata| written.holds(metadata)).map(ObjectMeta::namespace_or_default);
    // kinds that are not modelled may be of no namespace
    let named = named.chain(others.filter(|metadata| written.holds(metadata)).map(ObjectMeta::namespace_or_default));
    named.filter(|name| !there.contains(name)).map(str::to_owned).collect()
}

/// Tells a server of what is named and not known.
pub(super) fn presume(server: &mut ApiServer, objects: &Objects, written: &Written) {
    if !knows(&objects.namespaces, written) {
        let mut namespaces: BTreeSet<&str> = namespaced(objects).map(ObjectMeta::namespace_or_default).collect();
        objects.namespaces.iter().for_each(|namespace| _ = namespaces.remove(namespace.metadata.name.as_str()));
        namespaces.into_iter().for_each(|name| server.adopt(&Namespace { metadata: named("", name) }));
    }
    if !knows(&objects.priority_classes, written) {
        for name in missing(objects, &objects.priority_classes, |spec| Some(&spec.priority_class_name)) {
            server.adopt(&PriorityClass { metadata: named("", name), ..PriorityClass::default() });
        }
    }
    if !knows(&objects.runtime_classes, written) {
        for name in missing(objects, &objects.runtime_classes, |spec| spec.runtime_class_name.as_ref()) {
            server.adopt(&RuntimeClass { metadata: named("", name), ..RuntimeClass::default() });
        }
    }
    if !objects.others.iter().any(|other| other.resource == ACCOUNTS && !written.holds(&other.metadata)) {
        let account = |(metadata, spec): (&ObjectMeta, &PodSpec)| {
            let name = &spec.service_account_name;
            (!name.is_empty() && name != "default").then(|| (metadata.namespace_or_default().to_owned(), name.clone()))
        };
        let mut accounts: BTreeSet<(String, String)> = objects.pod_specs().filter_map(account).collect();
        // those that are written are created in their turn
        for metadata in objects.others.iter().filter(|other| other.resource == ACCOUNTS).map(|other| &other.metadata) {
            accounts.remove(&(metadata.namespace_or_default().to_owned(), metadata.name.clone()));
        }
        for (namespace, name) in accounts {
            server.adopt(&Other { resource: ACCOUNTS.to_owned(), metadata: named(&namespace, &name), ..Other::default() });
        }
    }
}

const ACCOUNTS: &str = "serviceaccounts";

/// Whether there are objects of a cluster of this kind, so that all it has are there.
fn knows<T: Resource>(objects: &[T], written: &Written) -> bool {
    objects.iter().any(|object| !written.holds(object.metadata()))
}

/// Names that pods refer to and nobody bears, but for those that every cluster has.
fn missing<'a, T: Resource>(objects: &'a Objects, known: &[T], name: impl Fn(&'a PodSpec) -> Option<&'a String>) -> BTreeSet<&'a str> {
    let known: BTreeSet<&str> = known.iter().map(|object| object.metadata().name.as_str()).collect();
    let named = objects.pod_specs().filter_map(|(_, spec)| name(spec)).map(String::as_str);
    named.filter(|name| !name.is_empty() && !name.starts_with("system-") && !known.contains(name)).collect()
}

fn namespaced(objects: &Objects) -> impl Iterator<Item = &ObjectMeta> {
    modelled(objects).chain(objects.others.iter().map(Resource::metadata))
}

fn modelled(objects: &Objects) -> impl Iterator<Item = &ObjectMeta> {
    let of_specs = objects.pod_specs().map(|(metadata, _)| metadata);
    of_specs
        .chain(objects.services.iter().map(Resource::metadata))
        .chain(objects.ingresses.iter().map(Resource::metadata))
        .chain(objects.persistent_volume_claims.iter().map(Resource::metadata))
        .chain(objects.pod_disruption_budgets.iter().map(Resource::metadata))
        .chain(objects.horizontal_pod_autoscalers.iter().map(Resource::metadata))
        .chain(objects.resource_quotas.iter().map(Resource::metadata))
        .chain(objects.limit_ranges.iter().map(Resource::metadata))
        .chain(objects.prometheus_rules.iter().map(Resource::metadata))
}

fn named(namespace: &str, name: &str) -> ObjectMeta {
    ObjectMeta { namespace: namespace.to_owned(), name: name.to_owned(), ..ObjectMeta::default() }
}
