//! Values that the API server refuses and that placing would misread: words that must be one of a few, negative amounts.
//!
//! Full validation is admission's; here is only what must not be misread in silence. What is found does not keep an object
//! from being loaded unless it cannot be reckoned with (negative requests, a workload without containers).
//!
//! Source: k8s.io/kubernetes/pkg/apis/core/validation, v1.36.

use super::field::Here;
use super::kinds::Object;
use crate::manifest::field::FieldPath;
use crate::manifest::meta::{LabelSelector, SelectorRequirement};
use crate::manifest::pod::*;

/// A value the API server refuses.
pub(super) struct Finding {
    pub path: FieldPath,
    pub message: String,
    /// Whether the object cannot be used.
    pub fatal: bool,
}

/// Everything found in an object.
pub(super) fn check(object: &Object) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    let spec = Here::root("spec");
    match object {
        Object::Pod(pod) => findings.pod_spec(&spec, &pod.spec),
        Object::Node(node) => findings.taints(&spec, &node.spec.taints),
        Object::Deployment(workload) => findings.workload(&workload.spec.template.spec, workload.spec.replicas, &workload.spec.selector),
        Object::ReplicaSet(workload) => findings.workload(&workload.spec.template.spec, workload.spec.replicas, &workload.spec.selector),
        Object::StatefulSet(workload) => findings.workload(&workload.spec.template.spec, workload.spec.replicas, &workload.spec.selector),
        Object::DaemonSet(workload) => findings.workload(&workload.spec.template.spec, None, &workload.spec.selector),
        Object::Job(workload) => findings.workload(&workload.spec.template.spec, workload.spec.parallelism, &workload.spec.selector),
        Object::ReplicationController(workload) => findings.workload(&workload.spec.template.spec, workload.spec.replicas, &None),
        Object::CronJob(cron_job) => {
            let (job, spec) = (spec.key("jobTemplate"), &cron_job.spec.job_template.spec.template.spec);
            findings.template(&job.key("spec").key("template").key("spec"), spec);
        }
        Object::PodDisruptionBudget(budget) => {
            if budget.spec.min_available.is_some() && budget.spec.max_unavailable.is_some() {
                findings.note(&spec, "minAvailable and maxUnavailable exclude each other".to_owned(), false);
            }
            findings.selector(&spec.key("selector"), &budget.spec.selector);
        }
        Object::StorageClass(class) => {
            let mode = class.volume_binding_mode.as_deref().unwrap_or("Immediate");
            findings.word(&Here::root("volumeBindingMode"), mode, &["Immediate", "WaitForFirstConsumer"]);
        }
        Object::PersistentVolumeClaim(claim) => findings.amounts(&spec.key("resources"), &claim.spec.resources),
        _ => {}
    }
    findings.0
}

struct Findings(Vec<Finding>);

