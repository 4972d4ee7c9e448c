//! RuntimeClass: what a runtime costs, and where it is installed.
//!
//! Source: k8s.io/kubernetes/plugin/pkg/admission/runtimeclass/admission.go setOverhead, setScheduling, v1.36.

use rustc_hash::FxHashMap;

use super::Missing;
use crate::manifest::Objects;
use crate::manifest::location::Note;
use crate::manifest::pod::PodSpec;
use crate::manifest::policy::RuntimeClass;

/// Adds overhead, node selector and tolerations of the class a pod names.
pub(super) fn admit(objects: &mut Objects, notes: &mut Vec<Note>) {
    let classes: FxHashMap<&str, &RuntimeClass> =
        objects.runtime_classes.iter().map(|class| (class.metadata.name.as_str(), class)).collect();
    let mut missing = Missing::default();
    for pod in &mut objects.pods {
        let Some(name) = pod.spec.runtime_class_name.as_deref().filter(|name| !name.is_empty()) else { continue };
        match classes.get(name) {
            Some(class) => apply(class, &mut pod.spec),
            // a pod that runs was admitted, so its class is merely not in the input
            None if pod.spec.node_name.is_empty() => missing.count(name, pod.metadata.origin),
            None => {}
        }
    }
    notes.extend(missing.notes(|name, pods| {
        format!("no RuntimeClass with name {name} was found: {pods} it; a server would refuse to create them, here they have no overhead from it")
    }));
}

fn apply(class: &RuntimeClass, spec: &mut PodSpec) {
    if let (true, Some(overhead)) = (spec.overhead.is_empty(), &class.overhead) {
        spec.overhead.clone_from(&overhead.pod_fixed);
    }
    let Some(scheduling) = &class.scheduling else { return };
    for (key, value) in &scheduling.node_selector {
        spec.node_selector.entry(key.clone()).or_insert_with(|| value.clone());
    }
    for toleration in &scheduling.tolerations {
        if !spec.tolerations.contains(toleration) {
            spec.tolerations.push(toleration.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::pod::Pod;

    const GVISOR: &str = "
metadata: {name: gvisor}
overhead: {podFixed: {cpu: 250m}}
scheduling: {nodeSelector: {sandbox: gvisor}, tolerations: [{key: sandbox, operator: Exists}]}
";

    #[test]
    fn a_class_gives_overhead_and_place() {
        let pod: Pod = serde_saphyr::from_str("spec: {runtimeClassName: gvisor}").unwrap();
        let classes = vec![serde_saphyr::from_str(GVISOR).unwrap()];
        let mut objects = Objects { pods: vec![pod], runtime_classes: classes, ..Objects::default() };
        let mut notes = Vec::new();
        admit(&mut objects, &mut notes);
        admit(&mut objects, &mut notes);
        let spec = &objects.pods[0].spec;
        assert_eq!(spec.overhead.get("cpu").unwrap().milli(), 250);
        assert_eq!(spec.node_selector["sandbox"], "gvisor");
        assert_eq!(spec.tolerations.len(), 1);
        assert!(notes.is_empty());
    }
}
