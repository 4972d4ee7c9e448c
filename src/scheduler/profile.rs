//! Profiles: which plugins run in which order, with which weights and arguments.
//!
//! Source: pkg/scheduler/framework/runtime/framework.go (`expandMultiPointPlugins`), pkg/scheduler/apis/config/v1/
//! {default_plugins,defaults}.go, v1.36.

use std::borrow::Cow;

use super::framework::{ExtensionPoint, Plugin};
use super::plugins;
use super::plugins::node_resources_fit::{ScoringStrategy, Strategy};
use crate::cluster::Cluster;
use crate::cluster::class::{NodeTerm, SpreadConstraint};
use crate::cluster::compile::Compiler;
use crate::cluster::index::ResourceId;
use crate::cluster::resources::{CPU, MEMORY, is_extended};
use crate::manifest::scheduler_configuration::{
    KubeSchedulerConfiguration, KubeSchedulerProfile, PluginArgs, PluginSet, Plugins, ResourceSpec, ScoringStrategy as WrittenStrategy,
};

/// A profile: one scheduler by name.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The name pods ask for.
    pub scheduler_name: String,
    /// Plugins that hold pods back before the queue.
    pub pre_enqueue: Vec<&'static Plugin>,
    /// Plugins that look at the pod as a whole, in order.
    pub pre_filters: Vec<&'static Plugin>,
    /// Plugins that filter, in order.
    pub filters: Vec<&'static Plugin>,
    /// Plugins that run when nothing fits, in order.
    pub post_filters: Vec<&'static Plugin>,
    /// Plugins that score, in order, with their weights.
    pub scores: Vec<(&'static Plugin, i64)>,
    /// Required node affinity that the profile adds to every pod.
    pub added_required_nodes: Option<Vec<NodeTerm>>,
    /// Preferred node affinity that the profile adds to every pod.
    pub added_preferred_nodes: Vec<(i64, NodeTerm)>,
    /// How NodeResourcesFit scores.
    pub fit_scoring: ScoringStrategy,
    /// Resources NodeResourcesFit passes over.
    pub ignored_resources: Vec<ResourceId>,
    /// Resources NodeResourcesBalancedAllocation looks at, with weights it does not use.
    pub balanced_resources: Vec<(ResourceId, i64)>,
    /// Default spread constraints from a list; none means the system's.
    pub listed_spread: Option<Vec<SpreadConstraint>>,
    /// What an existing pod's required affinity counts in scoring.
    pub hard_pod_affinity_weight: i64,
    /// Whether preferred terms of existing pods count only for pods with terms of their own.
    pub ignore_preferred_terms_of_existing_pods: bool,
    /// Preemption looks at no fewer candidates than this percentage of the nodes …
    pub min_candidate_nodes_percentage: usize,
    /// … and this many.
    pub min_candidate_nodes_absolute: usize,
}

impl Profile {
    /// Default spread constraints, without selectors.
    pub fn default_spread<'a>(&'a self, cluster: &'a Cluster) -> &'a [SpreadConstraint] {
        self.listed_spread.as_deref().unwrap_or(&cluster.system_spread)
    }

    /// Whether default spread constraints are the system's.
    pub fn system_defaulted(&self) -> bool {
        self.listed_spread.is_none()
    }

    /// The weight of a plugin's score; 0 if it does not score.
    pub fn weight_of(&self, plugin: &Plugin) -> i64 {
        self.scores.iter().find(|(scoring, _)| scoring.name == plugin.name).map_or(0, |(_, weight)| *weight)
    }

    /// Whether a plugin runs when nothing fits.
    pub fn post_filters_with(&self, plugin: &Plugin) -> bool {
        self.post_filters.iter().any(|enabled| enabled.name == plugin.name)
    }
}

/// The profiles of a scheduler process, in the order in which they were written.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    written: KubeSchedulerConfiguration,
}