const NODE_OPERATORS: &[&str] = &["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
const LABEL_OPERATORS: &[&str] = &["In", "NotIn", "Exists", "DoesNotExist"];
const EFFECTS: &[&str] = &["NoSchedule", "PreferNoSchedule", "NoExecute"];

impl Findings {
    fn note(&mut self, here: &Here<'_>, message: String, fatal: bool) {
        self.0.push(Finding { path: here.path(), message, fatal });
    }

    fn word(&mut self, here: &Here<'_>, word: &str, words: &[&str]) {
        if !words.contains(&word) {
            let word = word.chars().take(40).collect::<String>();
            self.note(here, format!("{word:?} is none of {}", words.join(", ")), false);
        }
    }

    fn word_or_nothing(&mut self, here: &Here<'_>, word: &str, words: &[&str]) {
        if !word.is_empty() {
            self.word(here, word, words);
        }
    }

    fn workload(&mut self, template: &PodSpec, replicas: Option<i32>, selector: &Option<LabelSelector>) {
        let spec = Here::root("spec");
        if replicas.is_some_and(|replicas| replicas < 0) {
            self.note(&spec.key("replicas"), "fewer than none".to_owned(), true);
        }
        self.selector(&spec.key("selector"), selector);
        self.template(&spec.key("template").key("spec"), template);
    }

    fn template(&mut self, here: &Here<'_>, template: &PodSpec) {
        if template.containers.is_empty() {
            self.note(here, "no containers: a patch, not a whole object".to_owned(), true);
        }
        self.pod_spec(here, template);
    }

    fn pod_spec(&mut self, here: &Here<'_>, spec: &PodSpec) {
        for (field, containers) in [("containers", &spec.containers), ("initContainers", &spec.init_containers)] {
            let field = here.key(field);
            for (index, container) in containers.iter().enumerate() {
                self.container(&field.index(index), container);
            }
        }
        if let Some(resources) = &spec.resources {
            self.amounts(&here.key("resources"), resources);
        }
        for (index, toleration) in spec.tolerations.iter().enumerate() {
            let field = here.key("tolerations");
            let here = field.index(index);
            self.word_or_nothing(&here.key("operator"), &toleration.operator, &["Equal", "Exists", "Lt", "Gt"]);
            self.word_or_nothing(&here.key("effect"), &toleration.effect, EFFECTS);
        }
        for (index, constraint) in spec.topology_spread_constraints.iter().enumerate() {
            let field = here.key("topologySpreadConstraints");
            self.spread(&field.index(index), constraint);
        }
        self.word_or_nothing(&here.key("preemptionPolicy"), &spec.preemption_policy, &["PreemptLowerPriority", "Never"]);
        self.word_or_nothing(&here.key("restartPolicy"), &spec.restart_policy, &["Always", "OnFailure", "Never"]);
        if let Some(affinity) = &spec.affinity {
            self.affinity(&here.key("affinity"), affinity);
        }
    }

    fn container(&mut self, here: &Here<'_>, container: &Container) {
        self.amounts(&here.key("resources"), &container.resources);
        for (index, port) in container.ports.iter().enumerate() {
            let field = here.key("ports");
            let here = field.index(index);
            self.word_or_nothing(&here.key("protocol"), &port.protocol, &["TCP", "UDP", "SCTP"]);
            if !(0..=65535).contains(&port.host_port) {
                self.note(&here.key("hostPort"), "not a port (0 to 65535)".to_owned(), false);
            }
        }
    }

    fn amounts(&mut self, here: &Here<'_>, resources: &ResourceRequirements) {
        for (field, list) in [("requests", &resources.requests), ("limits", &resources.limits)] {
            for (resource, amount) in list {
                if amount.is_negative() {
                    self.note(&here.key(field).key(resource), format!("{amount} is less than nothing"), true);
                }
            }
        }
    }

    fn taints(&mut self, here: &Here<'_>, taints: &[crate::manifest::node::Taint]) {
        for (index, taint) in taints.iter().enumerate() {
            self.word(&here.key("taints").index(index).key("effect"), &taint.effect, EFFECTS);
        }
    }

    fn spread(&mut self, here: &Here<'_>, constraint: &TopologySpreadConstraint) {
        self.word(&here.key("whenUnsatisfiable"), &constraint.when_unsatisfiable, &["DoNotSchedule", "ScheduleAnyway"]);
        if constraint.max_skew <= 0 {
            self.note(&here.key("maxSkew"), "must be 1 or more".to_owned(), false);
        }
        if constraint.topology_key.is_empty() {
            self.note(&here.key("topologyKey"), "must name a node label".to_owned(), false);
        }
        for (field, policy) in
            [("nodeAffinityPolicy", &constraint.node_affinity_policy), ("nodeTaintsPolicy", &constraint.node_taints_policy)]
        {
            self.word_or_nothing(&here.key(field), policy.as_deref().unwrap_or_default(), &["Honor", "Ignore"]);
        }
        self.selector(&here.key("labelSelector"), &constraint.label_selector);
    }

    fn affinity(&mut self, here: &Here<'_>, affinity: &Affinity) {
        const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
        const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
        if let Some(node) = &affinity.node_affinity {
            let here = here.key("nodeAffinity");
            let terms = node.required_during_scheduling_ignored_during_execution.iter().flat_map(|required| &required.node_selector_terms);
            for (index, term) in terms.enumerate() {
                self.node_term(&here.key(REQUIRED).key("nodeSelectorTerms").index(index), term);
            }
            for (index, wish) in node.preferred_during_scheduling_ignored_during_execution.iter().enumerate() {
                self.node_term(&here.key(PREFERRED).index(index).key("preference"), &wish.preference);
            }
        }
        for (field, pods) in [("podAffinity", &affinity.pod_affinity), ("podAntiAffinity", &affinity.pod_anti_affinity)] {
            let Some(pods) = pods else { continue };
            let here = here.key(field);
            for (index, term) in pods.required_during_scheduling_ignored_during_execution.iter().enumerate() {
                self.pod_term(&here.key(REQUIRED).index(index), term);
            }
            for (index, wish) in pods.preferred_during_scheduling_ignored_during_execution.iter().enumerate() {
                self.pod_term(&here.key(PREFERRED).index(index).key("podAffinityTerm"), &wish.pod_affinity_term);
            }
        }
    }

    fn pod_term(&mut self, here: &Here<'_>, term: &PodAffinityTerm) {
        if term.topology_key.is_empty() {
            self.note(&here.key("topologyKey"), "must name a node label".to_owned(), false);
        }
        self.selector(&here.key("labelSelector"), &term.label_selector);
        self.selector(&here.key("namespaceSelector"), &term.namespace_selector);
    }

    fn node_term(&mut self, here: &Here<'_>, term: &NodeSelectorTerm) {
        self.requirements(&here.key("matchExpressions"), &term.match_expressions, NODE_OPERATORS);
        self.requirements(&here.key("matchFields"), &term.match_fields, NODE_OPERATORS);
    }

    fn selector(&mut self, here: &Here<'_>, selector: &Option<LabelSelector>) {
        if let Some(selector) = selector {
            self.requirements(&here.key("matchExpressions"), &selector.match_expressions, LABEL_OPERATORS);
        }
    }

    fn requirements(&mut self, here: &Here<'_>, requirements: &[SelectorRequirement], operators: &[&str]) {
        for (index, requirement) in requirements.iter().enumerate() {
            self.word(&here.index(index).key("operator"), &requirement.operator, operators);
        }
    }
}
