//! Defaults for containers that do not say what they need: a LimitRange a namespace.
//!
//! A default must not do harm: a default limit below a container's own request would have its pods refused, so it is never below any.
//! cpu gets no default limit, for the reasons that `rightsize` gives it none.

use crate::manifest::Objects;
use crate::manifest::Quantity;
use crate::manifest::meta::ObjectMeta;
use crate::manifest::pod::Container;
use crate::manifest::policy::{LimitRange, LimitRangeItem, LimitRangeSpec};
use crate::planning::rightsize::{Bounds, Resource, Rightsizing, Subject, subjects};

/// Name of what is recommended.
const NAME: &str = "container-defaults";
/// What kube-scheduler counts for containers without requests when it scores nodes.
///
/// Source: k8s.io/kubernetes/pkg/scheduler/util/pod_resources.go DefaultMilliCPURequest, DefaultMemoryRequest, v1.36.
const UNKNOWN: [i64; 2] = [100, 200 << 20];
/// With fewer measured containers in a namespace nothing is concluded from them.
const ENOUGH: usize = 3;

/// A LimitRange that is recommended.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitRangeAdvice {
    /// It, complete.
    pub object: LimitRange,
    /// How many containers of workloads and bare pods lack something that it gives them.
    pub containers: usize,
    /// What each default rests on, in the order: cpu request, memory request, memory limit; none if it is not needed.
    pub rules: [Option<Rule>; 3],
}

/// What a default rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The median of what so many measured containers of the namespace should request.
    Median(usize),
    /// What kube-scheduler takes a container for that says nothing.
    Scheduler,
    /// The largest limit that a measured container of the namespace should have.
    LargestMeasured,
    /// Twice what the largest of these containers requests.
    TwiceTheRequest,
    /// The most that another LimitRange of the namespace allows.
    Capped,
}

/// For every namespace where something is missing.
pub(super) fn advise(objects: &Objects, measured: Option<&Rightsizing>) -> Vec<LimitRangeAdvice> {
    let subjects = subjects(objects);
    let advice = |namespace| of_namespace(objects, &subjects, namespace, measured);
    super::namespaces(objects).into_iter().filter_map(advice).collect()
}