impl Configuration {
    /// From a configuration file; or everything in it that upstream would refuse, or that is not modelled.
    pub fn new(written: KubeSchedulerConfiguration) -> Result<Self, Vec<String>> {
        let problems = problems(&written);
        if problems.is_empty() { Ok(Configuration { written }) } else { Err(problems) }
    }

    /// Whether a profile spreads pods that say nothing by a list of its own.
    pub fn has_default_constraints(&self) -> bool {
        let lists = |args: &PluginArgs| args.defaulting_type.as_deref() == Some("List") && !args.default_constraints.is_empty();
        self.written.profiles.iter().flat_map(|profile| &profile.plugin_config).any(|config| config.args.as_ref().is_some_and(lists))
    }

    /// Brings the profiles into numbers. Call it before the cluster is frozen: arguments may name labels and resources.
    pub fn compile(&self, compiler: &mut Compiler) -> Vec<Profile> {
        let default = [KubeSchedulerProfile::default()];
        let profiles = if self.written.profiles.is_empty() { &default[..] } else { &self.written.profiles };
        profiles.iter().map(|profile| compile(compiler, profile)).collect()
    }
}

/// The only version of the configuration that Kubernetes 1.34 and 1.36 read.
const API_VERSION: &str = "kubescheduler.config.k8s.io/v1";

fn problems(written: &KubeSchedulerConfiguration) -> Vec<String> {
    let mut problems = Vec::new();
    if !matches!(written.api_version.as_str(), "" | API_VERSION) {
        problems.push(format!(
            "apiVersion {} is not read by the supported versions of kube-scheduler: write {API_VERSION}",
            written.api_version
        ));
    }
    if !written.extenders.is_empty() {
        problems.push(
            "extenders are webhooks: they cannot be asked offline. Remove them from the configuration to see what the plugins alone decide"
                .to_owned(),
        );
    }
    let mut names: Vec<&str> = Vec::new();
    for profile in &written.profiles {
        let name = profile.scheduler_name.as_deref().unwrap_or("default-scheduler");
        if names.contains(&name) {
            problems.push(format!("two profiles are named {name:?}: give each its own schedulerName"));
        }
        names.push(name);
        problems.extend(profile_problems(name, profile));
    }
    problems
}

