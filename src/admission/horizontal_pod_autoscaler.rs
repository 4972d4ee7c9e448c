//! What the API server makes of an autoscaler, and what it refuses.
//!
//! Source: k8s.io/kubernetes/pkg/apis/autoscaling/v2/defaults.go, pkg/apis/autoscaling/validation/validation.go, v1.36, with the
//! feature gates of 1.36: configurable tolerance on, scaling to zero off.

use crate::manifest::autoscaling::*;
use crate::manifest::location::Note;
use crate::manifest::quantity::Format;
use crate::manifest::{Objects, Quantity};

/// Percentage of the requested cpu that an autoscaler without metrics goes by.
const DEFAULT_CPU_UTILIZATION: i32 = 80;
/// Longest look back, in seconds.
const MAX_STABILIZATION_WINDOW_SECONDS: i32 = 3600;
/// Longest period of a policy, in seconds.
const MAX_PERIOD_SECONDS: i32 = 1800;

/// Defaults every autoscaler, and takes out those that the server refuses, saying why.
pub fn admit(objects: &mut Objects) -> Vec<Note> {
    let mut notes = Vec::new();
    objects.horizontal_pod_autoscalers.retain_mut(|hpa| {
        default_hpa(hpa);
        let errors = validate(hpa);
        if errors.is_empty() {
            return true;
        }
        let name = format!("{}/{}", hpa.metadata.namespace_or_default(), hpa.metadata.name);
        let text = format!("HorizontalPodAutoscaler {name} does nothing, because the API server refuses it: {}", errors.join("; "));
        notes.push(Note::at(hpa.metadata.origin, text));
        false
    });
    notes
}

/// Fills in what was left out. A second call changes nothing. The window of scaling down stays open: a flag of the controller decides it.
pub fn default_hpa(hpa: &mut HorizontalPodAutoscaler) {
    let spec = &mut hpa.spec;
    spec.min_replicas.get_or_insert(1);
    if spec.metrics.is_empty() {
        spec.metrics.push(cpu_utilization(DEFAULT_CPU_UTILIZATION));
    }
    if let Some(behavior) = &mut spec.behavior {
        let up = behavior.scale_up.get_or_insert_default();
        up.stabilization_window_seconds.get_or_insert(0);
        default_rules(up, &[("Pods", 4), ("Percent", 100)]);
        default_rules(behavior.scale_down.get_or_insert_default(), &[("Percent", 100)]);
    }
}