fn of_namespace(objects: &Objects, subjects: &[Subject], namespace: &str, measured: Option<&Rightsizing>) -> Option<LimitRangeAdvice> {
    let bounds = Resource::ALL.map(|resource| Bounds::of(objects, namespace, resource));
    let of = |container: &Container, resource: Resource| {
        let amount = |list: &crate::manifest::pod::ResourceList| list.get(resource.name()).copied();
        let (requests, limits) = (amount(&container.resources.requests), amount(&container.resources.limits));
        bounds[resource as usize].effective(resource, requests, limits)
    };
    let lacking = |lacks: &dyn Fn(&Container) -> bool| -> Vec<&Container> {
        containers(subjects, namespace).filter(|container| lacks(container)).collect()
    };
    let no_cpu = lacking(&|container| of(container, Resource::Cpu).0.is_none());
    let no_memory = lacking(&|container| of(container, Resource::Memory).0.is_none());
    let no_limit = lacking(&|container| of(container, Resource::Memory).1.is_none());
    let any = lacking(&|own| {
        of(own, Resource::Cpu).0.is_none() || of(own, Resource::Memory).0.is_none() || of(own, Resource::Memory).1.is_none()
    });
    if any.is_empty() {
        return None;
    }
    let cpu = request(Resource::Cpu, namespace, measured, &bounds);
    let memory = request(Resource::Memory, namespace, measured, &bounds);
    let own_requests = no_limit.iter().filter_map(|container| of(container, Resource::Memory).0);
    let limit = memory_limit(namespace, measured, memory.0, own_requests.max(), &bounds[1]);
    let mut item = LimitRangeItem { r#type: "Container".to_owned(), ..LimitRangeItem::default() };
    let mut rules = [None; 3];
    let mut set = |place: usize, is_needed: bool, (amount, rule): (i64, Rule)| {
        if is_needed {
            rules[place] = Some(rule);
            let resource = if place == 0 { Resource::Cpu } else { Resource::Memory };
            let list = if place == 2 { &mut item.default } else { &mut item.default_request };
            list.insert(resource.name().to_owned(), resource.quantity(amount));
        }
    };
    set(0, !no_cpu.is_empty(), cpu);
    // without one of its own the default limit would be the default request, too
    set(1, !no_memory.is_empty() || !no_limit.is_empty(), memory);
    set(2, !no_limit.is_empty(), limit);
    let metadata = ObjectMeta { name: name(objects, namespace), namespace: namespace.to_owned(), ..ObjectMeta::default() };
    let object = LimitRange { metadata, spec: LimitRangeSpec { limits: vec![item] } };
    Some(LimitRangeAdvice { object, containers: any.len(), rules })
}

/// A name that nothing has.
fn name(objects: &Objects, namespace: &str) -> String {
    let is_taken = |name: &str| {
        objects.limit_ranges.iter().any(|range| range.metadata.namespace_or_default() == namespace && range.metadata.name == name)
    };
    let numbered = (2..).map(|number| format!("{NAME}-{number}"));
    std::iter::once(NAME.to_owned()).chain(numbered).find(|name| !is_taken(name)).expect("names do not end")
}

/// Containers of workloads, and of pods that nothing of the input makes. Pods that say what they need as a whole need no defaults.
fn containers<'a>(subjects: &'a [Subject], namespace: &'a str) -> impl Iterator<Item = &'a Container> {
    let own = subjects.iter().filter(move |subject| subject.workload.namespace == namespace && subject.spec.resources.is_none());
    own.flat_map(Subject::containers).map(|(_, container)| container)
}

fn request(resource: Resource, namespace: &str, measured: Option<&Rightsizing>, bounds: &[Bounds; 2]) -> (i64, Rule) {
    let mut amounts: Vec<i64> =
        settings(resource, namespace, measured).filter_map(|setting| Some(resource.amount(setting.request?))).collect();
    amounts.sort_unstable();
    let (amount, rule) = match amounts.len() {
        count if count >= ENOUGH => (resource.readable(amounts[count / 2]), Rule::Median(count)),
        _ => (UNKNOWN[resource as usize], Rule::Scheduler),
    };
    capped(amount, rule, &bounds[resource as usize])
}

fn memory_limit(namespace: &str, measured: Option<&Rightsizing>, request: i64, largest: Option<Quantity>, bounds: &Bounds) -> (i64, Rule) {
    let twice = Resource::Memory.amount(largest.unwrap_or_default()).max(request).saturating_mul(2);
    let limits = settings(Resource::Memory, namespace, measured).filter_map(|setting| Some(Resource::Memory.amount(setting.limit?)));
    let (amount, rule) = match limits.max().filter(|most| *most > twice) {
        Some(most) => (most, Rule::LargestMeasured),
        None => (twice, Rule::TwiceTheRequest),
    };
    capped(Resource::Memory.readable(amount), rule, bounds)
}

/// What measured containers of a namespace should have.
fn settings<'a>(
    resource: Resource,
    namespace: &'a str,
    measured: Option<&'a Rightsizing>,
) -> impl Iterator<Item = crate::planning::rightsize::Setting> + 'a {
    let here = measured.into_iter().flat_map(Rightsizing::containers).filter(move |(workload, _)| workload.workload.namespace == namespace);
    here.map(move |(_, container)| &container.resources[resource as usize])
        .filter(|sizing| sizing.observed.is_some())
        .map(|sizing| sizing.to)
}

/// No more than another LimitRange of the namespace allows.
fn capped(amount: i64, rule: Rule, bounds: &Bounds) -> (i64, Rule) {
    match bounds.container.max {
        Some((_, max)) if amount > max => (max, Rule::Capped),
        _ => (amount, rule),
    }
}