fn profile_problems(profile_name: &str, profile: &KubeSchedulerProfile) -> Vec<String> {
    let known = |name: &str| plugins::find(name).is_some() || name == "DefaultBinder";
    let sets = all_sets(&profile.plugins);
    let named = sets.iter().flat_map(|set| set.enabled.iter().chain(set.disabled.iter().filter(|plugin| plugin.name != "*")));
    let configured = profile.plugin_config.iter().map(|config| &config.name);
    let unknown = named.map(|plugin| &plugin.name).chain(configured).filter(|name| !known(name));
    let mut problems: Vec<String> = unknown
        .map(|name| format!("profile {profile_name:?} names the plugin {name:?}, which kube-scheduler's default set does not have: out-of-tree plugins cannot be run"))
        .collect();
    for config in &profile.plugin_config {
        let strategy = config.args.as_ref().and_then(|args| args.scoring_strategy.as_ref()).and_then(|strategy| strategy.r#type.as_deref());
        if let Some(other) = strategy.filter(|name| !matches!(*name, "LeastAllocated" | "MostAllocated" | "RequestedToCapacityRatio")) {
            problems.push(format!("scoring strategy {other:?} is not one of LeastAllocated, MostAllocated, RequestedToCapacityRatio"));
        }
    }
    problems.dedup();
    problems
}

fn all_sets(plugins: &Plugins) -> [&PluginSet; 13] {
    [
        &plugins.pre_enqueue,
        &plugins.queue_sort,
        &plugins.pre_filter,
        &plugins.filter,
        &plugins.post_filter,
        &plugins.pre_score,
        &plugins.score,
        &plugins.reserve,
        &plugins.permit,
        &plugins.pre_bind,
        &plugins.bind,
        &plugins.post_bind,
        &plugins.multi_point,
    ]
}

/// Plugins of a profile at all extension points at once, with weights (0 means the plugin's own): the default list, with what
/// the profile changes in place and what it adds at the end.
fn multi_point(set: &PluginSet) -> Vec<(&'static Plugin, i64)> {
    let disabled = |name: &str| set.disabled.iter().any(|plugin| plugin.name == "*" || plugin.name == name);
    let weight = |name: &str| set.enabled.iter().find(|plugin| plugin.name == name).map(|plugin| i64::from(plugin.weight.unwrap_or(0)));
    let kept = plugins::ALL.iter().filter(|plugin| !disabled(plugin.name));
    let mut list: Vec<_> = kept.map(|&plugin| (plugin, weight(plugin.name).unwrap_or(plugin.weight))).collect();
    for plugin in &set.enabled {
        if let Some(found) = plugins::find(&plugin.name).filter(|found| !list.iter().any(|(present, _)| present.name == found.name)) {
            list.push((found, i64::from(plugin.weight.unwrap_or(0))));
        }
    }
    list
}

/// Plugins at one extension point: first those of the list that the point configures anew, in the point's order; then the rest
/// of the list; then what only the point names.
fn at_point(list: &[(&'static Plugin, i64)], set: &PluginSet, point: ExtensionPoint) -> Vec<(&'static Plugin, i64)> {
    let explicit = set.enabled.iter().filter_map(|plugin| Some((plugins::find(&plugin.name)?, i64::from(plugin.weight.unwrap_or(0)))));
    let explicit: Vec<_> = explicit.filter(|(plugin, _)| plugin.stands_at(point)).collect();
    if set.disabled.iter().any(|plugin| plugin.name == "*") {
        return explicit;
    }
    let in_explicit = |plugin: &Plugin| explicit.iter().any(|(other, _)| other.name == plugin.name);
    let disabled = |plugin: &Plugin| set.disabled.iter().any(|other| other.name == plugin.name);
    let from_list: Vec<_> = list.iter().copied().filter(|(plugin, _)| plugin.stands_at(point) && !disabled(plugin)).collect();
    let overrides = |plugin: &Plugin| from_list.iter().any(|(other, _)| other.name == plugin.name);
    let (mut ordered, others): (Vec<_>, Vec<_>) = explicit.iter().copied().partition(|(plugin, _)| overrides(plugin));
    ordered.extend(from_list.iter().copied().filter(|(plugin, _)| !in_explicit(plugin)));
    ordered.extend(others);
    ordered
}

fn compile(compiler: &mut Compiler, written: &KubeSchedulerProfile) -> Profile {
    let list = multi_point(&written.plugins.multi_point);
    let names = |set: &PluginSet, point| at_point(&list, set, point).into_iter().map(|(plugin, _)| plugin).collect();
    let scores = at_point(&list, &written.plugins.score, ExtensionPoint::Score);
    let args = |name: &str| -> Cow<'_, PluginArgs> {
        let config = written.plugin_config.iter().find(|config| config.name == name).and_then(|config| config.args.as_ref());
        config.map_or_else(Cow::default, Cow::Borrowed)
    };
    let added = args("NodeAffinity").added_affinity.clone().unwrap_or_default();
    let (inter_pod, fit, preemption) = (args("InterPodAffinity"), args("NodeResourcesFit"), args("DefaultPreemption"));
    Profile {
        scheduler_name: written.scheduler_name.clone().unwrap_or_else(|| "default-scheduler".to_owned()),
        pre_enqueue: names(&written.plugins.pre_enqueue, ExtensionPoint::PreEnqueue),
        pre_filters: names(&written.plugins.pre_filter, ExtensionPoint::PreFilter),
        filters: names(&written.plugins.filter, ExtensionPoint::Filter),
        post_filters: names(&written.plugins.post_filter, ExtensionPoint::PostFilter),
        scores: scores.into_iter().map(|(plugin, weight)| (plugin, weight.max(1))).collect(),
        added_required_nodes: added
            .required_during_scheduling_ignored_during_execution
            .map(|required| compiler.node_terms(&required.node_selector_terms)),
        added_preferred_nodes: compiler.preferred_nodes(&added.preferred_during_scheduling_ignored_during_execution),
        fit_scoring: scoring(compiler, fit.scoring_strategy.as_ref()),
        ignored_resources: ignored_resources(compiler, &fit),
        balanced_resources: resources(compiler, &args("NodeResourcesBalancedAllocation").resources),
        listed_spread: listed_spread(compiler, &args("PodTopologySpread")),
        hard_pod_affinity_weight: i64::from(inter_pod.hard_pod_affinity_weight.unwrap_or(1)),
        ignore_preferred_terms_of_existing_pods: inter_pod.ignore_preferred_terms_of_existing_pods,
        min_candidate_nodes_percentage: preemption.min_candidate_nodes_percentage.map_or(10, |percentage| percentage.max(0) as usize),
        min_candidate_nodes_absolute: preemption.min_candidate_nodes_absolute.map_or(100, |absolute| absolute.max(0) as usize),
    }
}

fn listed_spread(compiler: &mut Compiler, args: &PluginArgs) -> Option<Vec<SpreadConstraint>> {
    if args.defaulting_type.as_deref() != Some("List") {
        return None;
    }
    let constraint = |written| compiler.constraint(written, crate::cluster::labels::Selector::Nothing);
    Some(args.default_constraints.iter().map(constraint).collect())
}

/// Resources and weights; no list is cpu and memory alike, weight 0 is 1.
fn resources(compiler: &mut Compiler, written: &[ResourceSpec]) -> Vec<(ResourceId, i64)> {
    if written.is_empty() {
        return vec![(CPU, 1), (MEMORY, 1)];
    }
    written.iter().filter_map(|resource| Some((compiler.resources.column(&resource.name)?, resource.weight.max(1)))).collect()
}

fn scoring(compiler: &mut Compiler, written: Option<&WrittenStrategy>) -> ScoringStrategy {
    let written = written.cloned().unwrap_or_default();
    // a shape's scores go to 10, plugins' scores to 100
    let points = || {
        let shape = written.requested_to_capacity_ratio.iter().flat_map(|ratio| &ratio.shape);
        shape.map(|point| (i64::from(point.utilization), i64::from(point.score) * 10)).collect()
    };
    let strategy = match written.r#type.as_deref() {
        Some("MostAllocated") => Strategy::MostAllocated,
        Some("RequestedToCapacityRatio") => Strategy::RequestedToCapacityRatio(points()),
        _ => Strategy::LeastAllocated,
    };
    ScoringStrategy { strategy, resources: resources(compiler, &written.resources) }
}

/// Extended resources that NodeResourcesFit passes over, by name or by the part before the slash.
fn ignored_resources(compiler: &mut Compiler, args: &PluginArgs) -> Vec<ResourceId> {
    let ignored = |name: &str| {
        let group = name.split('/').next().unwrap_or(name);
        is_extended(name)
            && (args.ignored_resources.iter().any(|other| other == name) || args.ignored_resource_groups.iter().any(|other| other == group))
    };
    compiler.resources.ids().filter(|&id| ignored(compiler.resources.name(id))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beta_configuration_is_refused_as_upstream_refuses_it() {
        let written = |version: &str| KubeSchedulerConfiguration { api_version: version.to_owned(), ..Default::default() };
        assert!(Configuration::new(written("kubescheduler.config.k8s.io/v1")).is_ok());
        let problems = Configuration::new(written("kubescheduler.config.k8s.io/v1beta2")).unwrap_err();
        assert!(problems[0].contains("write kubescheduler.config.k8s.io/v1"), "{problems:?}");
    }
}