fn default_rules(rules: &mut HpaScalingRules, policies: &[(&str, i32)]) {
    rules.select_policy.get_or_insert_with(|| "Max".to_owned());
    let policy = |&(kind, value): &(&str, i32)| HpaScalingPolicy { r#type: kind.to_owned(), value, period_seconds: 15 };
    rules.policies.get_or_insert_with(|| policies.iter().map(policy).collect());
}

/// Why the API server would refuse it, in its own words, field by field; empty if it would not. Expects it [defaulted](default_hpa).
pub fn validate(hpa: &HorizontalPodAutoscaler) -> Vec<String> {
    let mut errors = Errors(Vec::new());
    let spec = &hpa.spec;
    if let Some(fewest) = spec.min_replicas {
        errors.check(fewest >= 1, || invalid("spec.minReplicas", fewest, "must be greater than or equal to 1"));
    }
    errors.check(spec.max_replicas >= 1, || invalid("spec.maxReplicas", spec.max_replicas, "must be greater than 0"));
    let in_order = spec.min_replicas.is_none_or(|fewest| spec.max_replicas >= fewest);
    errors.check(in_order, || invalid("spec.maxReplicas", spec.max_replicas, "must be greater than or equal to `minReplicas`"));
    errors.reference("spec.scaleTargetRef", &spec.scale_target_ref);
    for (index, metric) in spec.metrics.iter().enumerate() {
        errors.metric(&format!("spec.metrics[{index}]"), metric);
    }
    if let Some(behavior) = &spec.behavior {
        errors.rules("spec.behavior.scaleUp", behavior.scale_up.as_ref());
        errors.rules("spec.behavior.scaleDown", behavior.scale_down.as_ref());
    }
    errors.0
}

fn invalid(path: &str, value: impl std::fmt::Display, why: &str) -> String {
    format!("{path}: Invalid value: {value}: {why}")
}

fn required(path: &str, why: &str) -> String {
    if why.is_empty() { format!("{path}: Required value") } else { format!("{path}: Required value: {why}") }
}

fn forbidden(path: &str, why: &str) -> String {
    format!("{path}: Forbidden: {why}")
}

fn unsupported(path: &str, value: &str, supported: &[&str]) -> String {
    let supported: Vec<String> = supported.iter().map(|word| format!("{word:?}")).collect();
    format!("{path}: Unsupported value: {value:?}: supported values: {}", supported.join(", "))
}

struct Errors(Vec<String>);

impl Errors {
    fn check(&mut self, holds: bool, error: impl FnOnce() -> String) {
        if !holds {
            self.0.push(error());
        }
    }

    fn reference(&mut self, path: &str, reference: &CrossVersionObjectReference) {
        self.segment(&format!("{path}.kind"), &reference.kind, "");
        self.segment(&format!("{path}.name"), &reference.name, "");
    }

    /// A word that stands in a path.
    fn segment(&mut self, path: &str, word: &str, why: &str) {
        if word.is_empty() {
            return self.0.push(required(path, why));
        }
        let quoted = format!("{word:?}");
        if matches!(word, "." | "..") {
            return self.0.push(invalid(path, quoted, &format!("may not be '{word}'")));
        }
        for letter in ["/", "%"] {
            self.check(!word.contains(letter), || invalid(path, &quoted, &format!("may not contain '{letter}'")));
        }
    }

    fn metric(&mut self, path: &str, metric: &MetricSpec) {
        const TYPES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];
        let kind = metric.r#type.as_str();
        let kind_path = format!("{path}.type");
        self.check(!kind.is_empty(), || required(&kind_path, "must specify a metric source type"));
        self.check(TYPES.contains(&kind), || unsupported(&kind_path, kind, &TYPES));
        let present = [
            ("object", "Object", metric.object.is_some()),
            ("external", "External", metric.external.is_some()),
            ("pods", "Pods", metric.pods.is_some()),
            ("resource", "Resource", metric.resource.is_some()),
            ("containerResource", "ContainerResource", metric.container_resource.is_some()),
        ];
        // only the first of several is looked into
        if let Some((field, ..)) = present.iter().find(|(.., is_present)| *is_present) {
            self.source(&format!("{path}.{field}"), field, metric);
        }
        for (field, name, is_present) in present {
            let own = format!("{path}.{field}");
            self.check(name != kind || is_present, || required(&own, "must populate information for the given metric source"));
        }
        if present.iter().filter(|(.., is_present)| *is_present).count() != 1 {
            for (field, ..) in present.iter().filter(|(_, name, is_present)| *is_present && *name != kind) {
                self.0.push(forbidden(&format!("{path}.{field}"), "must populate the given metric source only"));
            }
        }
    }

    fn source(&mut self, path: &str, field: &str, metric: &MetricSpec) {
        match field {
            "object" => {
                let Some(source) = &metric.object else { return };
                self.reference(&format!("{path}.describedObject"), &source.described_object);
                self.identifier(path, &source.metric);
                self.target(path, &source.target);
                self.value_of_some_kind(path, &source.target);
            }
            "external" => {
                let Some(source) = &metric.external else { return };
                self.identifier(path, &source.metric);
                self.target(path, &source.target);
                self.value_of_some_kind(path, &source.target);
                let both = source.target.value.is_some() && source.target.average_value.is_some();
                let why = "may not set both a target value for metric and a per-pod target";
                self.check(!both, || forbidden(&format!("{path}.target.value"), why));
            }
            "pods" => {
                let Some(source) = &metric.pods else { return };
                self.identifier(path, &source.metric);
                self.target(path, &source.target);
                let sound = source.target.average_value.is_some_and(|value| value > Quantity::ZERO);
                self.check(sound, || required(&format!("{path}.target.averageValue"), "must specify a positive target averageValue"));
            }
            "resource" => {
                let Some(source) = &metric.resource else { return };
                self.check(!source.name.is_empty(), || required(&format!("{path}.name"), "must specify a resource name"));
                self.target(path, &source.target);
                self.raw_or_utilization(path, &source.target);
            }
            _ => {
                let Some(source) = &metric.container_resource else { return };
                self.check(!source.name.is_empty(), || required(&format!("{path}.name"), "must specify a resource name"));
                self.check(!source.container.is_empty(), || required(&format!("{path}.container"), "must specify a container"));
                self.target(path, &source.target);
                self.raw_or_utilization(path, &source.target);
            }
        }
    }

    fn identifier(&mut self, path: &str, metric: &MetricIdentifier) {
        self.segment(&format!("{path}.metric.name"), &metric.name, "must specify a metric name");
    }

    fn target(&mut self, path: &str, target: &MetricTarget) {
        let kind = target.r#type.as_str();
        let kind_path = format!("{path}.target.type");
        self.check(!kind.is_empty(), || required(&kind_path, "must specify a metric target type"));
        let known = matches!(kind, "Utilization" | "Value" | "AverageValue");
        self.check(known, || invalid(&kind_path, format!("{kind:?}"), "must be either Utilization, Value, or AverageValue"));
        for (field, value) in [("value", target.value), ("averageValue", target.average_value)] {
            let Some(value) = value else { continue };
            let shown = format!("\"{}\"", value.with_format(Format::DecimalSi));
            self.check(value > Quantity::ZERO, || invalid(&format!("{path}.target.{field}"), shown, "must be positive"));
        }
        if let Some(percent) = target.average_utilization {
            self.check(percent >= 1, || invalid(&format!("{path}.target.averageUtilization"), percent, "must be greater than 0"));
        }
    }

    fn value_of_some_kind(&mut self, path: &str, target: &MetricTarget) {
        let is_set = target.value.is_some() || target.average_value.is_some();
        let why = "must set either a target value for metric or a per-pod target";
        self.check(is_set, || required(&format!("{path}.target.averageValue"), why));
    }

    fn raw_or_utilization(&mut self, path: &str, target: &MetricTarget) {
        let (utilization, raw) = (target.average_utilization.is_some(), target.average_value.is_some());
        let neither = "must set either a target raw value or a target utilization";
        self.check(utilization || raw, || required(&format!("{path}.target.averageUtilization"), neither));
        let both = "may not set both a target raw value and a target utilization";
        self.check(!(utilization && raw), || forbidden(&format!("{path}.target.averageValue"), both));
    }

    fn rules(&mut self, path: &str, rules: Option<&HpaScalingRules>) {
        let Some(rules) = rules else { return };
        if let Some(window) = rules.stabilization_window_seconds {
            let window_path = format!("{path}.stabilizationWindowSeconds");
            self.check(window >= 0, || invalid(&window_path, window, "must be greater than or equal to zero"));
            let why = format!("must be less than or equal to {MAX_STABILIZATION_WINDOW_SECONDS}");
            self.check(window <= MAX_STABILIZATION_WINDOW_SECONDS, || invalid(&window_path, window, &why));
        }
        if let Some(word) = &rules.select_policy {
            const WORDS: [&str; 3] = ["Disabled", "Max", "Min"];
            self.check(WORDS.contains(&word.as_str()), || unsupported(&format!("{path}.selectPolicy"), word, &WORDS));
        }
        let policies = rules.policies.as_deref().unwrap_or_default();
        self.check(!policies.is_empty(), || required(&format!("{path}.policies"), "must specify at least one Policy"));
        for (index, policy) in policies.iter().enumerate() {
            self.policy(&format!("{path}.policies[{index}]"), policy);
        }
        if let Some(tolerance) = rules.tolerance {
            let shown = format!("\"{tolerance}\"");
            self.check(!tolerance.is_negative(), || invalid(&format!("{path}.tolerance"), shown, "must be greater than or equal to 0"));
        }
    }

    fn policy(&mut self, path: &str, policy: &HpaScalingPolicy) {
        const TYPES: [&str; 2] = ["Percent", "Pods"];
        let known = TYPES.contains(&policy.r#type.as_str());
        self.check(known, || unsupported(&format!("{path}.type"), &policy.r#type, &TYPES));
        self.check(policy.value > 0, || invalid(&format!("{path}.value"), policy.value, "must be greater than zero"));
        let period = policy.period_seconds;
        let period_path = format!("{path}.periodSeconds");
        self.check(period > 0, || invalid(&period_path, period, "must be greater than zero"));
        let why = format!("must be less than or equal to {MAX_PERIOD_SECONDS}");
        self.check(period <= MAX_PERIOD_SECONDS, || invalid(&period_path, period, &why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(spec: &str) -> Vec<String> {
        let text = format!("{{scaleTargetRef: {{kind: Deployment, name: web}}, {spec}}}");
        let spec = serde_saphyr::from_str(&text).expect("the test's spec can be read");
        let mut hpa = HorizontalPodAutoscaler { spec, ..Default::default() };
        default_hpa(&mut hpa);
        validate(&hpa)
    }

    #[test]
    fn a_sound_one_passes() {
        assert_eq!(errors("maxReplicas: 3"), Vec::<String>::new());
        assert_eq!(errors("maxReplicas: 3, behavior: {}"), Vec::<String>::new());
    }

    #[test]
    fn bounds_must_be_in_order() {
        assert_eq!(
            errors("minReplicas: 4, maxReplicas: 3"),
            ["spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"]
        );
        assert_eq!(errors("minReplicas: 0, maxReplicas: 3"), ["spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"]);
    }

    #[test]
    fn metrics_must_be_whole() {
        assert_eq!(
            errors("maxReplicas: 3, metrics: [{type: Pods}]"),
            ["spec.metrics[0].pods: Required value: must populate information for the given metric source"]
        );
        assert_eq!(
            errors("maxReplicas: 3, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization}}}]"),
            [
                "spec.metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization"
            ]
        );
    }

    #[test]
    fn policies_must_be_within_reason() {
        assert_eq!(
            errors("maxReplicas: 3, behavior: {scaleUp: {policies: [{type: Pods, value: 0, periodSeconds: 1801}]}}"),
            [
                "spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero",
                "spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800"
            ]
        );
    }
}
