//! What becomes of an object once it is read: what must not be kept goes, what older versions mean is spelled out.

use super::checks::{Finding, check};
use super::compact;
use super::field::follow;
use super::foreign::{KUSTOMIZE, RENDER};
use super::kinds::{Kind, Object};
use super::piece::TypeMeta;
use super::problem::{Problem, Severity};
use super::tree::{self, Node as Tree, Value};
use super::understand::{Reading, Understood, What};
use crate::manifest::location::Position;
use crate::manifest::meta::{LabelSelector, ObjectMeta, SelectorRequirement};
use crate::manifest::workload::PodTemplateSpec;

/// Annotations that repeat the whole object, values of secret fields included.
const COPIES: [&str; 3] = ["last-applied-configuration", "rio.cattle.io/applied", "last-applied"];

/// Finishes an object that was read at a position of a text.
pub(super) fn finish(reading: &Reading<'_>, position: Position, mut object: Object, of: &TypeMeta) -> Understood {
    let kind = object.kind();
    let mut problems = Vec::new();
    let mut keep = true;
    if let Some(metadata) = object.metadata_mut() {
        drop_copies(metadata);
        if kind.is_namespaced() && metadata.namespace.is_empty() {
            metadata.namespace = "default".to_owned();
        }
        if let Some(problem) = name_problem(reading, position, kind, metadata) {
            keep = problem.severity != Severity::Error;
            problems.push(problem);
        }
    }
    if of.api_version.is_empty() {
        let message = format!("no apiVersion: read as {} {}", kind.api_version(), kind.name());
        problems.push(
            Problem::new(Severity::Warning, reading.location(position), message).hint("write it; the API server refuses it as it is"),
        );
    }
    modernise(&mut object, of);
    match &mut object {
        Object::Pod(pod) => compact::pod(pod),
        Object::Node(node) => compact::node(node),
        _ => {}
    }
    if let Object::KubeSchedulerConfiguration(configuration) = &mut object {
        configuration.api_version.clone_from(&of.api_version);
    }
    let findings = check(&object);
    if !findings.is_empty() {
        keep &= !findings.iter().any(|finding| finding.fatal);
        problems.extend(explain(reading, position, &object, findings));
    }
    let what = if keep { What::Object(object) } else { What::Nothing };
    Understood { position: position.within(reading.base), what, problems }
}

/// Findings with the positions of the values they are about: the text is read once more, as it is only now of interest.
fn explain(reading: &Reading<'_>, position: Position, object: &Object, findings: Vec<Finding>) -> Vec<Problem> {
    let documents = tree::parse(&String::from_utf8_lossy(reading.text)).unwrap_or_default();
    let tree = documents.iter().find_map(|document| find(document, position));
    let name = object.title();
    let problem = |finding: Finding| {
        let at = tree.map_or(position, |tree| follow(tree, &finding.path).position);
        let message = format!("{name}: {}: {}", finding.path, finding.message);
        let severity = if finding.fatal { Severity::Error } else { Severity::Warning };
        Problem::new(severity, reading.location(at), message).hint(match finding {
            Finding { fatal: false, .. } => "correct it: the API server refuses it; it was loaded as it is",
            _ if finding.message.starts_with("no containers") => KUSTOMIZE,
            _ => "correct it: the API server refuses it",
        })
    };
    findings.into_iter().map(problem).collect()
}

/// The mapping that begins at a position.
pub(super) fn find(tree: &Tree, position: Position) -> Option<&Tree> {
    match &tree.value {
        Value::Map(_) if tree.position == position => Some(tree),
        Value::Map(entries) => entries.iter().find_map(|entry| find(&entry.value, position)),
        Value::List(items) => items.iter().find_map(|item| find(item, position)),
        _ => None,
    }
}

fn drop_copies(metadata: &mut ObjectMeta) {
    metadata.annotations.retain(|key, _| !COPIES.iter().any(|copy| key.ends_with(copy)));
}

fn name_problem(reading: &Reading<'_>, position: Position, kind: Kind, metadata: &ObjectMeta) -> Option<Problem> {
    let location = || reading.location(position);
    let name = if metadata.name.is_empty() { &metadata.generate_name } else { &metadata.name };
    if name.is_empty() {
        let problem = Problem::new(Severity::Error, location(), format!("{}: neither metadata.name nor generateName", kind.name()));
        return Some(problem.hint("give it a name; the API server refuses it as it is"));
    }
    let texts = [name, &metadata.namespace];
    if texts.iter().any(|text| text.contains("{{")) {
        return Some(Problem::new(Severity::Error, location(), format!("{} {name}: an unrendered template", kind.name())).hint(RENDER));
    }
    if texts.iter().any(|text| text.contains("${") || text.contains("$(")) {
        let problem = Problem::new(Severity::Error, location(), format!("{} {name}: a variable that was not filled in", kind.name()));
        return Some(problem.hint("fill in the variables first (`envsubst < FILE`, `kustomize build`), and pass the result"));
    }
    let valid = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let ends_well = edge(name.bytes().last()) || metadata.name.is_empty();
    if name.bytes().all(valid) && edge(name.bytes().next()) && ends_well && name.len() <= 253 {
        return None;
    }
    let problem = Problem::new(Severity::Warning, location(), format!("{} {name:?}: not a name the API server accepts", kind.name()));
    Some(problem.hint("use lower-case letters, digits, - and . only; it was loaded as it is"))
}

/// Spells out what older versions of an API leave to a default that has since changed.
fn modernise(object: &mut Object, of: &TypeMeta) {
    let legacy = of.group() == "extensions" || of.api_version == "apps/v1beta1";
    match object {
        Object::Deployment(workload) if legacy => select_own(&mut workload.spec.selector, &workload.spec.template),
        Object::ReplicaSet(workload) if legacy => select_own(&mut workload.spec.selector, &workload.spec.template),
        Object::StatefulSet(workload) if legacy => select_own(&mut workload.spec.selector, &workload.spec.template),
        Object::DaemonSet(workload) if legacy => select_own(&mut workload.spec.selector, &workload.spec.template),
        // an empty selector matched nothing in v1beta1; the API server converts it to one that still does
        Object::PodDisruptionBudget(budget) if of.api_version == "policy/v1beta1" => {
            if let Some(selector) = &mut budget.spec.selector
                && *selector == LabelSelector::default()
            {
                let key = "pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match".to_owned();
                selector.match_expressions.push(SelectorRequirement { key, operator: "Exists".to_owned(), values: Vec::new() });
            }
        }
        Object::HorizontalPodAutoscaler(autoscaler) => autoscaler.modernise(),
        _ => {}
    }
}

/// The selector that `apps/v1beta1` and `extensions/v1beta1` default to: the labels of the template.
fn select_own(selector: &mut Option<LabelSelector>, template: &PodTemplateSpec) {
    if selector.is_none() {
        *selector = Some(LabelSelector { match_labels: template.metadata.labels.clone(), match_expressions: Vec::new() });
    }
}
